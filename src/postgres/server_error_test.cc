// SPDX-License-Identifier: Apache-2.0
#include "postgres/server_error.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

TEST(ServerErrorTest, StatesSayWhatACallerCanDo) {
  struct Case {
    std::string_view state;
    ErrorCode code;
  };
  const Case cases[] = {
      {"42501", ErrorCode::Denied},          {"28P01", ErrorCode::Denied},
      {"28000", ErrorCode::Denied},          {"53100", ErrorCode::NoSpace},
      {"53300", ErrorCode::Unavailable},     {"08006", ErrorCode::Unavailable},
      {"57P01", ErrorCode::Unavailable},     {"57P03", ErrorCode::Unavailable},
      {"57014", ErrorCode::Unavailable},     {"40001", ErrorCode::Unavailable},
      {"55000", ErrorCode::InvalidArgument}, {"55P03", ErrorCode::Unavailable},
      {"22023", ErrorCode::InvalidArgument}, {"3D000", ErrorCode::InvalidArgument},
      {"42883", ErrorCode::InvalidArgument}, {"58P01", ErrorCode::NotFound},
      {"XX001", ErrorCode::Corrupt},         {"XX000", ErrorCode::Internal},
      {"P0001", ErrorCode::Internal},        {"", ErrorCode::Internal},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.state);
    EXPECT_EQ(code_of_state(c.state), c.code);
  }
}

TEST(ServerErrorTest, AComplaintIsOneLine) {
  const Error error = error_of({.state = "55000",
                                .message = "backup is not in progress",
                                .detail = "two\nlines",
                                .hint = "Did you call pg_backup_start()?"});
  EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
  EXPECT_EQ(error.message(),
            "PostgreSQL: backup is not in progress (two; lines) (hint: Did you call "
            "pg_backup_start()?) [SQLSTATE 55000]");
}

TEST(ServerErrorTest, AFailedConnectionIsUnderstood) {
  struct Case {
    std::string_view text;
    bool needs_password;
    ErrorCode code;
    std::string_view message;
  };
  const Case cases[] = {
      {"connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: No such file or directory\n"
       "\tIs the server running locally and accepting connections on that socket?\n",
       false, ErrorCode::Unavailable,
       "PostgreSQL: connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: No such file or "
       "directory; Is the server running locally and accepting connections on that socket?"},
      {"connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  28P01: password "
       "authentication failed for user \"x\"\nLOCATION:  auth_failed, auth.c:335\n",
       false, ErrorCode::Denied,
       "PostgreSQL: connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL: password "
       "authentication failed for user \"x\" [SQLSTATE 28P01]"},
      {"connection to server at \"db\", port 5432 failed: SCHWERWIEGEND:  57P03: das "
       "Datenbanksystem startet\n",
       false, ErrorCode::Unavailable,
       "PostgreSQL: connection to server at \"db\", port 5432 failed: SCHWERWIEGEND: das "
       "Datenbanksystem startet [SQLSTATE 57P03]"},
      {"connection to server at \"db\", port 5432 failed: fe_sendauth: no password supplied\n",
       true, ErrorCode::Denied,
       "PostgreSQL: connection to server at \"db\", port 5432 failed: fe_sendauth: no password "
       "supplied"},
      {"invalid connection option \"hots\"\n", false, ErrorCode::InvalidArgument,
       "connection settings of PostgreSQL: invalid connection option \"hots\""},
      {"could not translate host name \"nowhere\" to address: Name or service not known\n", false,
       ErrorCode::Unavailable,
       "PostgreSQL: could not translate host name \"nowhere\" to address: Name or service not "
       "known"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Error error = connection_error(c.text, c.needs_password);
    EXPECT_EQ(error.code(), c.code);
    EXPECT_EQ(error.message(), c.message);
  }
  EXPECT_EQ(lost_connection_error("server closed the connection unexpectedly\n").code(),
            ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cairn::postgres
