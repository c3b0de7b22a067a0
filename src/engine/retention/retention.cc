// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/retention.h"

#include <algorithm>
#include <set>

#include "engine/retention/inventory.h"
#include "engine/retention/retention_plan.h"
#include "engine/retention/wal_rule.h"
#include "repository/catalog.h"
#include "repository/names.h"

namespace cairn::engine {
namespace {

using object_store::ListPage;
using object_store::ListRequest;
using object_store::ObjectInfo;
using object_store::ObjectKey;
using object_store::ObjectStore;
using object_store::RemoveFailure;
using repository::BackupName;

constexpr std::size_t kBatchMax = 1000;
constexpr std::size_t kFailuresShown = 20;

using Say = std::function<void(std::string_view)>;

// The backup that an object belongs to, or "": "basebackups_005/<this>/…",
// "<this>_backup_stop_….json".
std::string_view backup_part_of(std::string_view key) {
  if (!key.starts_with(repository::kBackupsPrefix)) return "";
  key.remove_prefix(repository::kBackupsPrefix.size());
  const std::size_t slash = key.find('/');
  if (slash != key.npos) return key.substr(0, slash);
  if (key.ends_with(repository::kSentinelSuffix)) {
    key.remove_suffix(repository::kSentinelSuffix.size());
  }
  return key;
}

// Carries out a plan, or tells what it would do.
class Deleter {
 public:
  Deleter(ObjectStore& store, const RetentionSettings& settings, bool is_confirmed, Clock& clock,
          const Say& say, std::stop_token stop)
      : store_(store),
        settings_(settings),
        is_confirmed_(is_confirmed),
        clock_(clock),
        say_(say),
        stop_(std::move(stop)) {}

  Result<DeleteOutcome> run(const RetentionPlan& plan);

 private:
  Result<> mark_deleted(const RetentionPlan& plan);
  Result<> remove_sentinels(const RetentionPlan& plan);
  Result<> remove_folder(const BackupName& name);
  Result<> remove_wal(const WalRule& rule);
  Result<> remove_rest(const RetentionPlan& plan);
  Result<> collect_unfinished(WallTime older_than);

  // Every key below `prefix` until `take` says no, one page after the other, each from where the
  // last ended: what was removed in between does not matter then, and neither does how many there
  // are.
  Result<> for_each_stably(const std::string& prefix,
                           const std::function<Result<bool>(const std::string&)>& take);

  // Objects are collected into batches; flush() removes what is left.
  Result<> remove(const std::string& text);
  Result<> flush();
  void note_failure(RemoveFailure failure);

