// SPDX-License-Identifier: Apache-2.0
// The server of a SampleCluster as its sessions see it: answers the statements of a base backup,
// and archives like archive_command would, without running anything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "object_store/object_store.h"
#include "postgres/lsn.h"
#include "postgres/session.h"
#include "tests/support/sample_cluster.h"

namespace cairn::tests {

// What the server says about itself; a test changes what it needs.
struct ServerScript {
  int version_number = 150004;
  std::uint64_t system_identifier = SampleCluster::kSystemIdentifier;
  std::string data_directory = {};
  bool has_data_checksums = true;
  bool is_in_recovery = false;
  std::uint32_t timeline = 1;
  std::string archive_mode = "on";
  std::string archive_command = "cairn wal-push %p";
  bool archives = true;  // whether WAL appears in the store when a backup stops
  // Called before each statement is answered, on the asking thread; an error is the answer.
  std::function<Result<>(const std::string& sql)> on_query = {};
};

class ScriptedServer {
 public:
  // `archive` is where WAL goes; both outlive the server.
  ScriptedServer(const SampleCluster& cluster, object_store::ObjectStore& archive);

  ServerScript& script() { return script_; }
  std::unique_ptr<postgres::PostgresSession> connect();

  // Of all sessions, in order.
  std::vector<std::string> statements() const;
  int count(std::string_view part_of_statement) const;
  // Where the latest backup started and stopped.
  postgres::Lsn start_lsn() const { return start_; }
  postgres::Lsn stop_lsn() const { return stop_; }

 private:
  friend class ScriptedSession;
  Result<postgres::Rows> answer(const postgres::Statement& statement);
  postgres::Row facts() const;
  postgres::Rows tablespaces() const;
  Result<postgres::Row> stop_backup();
  Result<> archive_wal();

  const SampleCluster& cluster_;
  object_store::ObjectStore& archive_;
  ServerScript script_;
  postgres::Lsn start_{};
  postgres::Lsn stop_{};
  mutable std::mutex mutex_;
  std::vector<std::string> statements_;
};

}  // namespace cairn::tests
