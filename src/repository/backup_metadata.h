// SPDX-License-Identifier: Apache-2.0
// metadata.json of a backup: the facts a list shows, and the authority on permanence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "postgres/lsn.h"

namespace cairn::repository {

class JsonWriter;

// The constant that WAL-G writes as date_fmt.
inline constexpr std::string_view kDateFormat = "%Y-%m-%dT%H:%M:%S.%fZ";

inline constexpr std::uint64_t kMetadataBytesMax = 1 << 20;

struct BackupMetadata {
  WallTime start_time = {};
  WallTime finish_time = {};
  std::string date_format = std::string(kDateFormat);
  std::string hostname = {};
  std::string data_directory = {};
  int pg_version = 0;            // server_version_num
  postgres::Lsn start_lsn = {};  // decimal numbers in JSON
  postgres::Lsn finish_lsn = {};
  bool is_permanent = false;
  std::optional<std::uint64_t> system_identifier = {};
  std::int64_t uncompressed_size_bytes = 0;
  std::int64_t compressed_size_bytes = 0;
  // JSON text in Go's dialect, or "" if there is none.
  std::string user_data_json = {};
  // Ours: pages whose checksum was wrong when they were copied. Written only when not 0.
  std::uint64_t corrupt_page_count = 0;
  bool operator==(const BackupMetadata&) const = default;
};

std::string encode_metadata(const BackupMetadata& metadata);
// The members alone: a list prints them among its own.
void write_metadata_members(const BackupMetadata& metadata, JsonWriter& json);
// `what` names the backup in errors.
Result<BackupMetadata> parse_metadata(std::string_view json, std::string_view what);

// The metadata.json of the same backup with another is_permanent and everything else as it was,
// members we do not know included.
Result<std::string> with_permanence(std::string_view json, bool is_permanent,
                                    std::string_view what);

// StackGres lists volume snapshots as backups without any data; this is how they are marked.
bool is_volume_snapshot(const BackupMetadata& metadata);

// The text of --add-user-data as it is stored: it must be JSON, or empty for none.
Result<std::string> user_data_json_from(std::string_view argument);

}  // namespace cairn::repository
