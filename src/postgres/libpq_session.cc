// SPDX-License-Identifier: Apache-2.0
// The only file that knows libpq. Everything is asynchronous, so that a stop or a deadline is
// noticed within kWaitSlice whatever the server does.
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>

#include "postgres/server_error.h"
#include "postgres/session.h"

namespace cairn::postgres {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWaitSlice(100);
// How long a server may take to react to the cancellation of a statement.
constexpr milliseconds kCancelDeadline(5000);
// A session answers questions about a cluster; answers beyond this are a mistake of ours.
constexpr int kRowsMax = 1'000'000;

// A role's or database's time-outs would end a backup that waits, which aborts it; a search_path
// could put other functions in the place of the server's.
constexpr const char* kSetUpSql =
    "SELECT pg_catalog.set_config(name, CASE name WHEN 'search_path' THEN 'pg_catalog' ELSE '0' "
    "END, "
    "false) FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) ANY "
    "('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout,idle_session_timeout,"
    "transaction_timeout,search_path}')";

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct FreeCancel {
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;
using ServerResult = std::unique_ptr<PGresult, ClearResult>;

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

Error error_of_result(const PGresult* result) {
  const std::string_view state = field(result, PG_DIAG_SQLSTATE);
  // An error of libpq itself, such as a lost connection, has no state.
  if (state.empty()) return lost_connection_error(PQresultErrorMessage(result));
  return error_of({.state = state,
                   .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
                   .detail = field(result, PG_DIAG_MESSAGE_DETAIL),
                   .hint = field(result, PG_DIAG_MESSAGE_HINT)});
}

Result<Rows> rows_of(const PGresult* result) {
  const int row_count = PQntuples(result);
  if (row_count > kRowsMax) return internal_error("the answer has {} rows", row_count);
  Rows rows(static_cast<std::size_t>(row_count));
  for (int row = 0; row < row_count; ++row) {
    for (int column = 0; column < PQnfields(result); ++column) {
      std::optional<std::string> value;
      if (PQgetisnull(result, row, column) == 0) {
        value.emplace(PQgetvalue(result, row, column),
                      static_cast<std::size_t>(PQgetlength(result, row, column)));
      }
      rows[static_cast<std::size_t>(row)].push_back(std::move(value));
    }
  }
  return rows;
}

// Waits in slices until the socket is ready for `events`.
Result<> wait_for_socket(const PGconn* connection, short events, SteadyTime deadline, Clock& clock,
                         const std::stop_token& stop) {
  for (;;) {
    if (stop.stop_requested()) return cancelled("stopped while waiting for PostgreSQL");
    const auto left = deadline - clock.steady_now();
    if (left <= left.zero()) return unavailable("PostgreSQL did not answer within the deadline");
    const auto slice = std::min<SteadyTime::duration>(left, kWaitSlice);
    pollfd polled{PQsocket(connection), events, 0};
    const auto wait = std::chrono::ceil<milliseconds>(slice).count();
    const int ready = poll(&polled, 1, static_cast<int>(wait));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return system_error(errno, "wait for PostgreSQL");
  }
}

class LibpqSession final : public PostgresSession {
 public:
  LibpqSession(Connection connection, const ConnectionSettings& settings, Clock& clock)
      : connection_(std::move(connection)),
        statement_deadline_(settings.statement_deadline),
        on_notice_(settings.on_notice),
        clock_(clock) {
    PQsetNoticeReceiver(connection_.get(), &LibpqSession::take_notice, this);
    PQsetnonblocking(connection_.get(), 1);
  }

  Result<Rows> query(const Statement& statement, std::stop_token stop) override {
    if (is_lost_) return unavailable("the connection to PostgreSQL is lost");
    if (stop.stop_requested()) return cancelled("stopped before asking PostgreSQL");
    const SteadyTime deadline =
        clock_.steady_now() + statement.deadline.value_or(statement_deadline_);
    std::vector<const char*> values;
    values.reserve(statement.parameters.size());
    for (const std::string& parameter : statement.parameters) values.push_back(parameter.c_str());
    if (PQsendQueryParams(connection_.get(), statement.sql.c_str(), static_cast<int>(values.size()),
                          nullptr, values.data(), nullptr, nullptr, 0) == 0) {
      return lost();
    }
    auto result = exchange(deadline, stop);
    const bool is_interrupted =
        !result.ok() && !is_lost_ && PQtransactionStatus(connection_.get()) == PQTRANS_ACTIVE;
    if (is_interrupted) cancel_statement();
    return result;
  }

 private:
  static void take_notice(void* session, const PGresult* result) {
    const auto* self = static_cast<const LibpqSession*>(session);
    if (!self->on_notice_) return;
    std::string text(field(result, PG_DIAG_MESSAGE_PRIMARY));
    const std::string_view hint = field(result, PG_DIAG_MESSAGE_HINT);
    if (!hint.empty()) text += fmt::format(" (hint: {})", hint);
    self->on_notice_(text);
  }

  // Sends what is to be sent and reads until the statement is over.
  Result<Rows> exchange(SteadyTime deadline, const std::stop_token& stop) {
    for (int unsent = PQflush(connection_.get()); unsent != 0;) {
      if (unsent < 0) return lost();
      TRY(wait_for_socket(connection_.get(), POLLIN | POLLOUT, deadline, clock_, stop));
      if (PQconsumeInput(connection_.get()) == 0) return lost();
      unsent = PQflush(connection_.get());
    }
    std::optional<Error> error;
    Rows rows;
    for (;;) {
      while (PQisBusy(connection_.get()) != 0) {
        TRY(wait_for_socket(connection_.get(), POLLIN, deadline, clock_, stop));
        if (PQconsumeInput(connection_.get()) == 0) return lost();
      }
      const ServerResult result(PQgetResult(connection_.get()));
      if (result == nullptr) break;
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_TUPLES_OK) {
        rows = TRY(rows_of(result.get()));
      } else if (status != PGRES_COMMAND_OK && !error) {
        error = error_of_result(result.get());
      }
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) is_lost_ = true;
    if (error) return *error;
    return rows;
  }

  // Asks the server to give up the statement and takes what it still sends. A server that does not
  // react is given up itself.
  void cancel_statement() {
    const std::unique_ptr<PGcancel, FreeCancel> cancel(PQgetCancel(connection_.get()));
    std::array<char, 256> complaint = {};
    if (cancel == nullptr ||
        PQcancel(cancel.get(), complaint.data(), static_cast<int>(complaint.size())) == 0) {
      is_lost_ = true;
      return;
    }
    const auto rest = exchange(clock_.steady_now() + kCancelDeadline, std::stop_token());
    // The ordinary answer is an error: the statement was cancelled.
    if (!rest.ok() && PQtransactionStatus(connection_.get()) == PQTRANS_ACTIVE) is_lost_ = true;
  }

  Error lost() {
    is_lost_ = true;
    return lost_connection_error(PQerrorMessage(connection_.get()));
  }

  Connection connection_;
  milliseconds statement_deadline_;
  std::function<void(std::string_view)> on_notice_;
  Clock& clock_;
  bool is_lost_ = false;
};

// The arrays that PQconnectStartParams() wants. They point into `settings` and `password`.
struct Keywords {
  std::vector<const char*> names;
  std::vector<const char*> values;

