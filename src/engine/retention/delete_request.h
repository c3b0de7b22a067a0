// SPDX-License-Identifier: Apache-2.0
// What `delete` was asked to do: its words and flags, checked. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cairn::engine {

enum class DeleteVerb { Before, Retain, Target, Everything, Garbage };

enum class DeleteModifier {
  None,
  Full,      // retain: count full backups only
  FindFull,  // move to the next older full backup; target: the whole chain
};

enum class GarbageScope { All, Archives, Backups };

struct DeleteFlags {
  std::string after = {};             // retain --after: a time or the beginning of a name
  std::string target_user_data = {};  // target --target-user-data: JSON
  bool uses_sentinel_time = false;    // --use-sentinel-time: order by start time, not by name
  bool skips_backup_check = false;    // garbage --without-backup-check
};

// A time, or the beginning of a backup's name.
struct DeleteBound {
  std::optional<WallTime> time = {};
  std::string name = {};
};

struct DeleteRequest {
  DeleteVerb verb = DeleteVerb::Garbage;
  DeleteModifier modifier = DeleteModifier::None;
  DeleteBound before = {};                // before
  int retain_count = 0;                   // retain
  std::optional<DeleteBound> after = {};  // retain
  std::string target_name = {};           // target; "" if the user data selects
  std::string target_user_data = {};      // target, in Go's dialect
  bool is_forced = false;                 // everything
  GarbageScope scope = GarbageScope::All;
  bool skips_backup_check = false;
  bool uses_sentinel_time = false;
};

// `words` follow the verb: parse_delete_request("retain", {"FULL", "5"}, …). InvalidArgument with
// WAL-G's texts where it has them, and for times in the future.
Result<DeleteRequest> parse_delete_request(std::string_view verb,
                                           std::span<const std::string> words,
                                           const DeleteFlags& flags, WallTime now);

}  // namespace cairn::engine
