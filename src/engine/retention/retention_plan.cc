// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/retention_plan.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "engine/retention/delete_target.h"
#include "repository/json_go.h"

namespace cairn::engine {
namespace {

using postgres::WalSegment;
using repository::BackupName;

using Names = std::set<BackupName>;

class Planner {
 public:
  Planner(const Inventory& inventory, const DeleteRequest& request,
          const RetentionSettings& settings, WallTime now)
      : inventory_(inventory), request_(request), settings_(settings), now_(now) {
    for (const KnownBackup& backup : inventory.backups) by_name_.emplace(backup.name, &backup);
  }

  Result<RetentionPlan> plan();

 private:
  Result<> plan_before();
  Result<> plan_target();
  Result<> plan_everything();
  void plan_garbage();

  bool is_old(const Leftover& leftover) const {
    return leftover.newest + settings_.leftover_age_min < now_;
  }
  bool may_be_running(const Leftover& leftover) const {
    return !leftover.is_marked_deleted && !is_old(leftover);
  }
  bool is_before(const KnownBackup& backup, const KnownBackup& target) const;
  Result<> check_order(const Names& doomed, const KnownBackup& target) const;

  const KnownBackup* find(const BackupName& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }
  void keep_ancestors(const BackupName& child, std::string_view why, Names& doomed);
  void spare_what_is_needed(Names& doomed);
  void add_dependants(Names& doomed) const;
  void add_chain(const BackupName& full, Names& doomed) const;
  const Leftover* find_half_deleted() const;
  Result<> refuse_needed(const Names& doomed) const;

  void set_waves(const Names& doomed);
  void add_leftovers(const std::function<bool(const Leftover&)>& is_wanted);
  KeptWal wal_of(const KnownBackup& backup, bool is_consistency_only) const;
  std::vector<KeptWal> kept_wal(const Names& doomed, const std::optional<WalSegment>& before) const;
  void note(std::string text) { plan_.notes.push_back(std::move(text)); }

