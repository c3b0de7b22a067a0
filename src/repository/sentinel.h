// SPDX-License-Identifier: Apache-2.0
// The sentinel of a backup, <name>_backup_stop_sentinel.json: its commit record, written last. Its
// object's modification time is the time of the backup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "postgres/lsn.h"
#include "repository/backup_metadata.h"
#include "repository/names.h"
#include "repository/tablespace_spec.h"

namespace cairn::repository {

// Old sentinels carry the metadata of every file.
inline constexpr std::uint64_t kSentinelBytesMax = 64 << 20;

// What makes a backup a delta: all of it or none.
struct DeltaOrigin {
  postgres::Lsn parent_lsn = {};  // DeltaLSN: pages from this LSN on are in the delta
  BackupName parent;              // DeltaFrom: the direct parent
  BackupName full;                // DeltaFullName: the root of the chain
  int count = 0;                  // DeltaCount: not always the depth of the chain
  bool operator==(const DeltaOrigin&) const = default;
};

struct Sentinel {
  std::optional<postgres::Lsn> start_lsn = {};
  std::optional<DeltaOrigin> delta = {};
  int pg_version = 0;
  std::optional<postgres::Lsn> finish_lsn = {};
  std::optional<std::uint64_t> system_identifier = {};
  std::int64_t uncompressed_size_bytes = 0;
  std::int64_t compressed_size_bytes = 0;
  std::int64_t data_catalog_size_bytes = 0;
  std::optional<TablespaceSpec> tablespaces = {};
  std::string user_data_json = {};  // JSON text in Go's dialect, or ""
  bool is_files_metadata_disabled = false;
  std::optional<std::uint32_t> checkpoint_number = {};         // OrioleDB
  std::optional<std::uint32_t> parent_checkpoint_number = {};  // OrioleDB
  int version = 2;  // 0 if absent: written before version 2
  WallTime start_time = {};
  WallTime finish_time = {};
  std::string date_format = std::string(kDateFormat);
  std::string hostname = {};
  std::string data_directory = {};
  // At the time of the backup; metadata.json is the authority.
  bool is_permanent = false;
  // Read only: an old sentinel with the metadata of the files inside. There is no
  // files_metadata.json then, and every member of the tars is to be restored.
  bool has_inline_files = false;
  bool operator==(const Sentinel&) const = default;
};

// Members in WAL-G's order, no newline at the end. Always version 2.
std::string encode_sentinel(const Sentinel& sentinel);
// Corrupt for a truncated or contradictory sentinel; InvalidArgument for a version of the future.
Result<Sentinel> parse_sentinel(std::string_view json, const BackupName& name);

// What a list shows when a backup has no metadata.json.
BackupMetadata metadata_from(const Sentinel& sentinel);

}  // namespace cairn::repository
