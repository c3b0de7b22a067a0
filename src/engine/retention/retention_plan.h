// SPDX-License-Identifier: Apache-2.0
// What a delete will do, decided from an inventory. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/retention/delete_request.h"
#include "engine/retention/inventory.h"
#include "engine/retention/wal_rule.h"
#include "repository/names.h"

namespace cairn::engine {

struct RetentionPlan {
  // Backups that go, in waves: a backup is in an earlier wave than those it is a delta of. So
  // removing the sentinels wave by wave never leaves a listed delta without its parent.
  std::vector<std::vector<repository::BackupName>> waves = {};
  // The full backup of each delta among them.
  std::map<repository::BackupName, repository::BackupName> full_of = {};
  // The backup that was asked for by name: its folder goes last, so that asking again after an
  // interruption finds it.
  std::optional<repository::BackupName> last = {};
  // Folders without sentinel that go.
  std::vector<repository::BackupName> leftovers = {};
  // Absent: WAL is not touched.
  std::optional<WalRule> wal = {};
  // Every object of the repository goes, whatever it is.
  bool is_everything = false;
  // Uploads begun before this time and never finished are freed.
  std::optional<WallTime> unfinished_before = {};
  // For people: what is kept and why, or why there is nothing to do.
  std::vector<std::string> notes = {};
};

Result<RetentionPlan> make_retention_plan(const Inventory& inventory, const DeleteRequest& request,
                                          const RetentionSettings& settings, WallTime now);

}  // namespace cairn::engine
