// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/inventory.h"

#include <algorithm>
#include <set>

#include "base/guarded.h"
#include "concurrency/task_group.h"
#include "repository/json_go.h"
#include "repository/names.h"

namespace cairn::engine {
namespace {

using object_store::ObjectInfo;
using object_store::ObjectStore;
using postgres::WalSegment;
using repository::BackupEntry;
using repository::BackupName;

constexpr std::size_t kFolderCountMax = 1'000'000;
// A sentinel of version 2 is always accompanied by metadata.json; older ones need not be.
constexpr int kVersionWithMetadata = 2;

std::optional<WalSegment> start_of(const BackupName& name, postgres::WalSegmentSize size) {
  const auto parts = name.parts();
  return parts ? postgres::parse_wal_segment(parts->start_segment, size) : std::nullopt;
}

// A wrong segment size would put every range of WAL in the wrong place. The name of a backup and
// its start LSN tell on it.
Result<> check_segment_size(const KnownBackup& backup, postgres::WalSegmentSize size) {
  const auto parts = backup.name.parts();
  if (!parts || !backup.start_lsn.is_valid()) return {};
  if (backup.start) {
    const postgres::TimelineId timeline = backup.start->timeline;
    if (*backup.start == WalSegment::of_lsn(timeline, backup.start_lsn, size) ||
        *backup.start == WalSegment::before_lsn(timeline, backup.start_lsn, size)) {
      return {};
    }
  }
  return invalid_argument(
      "backup {} starts at LSN {}, which is not in segment {} when segments have {} bytes: is the "
      "WAL segment size (WALG_PG_WAL_SIZE) right? Nothing was deleted",
      backup.name.text(), backup.start_lsn.text(), parts->start_segment, size.bytes());
}

Error unreadable(const BackupName& name, const Error& error) {
  return Error(error.code(),
               fmt::format("cannot tell what backup {} needs, so nothing was deleted: {}",
                           name.text(), error.message()));
}

Result<KnownBackup> load_backup(ObjectStore& store, const BackupEntry& entry,
                                postgres::WalSegmentSize size, std::stop_token stop) {
  Result<repository::Sentinel> sentinel = repository::load_sentinel(store, entry.name, stop);
  if (!sentinel.ok()) return unreadable(entry.name, sentinel.error());
  auto metadata = repository::find_metadata(store, entry.name, stop);
  if (!metadata.ok()) return unreadable(entry.name, metadata.error());
  if (!metadata.value() && sentinel.value().version >= kVersionWithMetadata) {
    return unreadable(entry.name,
                      corrupt("its metadata.json is missing, which says whether it is permanent. "
                              "`backup-mark {0}` or `backup-mark -i {0}` makes it again",
                              entry.name.text()));
  }
  const repository::BackupMetadata facts =
      metadata.value() ? *metadata.value() : repository::metadata_from(sentinel.value());
  KnownBackup backup{.name = entry.name,
                     .modified = entry.modified,
                     .start = start_of(entry.name, size),
                     .delta = sentinel.value().delta,
                     .start_lsn = sentinel.value().start_lsn.value_or(postgres::Lsn{}),
                     .finish_lsn = sentinel.value().finish_lsn.value_or(postgres::Lsn{}),
                     .start_time = facts.start_time,
                     .is_permanent = facts.is_permanent,
                     .user_data_json = facts.user_data_json};
  TRY(check_segment_size(backup, size));
  return backup;
}

// Reads all, several at a time, each into its own place.
Result<std::vector<KnownBackup>> load_backups(ObjectStore& store,
                                              const std::vector<BackupEntry>& entries,
                                              const RetentionSettings& settings,
                                              std::stop_token stop) {
  std::vector<std::optional<KnownBackup>> loaded(entries.size());
  Guarded<std::size_t> next(0);
  const auto work = [&](std::stop_token stop_all) -> Result<> {
    while (true) {
      const std::size_t i = next.with([](std::size_t& value) { return value++; });
      if (i >= entries.size()) return {};
      loaded[i] = TRY(load_backup(store, entries[i], settings.segment_size, stop_all));
    }
  };
  TaskGroup group(stop);
  const auto count = std::min<std::size_t>(
      entries.size(), static_cast<std::size_t>(std::max(settings.thread_count, 1)));
  for (std::size_t i = 0; i < count; ++i) group.start(work);
  TRY(group.join());
  std::vector<KnownBackup> backups;
  backups.reserve(loaded.size());
  for (std::optional<KnownBackup>& backup : loaded) backups.push_back(*std::move(backup));
  return backups;
}

Result<std::vector<BackupName>> list_folders(ObjectStore& store, std::stop_token stop) {
  const std::string prefix(repository::kBackupsPrefix);
  std::vector<BackupName> folders;
  for (std::string_view folder : TRY(object_store::list_prefixes(store, prefix, stop))) {
    folder.remove_prefix(prefix.size());
    folder.remove_suffix(1);
    Result<BackupName> name = BackupName::parse(folder);
    if (name.ok()) folders.push_back(std::move(name).value());
    if (folders.size() > kFolderCountMax) {
      return internal_error("more than {} folders in {}", kFolderCountMax, prefix);
    }
  }
  return folders;
}

// A mark that was cut says less, not something else.
Result<std::optional<BackupName>> full_in_mark(ObjectStore& store, const BackupName& name,
                                               std::stop_token stop) {
  const Bytes text = TRY(object_store::get(store, repository::deletion_mark_key(name),
                                           repository::kMetadataBytesMax, stop));
  const Result<repository::JsonValue> json = repository::JsonValue::parse(text, {});
  const repository::JsonValue* full = json.ok() ? json.value().find("full") : nullptr;
  if (full == nullptr) return std::optional<BackupName>();
  Result<BackupName> parsed = BackupName::parse(full->text());
  if (!parsed.ok()) return std::optional<BackupName>();
  return std::optional(std::move(parsed).value());
}

Result<Leftover> inspect_leftover(ObjectStore& store, const BackupName& name,
                                  postgres::WalSegmentSize size, std::stop_token stop) {
  const auto parts = name.parts();
  Leftover leftover{.name = name, .start = start_of(name, size)};
  if (parts) leftover.parent_segment = parts->parent_segment;
  const std::string mark = repository::deletion_mark_key(name).text();
  std::optional<WallTime> marked;
  const auto look = [&](const ObjectInfo& object) -> Result<> {
    leftover.newest = std::max(leftover.newest, object.modified);
    if (object.key == mark) marked = object.modified;
    return {};
  };
  TRY(object_store::for_each(store, {.prefix = repository::backup_prefix(name)}, look, stop));
  // Something younger than the mark: the name is in use again.
  leftover.is_marked_deleted = marked && *marked >= leftover.newest;
  if (leftover.is_marked_deleted) leftover.full = TRY(full_in_mark(store, name, stop));
  return leftover;
}

}  // namespace

std::string encode_deletion_mark(WallTime time, const std::optional<BackupName>& full) {
  repository::JsonWriter json;
  json.begin_object();
  json.key("version").number(1);
  json.key("time").time(time);
  if (full) json.key("full").string(full->text());
  json.end_object();
  return json.take();
}

Result<Inventory> load_inventory(ObjectStore& store, const RetentionSettings& settings,
                                 std::stop_token stop) {
  // Folders first: a backup that finishes in between has its sentinel in the second listing.
  const std::vector<BackupName> folders =
      TRY(list_folders(store, stop).context("list backups; nothing was deleted"));
  const std::vector<BackupEntry> entries =
      TRY(repository::list_backups(store, stop).context("nothing was deleted"));
  Inventory inventory{.backups = TRY(load_backups(store, entries, settings, stop))};
  std::set<BackupName> listed;
  for (const BackupEntry& entry : entries) listed.insert(entry.name);
  for (const BackupName& folder : folders) {
    if (listed.contains(folder)) continue;
    inventory.leftovers.push_back(TRY(inspect_leftover(store, folder, settings.segment_size, stop)
                                          .context("list leftovers; nothing was deleted")));
  }
  return inventory;
}

}  // namespace cairn::engine
