// SPDX-License-Identifier: Apache-2.0
// Which cluster the path that PostgreSQL hands to archive_command or restore_command belongs to.
//
// PostgreSQL runs these commands in its data directory and names files as "pg_wal/…"; people and
// wrappers may use absolute paths, or set PGDATA.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::engine {

struct WalLocation {
  std::string directory = {};  // holds the file; "." when the path has none
  std::string file = {};
  std::string pgdata = {};  // "" when nothing tells
  // The directory is a cluster's pg_wal, so local state may be kept in it.
  bool is_wal_directory = false;
};

// Pure. `pgdata_setting` is PGDATA, or "". The data directory is the parent of a directory called
// pg_wal, else what PGDATA says.
WalLocation locate_wal(std::string_view path, std::string_view pgdata_setting);

// What global/pg_control of the cluster says; nothing if there is no such file. Corrupt if it stays
// unreadable although it is read again, as it must be when the server writes it at that moment.
Result<std::optional<std::uint64_t>> find_system_identifier(const std::string& pgdata);

}  // namespace cairn::engine
