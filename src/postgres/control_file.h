// SPDX-License-Identifier: Apache-2.0
// The file global/pg_control: what a cluster is and how far it has come.
//
// Read from the bytes, not by asking a server, because a restore has no server yet and a backup
// must judge the very bytes it copies. Knows the layouts of PostgreSQL 13 to 18 on little-endian
// machines; the source of the offsets is src/include/catalog/pg_control.h of each release.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "postgres/lsn.h"
#include "postgres/wal_segment.h"

namespace cairn::postgres {

inline constexpr std::string_view kControlFilePath = "global/pg_control";
// The whole file; only its first few hundred bytes mean something.
inline constexpr std::size_t kControlFileBytes = 8192;

enum class ClusterState {
  StartingUp = 0,
  ShutDown = 1,
  ShutDownInRecovery = 2,
  ShuttingDown = 3,
  InCrashRecovery = 4,
  InArchiveRecovery = 5,
  InProduction = 6,
};

// In the words of pg_controldata.
std::string_view cluster_state_name(ClusterState state);

struct ControlFile {
  std::uint64_t system_identifier = 0;
  std::uint32_t control_version = 0;
  std::uint32_t catalog_version = 0;
  ClusterState state = ClusterState::StartingUp;
  std::chrono::sys_seconds modified = {};

  Lsn checkpoint = {};       // the last checkpoint record
  Lsn checkpoint_redo = {};  // where recovery from it begins
  TimelineId checkpoint_timeline = {};
  TimelineId checkpoint_previous_timeline = {};
  std::chrono::sys_seconds checkpoint_time = {};

  Lsn minimum_recovery_point = {};
  TimelineId minimum_recovery_timeline = {};
  Lsn backup_start_point = {};
  Lsn backup_end_point = {};
  bool is_backup_end_required = false;

  std::uint32_t page_bytes = 0;
  std::uint32_t relation_segment_pages = 0;
  std::uint32_t wal_page_bytes = 0;
  WalSegmentSize wal_segment_size = WalSegmentSize::standard();
  std::uint32_t data_checksum_version = 0;  // 0: off

  bool has_data_checksums() const { return data_checksum_version != 0; }
  // 13 to 18; nothing for a development version of a server.
  std::optional<int> major_version() const;
};

// Corrupt when the checksum or a value that every cluster has is wrong, which also happens when the
// server writes the file at this moment: read it again. InvalidArgument when the file is whole but
// of a PostgreSQL that we do not know. At least the first 512 bytes of the file are needed.
Result<ControlFile> parse_control_file(std::string_view bytes);

// The directory of this cluster inside each tablespace: "PG_15_202209061".
std::string tablespace_version_directory(int major_version, std::uint32_t catalog_version);

}  // namespace cairn::postgres
