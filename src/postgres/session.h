// SPDX-License-Identifier: Apache-2.0
// A conversation with a PostgreSQL server.
//
// PostgresSession is the seam that tests replace; connect() makes the real one over libpq. A
// session belongs to one thread at a time. A base backup lives in its session: closing it aborts
// the backup.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace cairn::postgres {

struct Statement {
  std::string sql;
  std::vector<std::string> parameters = {};  // $1, $2, ... as text
  // The session's own deadline unless given.
  std::optional<std::chrono::milliseconds> deadline = {};
};

using Row = std::vector<std::optional<std::string>>;  // nothing stands for NULL
using Rows = std::vector<Row>;

class PostgresSession {
 public:
  virtual ~PostgresSession() = default;

  // Runs one statement and returns its rows. When `stop` or the deadline comes first, the statement
  // is cancelled on the server too, and the answer is Cancelled or Unavailable; the session is
  // still good unless the server does not react. Denied: a privilege is missing. InvalidArgument:
  // the server refuses what was asked. Unavailable is also a lost connection, which stays lost.
  virtual Result<Rows> query(const Statement& statement, std::stop_token stop) = 0;
};

struct ConnectionSettings {
  // libpq's keywords: host, port, user, dbname, sslmode, ... What is not given comes from the PG*
  // environment as in every libpq program. A whole conninfo string or URI may be given as dbname.
  std::vector<std::pair<std::string, std::string>> parameters = {};
  Secret password = {};  // not used when empty
  std::chrono::milliseconds connect_deadline = std::chrono::seconds(30);
  std::chrono::milliseconds statement_deadline = std::chrono::seconds(60);
  // Gets the server's notices ("waiting for required WAL segments to be archived") while query()
  // runs, on its thread. May be empty.
  std::function<void(std::string_view)> on_notice = {};
};

// Unavailable: no server answers there (the message says where), or it is starting up or shutting
// down. Denied: it does not let us in. InvalidArgument: the settings make no sense to libpq.
// Looking up a host name is not interrupted by `stop`.
Result<std::unique_ptr<PostgresSession>> connect(const ConnectionSettings& settings, Clock& clock,
                                                 std::stop_token stop);

}  // namespace cairn::postgres
