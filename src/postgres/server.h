// SPDX-License-Identifier: Apache-2.0
// What we ask of a running server: who it is, and to begin and end a base backup.
//
// Functions over a session, so that they are tested with a scripted one. PostgreSQL 13 to 18.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postgres/lsn.h"
#include "postgres/server_version.h"
#include "postgres/session.h"
#include "postgres/wal_segment.h"

namespace cairn::postgres {

struct Tablespace {
  std::uint32_t oid = 0;
  std::string location = {};

  bool operator==(const Tablespace&) const = default;
};

struct ServerFacts {
  ServerVersion version = {};
  std::uint64_t system_identifier = 0;
  std::string data_directory = {};
  bool is_in_recovery = false;
  TimelineId timeline = {};
  WalSegmentSize wal_segment_size = WalSegmentSize::standard();
  bool has_data_checksums = false;
  std::uint32_t page_bytes = 0;
  std::uint32_t catalog_version = 0;
  std::string archive_mode = {};     // "off", "on" or "always"
  std::string archive_command = {};  // "(disabled)" or empty when there is none
  std::string archive_library = {};  // from version 15
  Lsn current_lsn = {};              // written on a primary, replayed on a standby
  bool is_superuser = false;
  std::vector<Tablespace> tablespaces = {};  // without pg_default and pg_global
};

// InvalidArgument for a server outside of 13 to 18. Denied names the role to grant.
Result<ServerFacts> server_facts(PostgresSession& session, std::stop_token stop);

// The cheapest statement: shows that the session, and the backup in it, still lives.
Result<> ping(PostgresSession& session, std::stop_token stop);

struct BackupStart {
  Lsn lsn = {};  // recovery has to begin here
  TimelineId timeline = {};
  bool is_in_recovery = false;  // taken on a standby
};

// Begins a base backup. The session must stay open until stop_backup(). `is_fast` asks for an
// immediate checkpoint; otherwise this waits for the next ordinary one, up to `deadline`.
Result<BackupStart> start_backup(PostgresSession& session, const ServerFacts& facts,
                                 std::string_view label, bool is_fast,
                                 std::chrono::milliseconds deadline, std::stop_token stop);

struct BackupStop {
  Lsn lsn = {};                     // the restored cluster is consistent from here on
  std::string backup_label = {};    // goes into the backup as the file backup_label
  std::string tablespace_map = {};  // likewise; empty without tablespaces
};

// Ends it. With `wait_for_archive` the server returns only when all WAL of the backup is archived
// (on a standby: only if its archive_mode is "always"); it sends notices while it waits.
Result<BackupStop> stop_backup(PostgresSession& session, const ServerFacts& facts,
                               bool wait_for_archive, std::chrono::milliseconds deadline,
                               std::stop_token stop);

}  // namespace cairn::postgres
