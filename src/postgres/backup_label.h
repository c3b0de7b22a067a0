// SPDX-License-Identifier: Apache-2.0
// The two small files that the server hands out at the end of a base backup.
//
// backup_label tells recovery where to begin; tablespace_map tells it which links to make.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postgres/lsn.h"
#include "postgres/server.h"

namespace cairn::postgres {

inline constexpr std::string_view kBackupLabelName = "backup_label";
inline constexpr std::string_view kTablespaceMapName = "tablespace_map";
inline constexpr std::size_t kTablespaceMapBytesMax = 16U << 20;

struct BackupLabel {
  Lsn start = {};
  std::string start_segment = {};  // the file that holds it
  Lsn checkpoint = {};
  std::string method = {};      // "streamed"
  std::string from = {};        // "primary" or "standby"
  std::string start_time = {};  // in the server's log_timezone
  std::string label = {};       // what was given to start_backup()
  TimelineId start_timeline = {};
};

// Corrupt unless the start, the checkpoint and the timeline are there. Unknown lines are ignored.
Result<BackupLabel> parse_backup_label(std::string_view text);

// Corrupt for a line that is not "<oid> <path>"; backslash, newline and carriage return in paths
// are preceded by a backslash.
Result<std::vector<Tablespace>> parse_tablespace_map(std::string_view text);
std::string format_tablespace_map(const std::vector<Tablespace>& tablespaces);

}  // namespace cairn::postgres
