// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scripted_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "postgres/wal_segment.h"

namespace cairn::tests {

using postgres::Row;
using postgres::Rows;

// A session is only a way to the server: nothing of a backup is kept in it.
class ScriptedSession final : public postgres::PostgresSession {
 public:
  explicit ScriptedSession(ScriptedServer& server) : server_(server) {}

  Result<Rows> query(const postgres::Statement& statement, std::stop_token stop) override {
    if (stop.stop_requested()) return cancelled("the statement was cancelled");
    return server_.answer(statement);
  }

 private:
  ScriptedServer& server_;
};

ScriptedServer::ScriptedServer(const SampleCluster& cluster, object_store::ObjectStore& archive)
    : cluster_(cluster), archive_(archive), stop_{0x2000100} {
  script_.data_directory = cluster.data_directory();
}

std::unique_ptr<postgres::PostgresSession> ScriptedServer::connect() {
  return std::make_unique<ScriptedSession>(*this);
}

std::vector<std::string> ScriptedServer::statements() const {
  const std::lock_guard lock(mutex_);
  return statements_;
}

int ScriptedServer::count(std::string_view part_of_statement) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count_if(statements_, [&](const std::string& sql) {
    return sql.find(part_of_statement) != std::string::npos;
  }));
}

Result<Rows> ScriptedServer::answer(const postgres::Statement& statement) {
  const std::string& sql = statement.sql;
  {
    const std::lock_guard lock(mutex_);
    statements_.push_back(sql);
  }
  if (script_.on_query) TRY(script_.on_query(sql));
  const auto asks = [&](std::string_view part) { return sql.find(part) != std::string::npos; };
  if (asks("server_version_num")) return Rows{{std::to_string(script_.version_number)}};
  if (asks("pg_control_system()")) return Rows{facts()};
  if (asks("pg_tablespace_size")) return Rows{{"1000000"}};
  if (asks("pg_tablespace_location")) return tablespaces();
  if (sql == "SELECT 1") return Rows{{"1"}};
  if (asks("pg_backup_start(") || asks("pg_start_backup(")) {
    // A backup of a primary begins in a segment of its own.
    constexpr std::uint64_t kSegment = 16 << 20;
    start_ = {(stop_.value / kSegment + 1) * kSegment + 40};
    return Rows{{start_.text()}};
  }
  if (asks("timeline_id FROM pg_control_checkpoint()")) {
    return Rows{{script_.is_in_recovery ? "t" : "f", std::to_string(script_.timeline)}};
  }
  if (asks("pg_backup_stop(") || asks("pg_stop_backup(")) return Rows{TRY(stop_backup())};
  return invalid_argument("the scripted server does not understand: {}", sql);
}

Row ScriptedServer::facts() const {
  return {std::to_string(static_cast<std::int64_t>(script_.system_identifier)),
          "202209061",
          "16777216",
          "8192",
          script_.has_data_checksums ? "1" : "0",
          script_.is_in_recovery ? "t" : "f",
          std::to_string(script_.timeline),
          "0/2000100",
          script_.data_directory,
          script_.archive_mode,
          script_.archive_command,
          "",
          "on"};
}

Rows ScriptedServer::tablespaces() const {
  if (cluster_.tablespace_directory().empty()) return {};
  return {{std::string(SampleCluster::kTablespaceOid), cluster_.tablespace_directory()}};
}

Result<Row> ScriptedServer::stop_backup() {
  stop_ = {start_.value + (16 << 20) + 256};  // WAL of two segments.
  if (script_.archives) TRY(archive_wal());
  const auto segment = postgres::WalSegment::of_lsn({script_.timeline}, start_,
                                                    postgres::WalSegmentSize::standard());
  const std::string label =
      fmt::format("START WAL LOCATION: {} (file {})\nCHECKPOINT LOCATION: {}\n", start_.text(),
                  segment.name(postgres::WalSegmentSize::standard()), start_.text());
  std::string map;
  if (!cluster_.tablespace_directory().empty()) {
    map = fmt::format("{} {}\n", SampleCluster::kTablespaceOid, cluster_.tablespace_directory());
  }
  return Row{stop_.text(), label, map};
}

Result<> ScriptedServer::archive_wal() {
  const auto size = postgres::WalSegmentSize::standard();
  const auto last = postgres::WalSegment::before_lsn({script_.timeline}, stop_, size);
  for (auto segment = postgres::WalSegment::of_lsn({script_.timeline}, start_, size);
       segment <= last; segment = segment.next()) {
    const object_store::ObjectKey key("wal_005/" + segment.name(size) + ".lz4");
    TRY(archive_.put(key, "WAL", {}, {}));
  }
  return {};
}

}  // namespace cairn::tests
