// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/mark.h"

#include <map>
#include <set>

#include "repository/catalog.h"

namespace cairn::engine {
namespace {

using object_store::ObjectKey;
using object_store::ObjectStore;
using repository::BackupMetadata;
using repository::BackupName;

using Say = std::function<void(std::string_view)>;

// Whether a backup is permanent; without metadata.json its sentinel says.
Result<bool> is_permanent_now(ObjectStore& store, const BackupName& name, std::stop_token stop) {
  const auto metadata = TRY(repository::find_metadata(store, name, stop));
  if (metadata) return metadata->is_permanent;
  const repository::Sentinel sentinel = TRY(repository::load_sentinel(store, name, stop));
  return sentinel.is_permanent;
}

// Whether metadata.json says so already; false if there is none.
Result<bool> is_marked(ObjectStore& store, const BackupName& name, bool is_permanent,
                       std::stop_token stop) {
  const auto metadata = TRY(repository::find_metadata(store, name, stop));
  return metadata && metadata->is_permanent == is_permanent;
}

Result<> write_mark(ObjectStore& store, const BackupName& name, bool is_permanent,
                    std::stop_token stop) {
  const ObjectKey key = repository::metadata_key(name);
  const Result<Bytes> json = object_store::get(store, key, repository::kMetadataBytesMax, stop);
  if (json.ok()) {
    const std::string marked =
        TRY(repository::with_permanence(json.value(), is_permanent, key.text()));
    return store.put(key, marked, {}, stop);
  }
  if (json.error().code() != ErrorCode::NotFound) return json.error();
  BackupMetadata metadata =
      repository::metadata_from(TRY(repository::load_sentinel(store, name, stop)));
  metadata.is_permanent = is_permanent;
  return store.put(key, repository::encode_metadata(metadata), {}, stop);
}

// The backups that are a delta of `name`, directly or not.
Result<std::vector<BackupName>> dependants_of(ObjectStore& store, const BackupName& name,
                                              std::stop_token stop) {
  std::multimap<BackupName, BackupName> children;
  for (const repository::BackupEntry& entry : TRY(repository::list_backups(store, stop))) {
    const repository::Sentinel sentinel = TRY(repository::load_sentinel(store, entry.name, stop));
    if (sentinel.delta) children.emplace(sentinel.delta->parent, entry.name);
  }
  std::vector<BackupName> found = {name};
  std::set<BackupName> seen = {name};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child) {
      if (seen.insert(child->second).second) found.push_back(child->second);
    }
  }
  found.erase(found.begin());
  return found;
}

Result<> refuse_if_needed(ObjectStore& store, const BackupName& name, std::stop_token stop) {
  for (const BackupName& dependant : TRY(dependants_of(store, name, stop))) {
    const bool is_permanent = TRY(is_permanent_now(store, dependant, stop));
    if (is_permanent) {
      return invalid_argument(
          "Can't mark backup '{}' as impermanent. There is permanent increment backup that depends "
          "on "
          "this backup: {}",
          name.text(), dependant.text());
    }
  }
  return {};
}

}  // namespace

Result<std::vector<BackupName>> mark_backup(ObjectStore& store, std::string_view name,
                                            bool is_permanent, const Say& say,
                                            std::stop_token stop) {
  const repository::BackupEntry entry = TRY(repository::resolve_backup(store, name, stop));
  std::vector<BackupName> wanted;
  if (is_permanent) {
    // The full backup first: never a permanent delta of what may be deleted.
    for (repository::ChainLink& link : TRY(repository::load_chain(store, entry.name, stop))) {
      wanted.push_back(std::move(link.name));
    }
  } else {
    TRY(refuse_if_needed(store, entry.name, stop));
    wanted.push_back(entry.name);
  }
  std::vector<BackupName> changed;
  for (const BackupName& next : wanted) {
    const bool is_done = TRY(is_marked(store, next, is_permanent, stop));
    if (is_done) continue;
    TRY(write_mark(store, next, is_permanent, stop).context(next.text()));
    say(fmt::format("Marked {} {}", next.text(), is_permanent ? "permanent" : "impermanent"));
    changed.push_back(next);
  }
  if (changed.empty()) {
    say(fmt::format("Backup {} is already marked as {}, ignoring...", entry.name.text(),
                    is_permanent ? "permanent" : "impermanent"));
  }
  return changed;
}

}  // namespace cairn::engine