  void add(const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  }
};

Connection begin_connection(const ConnectionSettings& settings) {
  Keywords keywords;
  for (const auto& [name, value] : settings.parameters) keywords.add(name.c_str(), value.c_str());
  const Secret& password = settings.password;
  // The text of a Secret is a std::string, so it ends with a zero.
  if (!password.empty()) keywords.add("password", password.expose().data());
  keywords.add("fallback_application_name", "cairn");
  keywords.add(nullptr, nullptr);
  constexpr int kExpandDbname = 1;
  return Connection(
      PQconnectStartParams(keywords.names.data(), keywords.values.data(), kExpandDbname));
}

Error connection_failure(const PGconn* connection) {
  return connection_error(PQerrorMessage(connection), PQconnectionNeedsPassword(connection) != 0);
}

}  // namespace

Result<std::unique_ptr<PostgresSession>> connect(const ConnectionSettings& settings, Clock& clock,
                                                 std::stop_token stop) {
  const SteadyTime deadline = clock.steady_now() + settings.connect_deadline;
  Connection connection = begin_connection(settings);
  if (connection == nullptr) return internal_error("libpq is out of memory");
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);  // See connection_error().
  if (PQstatus(connection.get()) == CONNECTION_BAD) return connection_failure(connection.get());
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED) return connection_failure(connection.get());
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    TRY(wait_for_socket(connection.get(), events, deadline, clock, stop)
            .context(fmt::format("connect to {} port {}", PQhost(connection.get()),
                                 PQport(connection.get()))));
    status = PQconnectPoll(connection.get());
  }
  auto session = std::make_unique<LibpqSession>(std::move(connection), settings, clock);
  TRY(session->query({.sql = "SET statement_timeout = 0"}, stop));  // Before it ends what follows.
  TRY(session->query({.sql = kSetUpSql}, stop));
  return std::unique_ptr<PostgresSession>(std::move(session));
}

}  // namespace cairn::postgres
