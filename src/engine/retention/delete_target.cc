// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/delete_target.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <vector>

namespace cairn::engine {
namespace {

// Backups in the order that counts, oldest first. Those whose name says no segment have no place in
// it: they are never deleted by before and retain, nor counted.
using Ordered = std::vector<const KnownBackup*>;
using Test = std::function<bool(const KnownBackup&)>;

Ordered in_order(std::span<const KnownBackup> backups, bool uses_sentinel_time) {
  Ordered ordered;
  for (const KnownBackup& backup : backups) {
    if (backup.start) ordered.push_back(&backup);
  }
  // The times of the sentinels decide between equals.
  if (uses_sentinel_time) {
    std::ranges::sort(ordered, {}, [](const KnownBackup* backup) {
      return std::tie(backup->start_time, backup->modified, backup->name);
    });
  } else {
    std::ranges::sort(ordered, {}, [](const KnownBackup* backup) {
      return std::tie(*backup->start, backup->modified, backup->name);
    });
  }
  return ordered;
}

const KnownBackup* find_newest(const Ordered& ordered, const Test& test) {
  for (auto backup = ordered.rbegin(); backup != ordered.rend(); ++backup) {
    if (test(**backup)) return *backup;
  }
  return nullptr;
}

const KnownBackup* find_oldest(const Ordered& ordered, const Test& test) {
  for (const KnownBackup* backup : ordered) {
    if (test(*backup)) return backup;
  }
  return nullptr;
}

std::optional<KnownBackup> copy_of(const KnownBackup* backup) {
  return backup == nullptr ? std::nullopt : std::optional(*backup);
}

bool begins_with(const KnownBackup& backup, const std::string& name) {
  return backup.name.text().starts_with(name);
}

// From the newest backup that matches, back to one that is full if the modifier wants that.
const KnownBackup* find_from(const Ordered& ordered, DeleteModifier modifier, const Test& matches) {
  bool was_met = false;
  return find_newest(ordered, [&](const KnownBackup& backup) {
    was_met = was_met || matches(backup);
    return was_met && (modifier != DeleteModifier::FindFull || !backup.delta);
  });
}

Result<std::optional<KnownBackup>> choose_before(const Ordered& ordered,
                                                 const DeleteRequest& request) {
  const DeleteBound& bound = request.before;
  if (bound.time) {
    const KnownBackup* first = find_oldest(ordered, [&](const KnownBackup& backup) {
      return (request.uses_sentinel_time ? backup.start_time : backup.modified) >= *bound.time;
    });
    if (first == nullptr) return std::optional<KnownBackup>();
    return copy_of(find_from(ordered, request.modifier,
                             [&](const KnownBackup& backup) { return &backup == first; }));
  }
  const KnownBackup* target = find_from(ordered, request.modifier, [&](const KnownBackup& backup) {
    return begins_with(backup, bound.name);
  });
  if (target != nullptr) return copy_of(target);
  if (ordered.empty()) return not_found("no backup {}: there are no backups", bound.name);
  return not_found("no backup whose name begins with {}{}; the newest is {}", bound.name,
                   request.modifier == DeleteModifier::FindFull ? ", or no full one before it" : "",
                   ordered.back()->name.text());
}

const KnownBackup* find_retained(const Ordered& ordered, const DeleteRequest& request) {
  int count = 0;
  return find_newest(ordered, [&](const KnownBackup& backup) {
    if (request.modifier != DeleteModifier::Full || !backup.delta) ++count;
    if (request.modifier == DeleteModifier::FindFull) {
      return count >= request.retain_count && !backup.delta;
    }
    return count == request.retain_count;
  });
}

const KnownBackup* find_after(const Ordered& ordered, const DeleteRequest& request) {
  const DeleteBound& after = *request.after;
  bool was_met = false;
  return find_oldest(ordered, [&](const KnownBackup& backup) {
    if (after.time) {
      was_met = (request.uses_sentinel_time ? backup.start_time : backup.modified) >= *after.time;
    } else {
      was_met = was_met || begins_with(backup, after.name);
    }
    return was_met && (request.modifier == DeleteModifier::None || !backup.delta);
  });
}

// What both "the newest N" and "everything after" keep is kept: the older of the two bounds counts.
// With fewer than N backups nothing goes, whatever `after` says; WAL-G deletes then.
std::optional<KnownBackup> choose_retained(const Ordered& ordered, const DeleteRequest& request) {
  const KnownBackup* retained = find_retained(ordered, request);
  if (retained == nullptr || !request.after) return copy_of(retained);
  const KnownBackup* after = find_after(ordered, request);
  if (after == nullptr) return copy_of(retained);
  return copy_of(find_oldest(
      ordered, [&](const KnownBackup& backup) { return &backup == retained || &backup == after; }));
}

}  // namespace

Result<std::optional<KnownBackup>> choose_target(std::span<const KnownBackup> backups,
                                                 const DeleteRequest& request) {
  const Ordered ordered = in_order(backups, request.uses_sentinel_time);
  if (request.verb == DeleteVerb::Before) return choose_before(ordered, request);
  return choose_retained(ordered, request);
}

Result<KnownBackup> choose_named_target(std::span<const KnownBackup> backups,
                                        const DeleteRequest& request) {
  if (backups.empty()) return not_found("Requested backup was not found: there are no backups");
  const bool is_latest = request.target_name == repository::kLatest;
  std::vector<const KnownBackup*> found;
  for (const KnownBackup& backup : backups) {
    const bool is_match =
        request.target_name.empty()
            ? backup.user_data_json == request.target_user_data
            : backup.name.text() == (is_latest ? backups.back().name.text() : request.target_name);
    if (is_match) found.push_back(&backup);
  }
  if (found.size() == 1) return *found.front();
  if (found.empty()) {
    return not_found("Backup '{}' does not exist; the newest of {} is {}",
                     request.target_name.empty() ? request.target_user_data : request.target_name,
                     backups.size(), backups.back().name.text());
  }
  return invalid_argument("{} backups have this user data, {} and {} among them: name one",
                          found.size(), found[0]->name.text(), found[1]->name.text());
}

}  // namespace cairn::engine