  const Inventory& inventory_;
  const DeleteRequest& request_;
  const RetentionSettings& settings_;
  const WallTime now_;
  std::map<BackupName, const KnownBackup*> by_name_;
  RetentionPlan plan_;
};

Result<RetentionPlan> Planner::plan() {
  switch (request_.verb) {
    case DeleteVerb::Before:
    case DeleteVerb::Retain:
      TRY(plan_before());
      break;
    case DeleteVerb::Target:
      TRY(plan_target());
      break;
    case DeleteVerb::Everything:
      TRY(plan_everything());
      break;
    case DeleteVerb::Garbage:
      plan_garbage();
      break;
  }
  return std::move(plan_);
}

bool Planner::is_before(const KnownBackup& backup, const KnownBackup& target) const {
  if (!backup.start || !target.start) return false;
  if (request_.uses_sentinel_time) return backup.start_time < target.start_time;
  return *backup.start < *target.start;
}

// Names are ordered by timeline first. After a restore or an upgrade into the same prefix that
// order can contradict time, and "before" would mean the newest backups.
Result<> Planner::check_order(const Names& doomed, const KnownBackup& target) const {
  if (request_.uses_sentinel_time) return {};
  for (const BackupName& name : doomed) {
    const KnownBackup& backup = *find(name);
    const bool is_known = backup.start_time != repository::kGoZeroTime &&
                          target.start_time != repository::kGoZeroTime;
    if (is_known && backup.start->timeline != target.start->timeline &&
        backup.start_time > target.start_time) {
      return invalid_argument(
          "backup {} is on a lower timeline than {} but was taken later, so their order is not "
          "clear. "
          "Nothing was deleted; --use-sentinel-time orders by time",
          name.text(), target.name.text());
    }
  }
  return {};
}

void Planner::keep_ancestors(const BackupName& child, std::string_view why, Names& doomed) {
  Names seen;
  const KnownBackup* backup = find(child);
  while (backup != nullptr && backup->delta && seen.insert(backup->name).second) {
    backup = find(backup->delta->parent);
    if (backup != nullptr && doomed.erase(backup->name) > 0) {
      note(fmt::format("Keeping {}: {} {}", backup->name.text(), child.text(), why));
    }
  }
}

// Takes out of `doomed` what is permanent and what any remaining or running backup is a delta of.
void Planner::spare_what_is_needed(Names& doomed) {
  for (const KnownBackup& backup : inventory_.backups) {
    if (backup.is_permanent && doomed.erase(backup.name) > 0) {
      note(fmt::format("Keeping {}: it is permanent", backup.name.text()));
    }
  }
  for (const Leftover& leftover : inventory_.leftovers) {
    if (leftover.parent_segment.empty() || !may_be_running(leftover)) continue;
    for (const KnownBackup& backup : inventory_.backups) {
      const auto parts = backup.name.parts();
      if (!parts || parts->start_segment != leftover.parent_segment) continue;
      if (doomed.erase(backup.name) > 0) {
        note(fmt::format("Keeping {}: {} may be running and is a delta of it", backup.name.text(),
                         leftover.name.text()));
      }
    }
  }
  for (const KnownBackup& backup : inventory_.backups) {
    if (!doomed.contains(backup.name)) keep_ancestors(backup.name, "is a delta of it", doomed);
  }
}

// How many backups of `doomed` a backup is, directly or not, a delta of decides its wave.
void Planner::set_waves(const Names& doomed) {
  std::map<std::size_t, std::vector<BackupName>, std::greater<>> by_depth;
  for (const BackupName& name : doomed) {
    std::size_t depth = 0;
    Names seen;
    const KnownBackup* backup = find(name);
    while (backup != nullptr && backup->delta && seen.insert(backup->name).second) {
      ++depth;
      backup = find(backup->delta->parent);
    }
    by_depth[depth].push_back(name);
    const std::optional<repository::DeltaOrigin>& delta = find(name)->delta;
    if (delta) plan_.full_of.emplace(name, delta->full);
  }
  for (auto& [depth, names] : by_depth) plan_.waves.push_back(std::move(names));
}

void Planner::add_leftovers(const std::function<bool(const Leftover&)>& is_wanted) {
  for (const Leftover& leftover : inventory_.leftovers) {
    const bool is_failed = !may_be_running(leftover) && leftover.start && is_wanted(leftover);
    if (leftover.is_marked_deleted) {
      note(fmt::format("Finishing the interrupted deletion of {}", leftover.name.text()));
    } else if (is_failed) {
      note(fmt::format("Removing what is left of {}, which was never finished",
                       leftover.name.text()));
    } else {
      continue;
    }
    plan_.leftovers.push_back(leftover.name);
  }
}

KeptWal Planner::wal_of(const KnownBackup& backup, bool is_consistency_only) const {
  const postgres::WalSegmentSize size = settings_.segment_size;
  KeptWal kept;
  // A foreign name does not say the timeline: then it may be any.
  if (backup.start) kept = {.timeline = backup.start->timeline, .first = backup.start->number};
  if (backup.start_lsn.is_valid()) {
    const std::uint64_t number =
        WalSegment::before_lsn(kept.timeline, backup.start_lsn, size).number;
    kept.first = backup.start ? std::min(kept.first, number) : number;
  }
  if (is_consistency_only && backup.finish_lsn.is_valid()) {
    kept.last = WalSegment::before_lsn(kept.timeline, backup.finish_lsn, size).number;
  }
  return kept;
}

// Permanent backups, and those that stay only because others need them, keep the WAL that makes
// them consistent; all others keep everything from their start on.
std::vector<KeptWal> Planner::kept_wal(const Names& doomed,
                                       const std::optional<WalSegment>& before) const {
  std::vector<KeptWal> kept;
  for (const KnownBackup& backup : inventory_.backups) {
    if (doomed.contains(backup.name)) continue;
    const bool is_spared =
        before && !request_.uses_sentinel_time && backup.start && *backup.start < *before;
    kept.push_back(wal_of(backup, backup.is_permanent || is_spared));
  }
  for (const Leftover& leftover : inventory_.leftovers) {
    if (!leftover.start || !may_be_running(leftover)) continue;
    kept.push_back({.timeline = leftover.start->timeline, .first = leftover.start->number});
  }
  return kept;
}

Result<> Planner::plan_before() {
  const std::optional<KnownBackup> target = TRY(choose_target(inventory_.backups, request_));
  if (!target) {
    note("No backup found for deletion");
    add_leftovers([](const Leftover&) { return false; });
    return {};
  }
  if (target->delta) {
    return invalid_argument(
        "{}{} is incremental and it's predecessors cannot be deleted. Consider FIND_FULL option.",
        target->name.text(), repository::kSentinelSuffix);
  }
  Names doomed;
  for (const KnownBackup& backup : inventory_.backups) {
    if (is_before(backup, *target)) doomed.insert(backup.name);
  }
  spare_what_is_needed(doomed);
  TRY(check_order(doomed, *target));
  set_waves(doomed);
  add_leftovers([&](const Leftover& leftover) { return *leftover.start < *target->start; });
  plan_.wal = simplified({.before = target->start,
                          .ignores_timeline = request_.uses_sentinel_time,
                          .kept = kept_wal(doomed, target->start)});
  return {};
}

void Planner::add_dependants(Names& doomed) const {
  bool has_grown = true;
  while (has_grown) {
    has_grown = false;
    for (const KnownBackup& backup : inventory_.backups) {
      const bool depends = backup.delta && doomed.contains(backup.delta->parent);
      if (depends && doomed.insert(backup.name).second) has_grown = true;
    }
  }
}

Result<> Planner::refuse_needed(const Names& doomed) const {
  for (const BackupName& name : doomed) {
    if (find(name)->is_permanent) {
      return denied("Unable to delete permanent backup {}: `backup-mark -i {}` first", name.text(),
                    name.text());
    }
    const auto parts = name.parts();
    for (const Leftover& leftover : inventory_.leftovers) {
      if (parts && may_be_running(leftover) && leftover.parent_segment == parts->start_segment) {
        return conflict("{} may be running and is a delta of {}: try again when it is finished",
                        leftover.name.text(), name.text());
      }
    }
  }
  return {};
}

// The whole chain that begins with `full`.
void Planner::add_chain(const BackupName& full, Names& doomed) const {
  for (const KnownBackup& backup : inventory_.backups) {
    const bool is_related = backup.delta && backup.delta->full == full;
    if (backup.name == full || is_related) doomed.insert(backup.name);
  }
}

// A repetition after an interruption: the backup asked for has lost its sentinel already, or LATEST
// means another one now.
const Leftover* Planner::find_half_deleted() const {
  const auto found = std::ranges::find_if(inventory_.leftovers, [&](const Leftover& leftover) {
    return leftover.is_marked_deleted && (request_.target_name == repository::kLatest ||
                                          request_.target_name == leftover.name.text());
  });
  return found == inventory_.leftovers.end() ? nullptr : &*found;
}

Result<> Planner::plan_target() {
  add_leftovers([](const Leftover&) { return false; });
  std::ranges::partition(
      plan_.leftovers, [&](const BackupName& name) { return name.text() != request_.target_name; });
  const bool is_whole_chain = request_.modifier == DeleteModifier::FindFull;
  Names doomed;
  if (const Leftover* half_deleted = find_half_deleted()) {
    if (is_whole_chain && half_deleted->full) add_chain(*half_deleted->full, doomed);
  } else {
    const KnownBackup target = TRY(choose_named_target(inventory_.backups, request_));
    doomed.insert(target.name);
    plan_.last = target.name;
    if (is_whole_chain && target.delta) add_chain(target.delta->full, doomed);
  }
  add_dependants(doomed);
  TRY(refuse_needed(doomed));
  set_waves(doomed);
  return {};
}

Result<> Planner::plan_everything() {
  Names doomed;
  std::string permanent;
  for (const KnownBackup& backup : inventory_.backups) {
    doomed.insert(backup.name);
    if (backup.is_permanent) permanent += (permanent.empty() ? "" : " ") + backup.name.text();
  }
  if (!permanent.empty() && !request_.is_forced) {
    return denied("Found permanent backups=[{}]; everything FORCE deletes them too", permanent);
  }
  if (!permanent.empty()) note(fmt::format("Found permanent backups=[{}]", permanent));
  set_waves(doomed);
  plan_.is_everything = true;
  plan_.unfinished_before = now_;
  return {};
}

void Planner::plan_garbage() {
  std::optional<WalSegment> oldest;
  for (const KnownBackup& backup : inventory_.backups) {
    if (backup.is_permanent || !backup.start) continue;
    oldest = oldest ? std::min(*oldest, *backup.start) : *backup.start;
  }
  const bool has_archives = request_.scope != GarbageScope::Backups;
  const bool has_leftovers = request_.scope != GarbageScope::Archives;
  if (!oldest) {
    note("Couldn't find any non-permanent backups in storage.");
    if (!request_.skips_backup_check) {
      note("Not doing anything.");
      return;
    }
    note("Will delete garbage anyway.");
  }
  add_leftovers([&](const Leftover&) { return has_leftovers; });
  if (has_leftovers) plan_.unfinished_before = now_ - settings_.leftover_age_min;
  if (has_archives) plan_.wal = simplified({.before = oldest, .kept = kept_wal({}, oldest)});
}

}  // namespace

Result<RetentionPlan> make_retention_plan(const Inventory& inventory, const DeleteRequest& request,
                                          const RetentionSettings& settings, WallTime now) {
  return Planner(inventory, request, settings, now).plan();
}

}  // namespace cairn::engine