  ObjectStore& store_;
  const RetentionSettings& settings_;
  const bool is_confirmed_;
  Clock& clock_;
  const Say& say_;
  const std::stop_token stop_;
  std::vector<ObjectKey> batch_;
  DeleteOutcome outcome_;
};

Result<DeleteOutcome> Deleter::run(const RetentionPlan& plan) {
  say_("Evaluating objects for deletion...");
  if (is_confirmed_) TRY(mark_deleted(plan).context("mark backups for deletion"));
  TRY(remove_sentinels(plan).context("remove sentinels"));
  // A backup whose sentinel stayed is still listed, so nothing it needs may go.
  if (outcome_.failure_count > 0) return std::move(outcome_);
  for (const auto& wave : plan.waves) {
    for (const BackupName& name : wave) {
      if (name != plan.last) TRY(remove_folder(name).context(name.text()));
    }
  }
  if (plan.last) TRY(remove_folder(*plan.last).context(plan.last->text()));
  for (const BackupName& name : plan.leftovers) TRY(remove_folder(name).context(name.text()));
  if (plan.wal) TRY(remove_wal(*plan.wal).context("remove WAL"));
  if (plan.is_everything) TRY(remove_rest(plan));
  if (plan.unfinished_before) TRY(collect_unfinished(*plan.unfinished_before));
  return std::move(outcome_);
}

// Without the marks, what an interruption leaves would look like a running backup.
Result<> Deleter::mark_deleted(const RetentionPlan& plan) {
  for (const auto& wave : plan.waves) {
    for (const BackupName& name : wave) {
      const auto full = plan.full_of.find(name);
      const std::string text = encode_deletion_mark(
          clock_.now(), full == plan.full_of.end() ? std::nullopt : std::optional(full->second));
      TRY(store_.put(repository::deletion_mark_key(name), text, {}, stop_));
    }
  }
  return {};
}

Result<> Deleter::remove_sentinels(const RetentionPlan& plan) {
  for (const auto& wave : plan.waves) {
    for (const BackupName& name : wave) TRY(remove(repository::sentinel_key(name).text()));
    TRY(flush());
    if (outcome_.failure_count > 0) return {};
  }
  return {};
}

// The mark goes last, and only when nothing else is left.
Result<> Deleter::remove_folder(const BackupName& name) {
  const ObjectKey mark = repository::deletion_mark_key(name);
  const std::uint64_t failures_before = outcome_.failure_count;
  const auto take = [&](const std::string& key) -> Result<bool> {
    if (key != mark.text()) TRY(remove(key));
    return true;
  };
  TRY(for_each_stably(repository::backup_prefix(name), take));
  TRY(flush());
  if (!is_confirmed_ || outcome_.failure_count > failures_before) return {};
  return store_.remove(mark, stop_);
}

Result<> Deleter::remove_wal(const WalRule& rule) {
  const std::string prefix(repository::kWalPrefix);
  const bool is_ordered = rule.before && !rule.ignores_timeline;
  const std::string bound = is_ordered ? rule.before->name(settings_.segment_size) : "";
  const auto take = [&](const std::string& key) -> Result<bool> {
    const std::string_view name = std::string_view(key).substr(prefix.size());
    const std::string_view segment = name.substr(0, bound.size());
    // Keys ascend, and so do segments within them: nothing behind the bound is old.
    if (is_ordered && repository::is_segment_name(segment) && segment >= bound) return false;
    const std::optional<WalSpan> span = wal_span_of(name, settings_.segment_size);
    if (span && may_delete_wal(rule, *span)) TRY(remove(key));
    return true;
  };
  TRY(for_each_stably(prefix, take));
  return flush();
}

// What the phases before did not remove. The claim on the prefix goes last.
Result<> Deleter::remove_rest(const RetentionPlan& plan) {
  std::set<std::string> done;
  for (const BackupName& name : plan.leftovers) done.insert(name.text());
  for (const auto& wave : plan.waves) {
    for (const BackupName& name : wave) done.insert(name.text());
  }
  const ObjectKey claim = repository::ownership_key();
  bool has_claim = false;
  const auto take = [&](const std::string& key) -> Result<bool> {
    if (key == claim.text()) {
      has_claim = true;
    } else if (!done.contains(std::string(backup_part_of(key)))) {
      TRY(remove(key));
    }
    return true;
  };
  TRY(for_each_stably("", take));
  TRY(flush());
  if (has_claim && outcome_.failure_count == 0) TRY(remove(claim.text()));
  return flush();
}

Result<> Deleter::for_each_stably(const std::string& prefix,
                                  const std::function<Result<bool>(const std::string&)>& take) {
  ListRequest request{.prefix = prefix};
  while (true) {
    const ListPage page = TRY(store_.list(request, stop_));
    for (const ObjectInfo& object : page.objects) {
      const bool goes_on = TRY(take(object.key));
      if (!goes_on) return {};
    }
    if (page.next_page_token.empty() || page.objects.empty()) return {};
    request.start_after = page.objects.back().key;
  }
}

Result<> Deleter::collect_unfinished(WallTime older_than) {
  if (!is_confirmed_) {
    say_(fmt::format("Uploads begun before {} and never finished would be freed",
                     format_rfc3339(older_than)));
    return {};
  }
  outcome_.unfinished_upload_count =
      TRY(store_.collect_unfinished("", older_than, stop_).context("free unfinished uploads"));
  return {};
}

Result<> Deleter::remove(const std::string& text) {
  say_(fmt::format("Object marked for deletion: {} storage=default", text));
  Result<ObjectKey> key = ObjectKey::parse(text);
  if (!key.ok()) {
    // A stranger put it there; it must not stop the rest.
    note_failure({.key = text, .error = std::move(key).error()});
    return {};
  }
  batch_.push_back(std::move(key).value());
  return batch_.size() < kBatchMax ? Result<>() : flush();
}

Result<> Deleter::flush() {
  if (batch_.empty()) return {};
  const std::vector<ObjectKey> batch = std::exchange(batch_, {});
  std::vector<RemoveFailure> failures;
  if (is_confirmed_) failures = TRY(store_.remove_batch(batch, stop_));
  outcome_.object_count += batch.size() - std::min(batch.size(), failures.size());
  for (RemoveFailure& failure : failures) note_failure(std::move(failure));
  return {};
}

void Deleter::note_failure(RemoveFailure failure) {
  say_(fmt::format("Could not remove {}: {}", failure.key, failure.error.message()));
  ++outcome_.failure_count;
  if (outcome_.failures.size() < kDeleteFailuresMax) {
    outcome_.failures.push_back(std::move(failure));
  }
}

std::set<std::pair<BackupName, WallTime>> identities(const std::vector<KnownBackup>& backups) {
  std::set<std::pair<BackupName, WallTime>> all;
  for (const KnownBackup& backup : backups) all.emplace(backup.name, backup.modified);
  return all;
}

// The plan is only as good as the picture it was made from.
Result<> check_unchanged(ObjectStore& store, const Inventory& inventory, std::stop_token stop) {
  std::set<std::pair<BackupName, WallTime>> now;
  for (const repository::BackupEntry& entry : TRY(repository::list_backups(store, stop))) {
    now.emplace(entry.name, entry.modified);
  }
  if (now == identities(inventory.backups)) return {};
  return conflict(
      "backups came or went while this delete was being planned; nothing was deleted: "
      "run it again");
}

void conclude(const DeleteOutcome& outcome, bool is_confirmed, const Say& say) {
  if (outcome.failure_count > 0) return;
  if (outcome.object_count == 0) {
    say("No objects matched the deletion criteria.");
  } else if (is_confirmed) {
    say(fmt::format("Objects deleted successfully: count={}", outcome.object_count));
  } else {
    say(fmt::format("Dry run: objects would be deleted count={}, Run with --confirm to execute",
                    outcome.object_count));
  }
}

}  // namespace

Result<DeleteOutcome> run_delete(ObjectStore& store, const DeleteRequest& request,
                                 const RetentionSettings& settings, bool is_confirmed, Clock& clock,
                                 const Say& say, std::stop_token stop) {
  say("retrieving permanent objects");
  const Inventory inventory = TRY(load_inventory(store, settings, stop));
  const RetentionPlan plan = TRY(make_retention_plan(inventory, request, settings, clock.now()));
  for (const std::string& note : plan.notes) say(note);
  if (plan.waves.empty() && plan.leftovers.empty() && !plan.wal && !plan.is_everything &&
      !plan.unfinished_before) {
    return DeleteOutcome();
  }
  if (is_confirmed) TRY(check_unchanged(store, inventory, stop));
  DeleteOutcome outcome = TRY(Deleter(store, settings, is_confirmed, clock, say, stop).run(plan));
  conclude(outcome, is_confirmed, say);
  return outcome;
}

Error delete_failure(const DeleteOutcome& outcome) {
  ASSERT(outcome.failure_count > 0);
  std::string list;
  for (std::size_t i = 0; i < std::min(outcome.failures.size(), kFailuresShown); ++i) {
    const RemoveFailure& failure = outcome.failures[i];
    list += fmt::format("{}{} ({})", i == 0 ? "" : ", ", failure.key, failure.error.message());
  }
  if (outcome.failure_count > kFailuresShown) list += ", …";
  return Error(ErrorCode::Unavailable,
               fmt::format("{} objects could not be removed, run it again: {}",
                           outcome.failure_count, list));
}

}  // namespace cairn::engine
