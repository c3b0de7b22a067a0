// SPDX-License-Identifier: Apache-2.0
#include "repository/catalog.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace cairn::repository {
namespace {

using object_store::ObjectInfo;
using object_store::ObjectKey;
using object_store::ObjectStore;

constexpr std::string_view kEmpty =
    "there are no backups in this repository (objects basebackups_005/*_backup_stop_sentinel.json)";

// The object, or nothing if it does not exist.
Result<std::optional<Bytes>> find_bytes(ObjectStore& store, const ObjectKey& key,
                                        std::uint64_t bytes_max, std::stop_token stop) {
  Result<Bytes> bytes = object_store::get(store, key, bytes_max, stop);
  if (bytes.ok()) return std::optional(std::move(bytes).value());
  if (bytes.error().code() == ErrorCode::NotFound) return std::optional<Bytes>();
  return std::move(bytes).error();
}

Error unknown_backup(std::string_view name, const std::vector<BackupEntry>& backups) {
  if (backups.empty()) return not_found("no backup {}: {}", name, kEmpty);
  return not_found("no backup {}; the newest of {} is {}", name, backups.size(),
                   backups.back().name.text());
}

// What must hold between a delta and the backup it names as its parent.
Result<> check_link(const ChainLink& child, const ChainLink& parent) {
  const DeltaOrigin& delta = *child.sentinel.delta;
  if (parent.sentinel.start_lsn != delta.parent_lsn) {
    return corrupt(
        "backup {} is a delta from LSN {} and its parent {} starts at {}: one of them was replaced",
        child.name.text(), delta.parent_lsn.text(), parent.name.text(),
        parent.sentinel.start_lsn.value_or(postgres::Lsn{}).text());
  }
  if (parent.sentinel.system_identifier && child.sentinel.system_identifier &&
      parent.sentinel.system_identifier != child.sentinel.system_identifier) {
    return corrupt("backup {} is of database system {} and its parent {} of {}", child.name.text(),
                   *child.sentinel.system_identifier, parent.name.text(),
                   *parent.sentinel.system_identifier);
  }
  const BackupName& full = parent.sentinel.delta ? parent.sentinel.delta->full : parent.name;
  if (full != delta.full) {
    return corrupt("backup {} says its chain begins with {}, its parent {} says with {}",
                   child.name.text(), delta.full.text(), parent.name.text(), full.text());
  }
  return {};
}

Result<ChainLink> load_parent(ObjectStore& store, const ChainLink& child, std::stop_token stop) {
  const BackupName& parent = child.sentinel.delta->parent;
  Result<Sentinel> sentinel = load_sentinel(store, parent, stop);
  if (sentinel.ok()) return ChainLink{.name = parent, .sentinel = std::move(sentinel).value()};
  if (sentinel.error().code() != ErrorCode::NotFound) return std::move(sentinel).error();
  return corrupt("backup {} is a delta of {}, which does not exist: the chain cannot be restored",
                 child.name.text(), parent.text());
}

}  // namespace

Result<std::vector<BackupEntry>> list_backups(ObjectStore& store, std::stop_token stop) {
  std::vector<BackupEntry> backups;
  const auto take = [&](const ObjectInfo& object) -> Result<> {
    std::optional<BackupName> name = backup_of_sentinel(object.key);
    if (!name) return {};
    if (backups.size() == kBackupCountMax) {
      return internal_error("more than {} backups in {}", kBackupCountMax, kBackupsPrefix);
    }
    backups.push_back({.name = *std::move(name), .modified = object.modified});
    return {};
  };
  TRY(object_store::for_each(store, {.prefix = std::string(kBackupsPrefix), .recursive = false},
                             take, stop)
          .context("list backups"));
  std::ranges::sort(backups, {}, [](const BackupEntry& backup) {
    return std::tie(backup.modified, backup.name);
  });
  return backups;
}

Result<BackupEntry> resolve_backup(ObjectStore& store, std::string_view name,
                                   std::stop_token stop) {
  if (name == kLatest) {
    std::vector<BackupEntry> backups = TRY(list_backups(store, stop));
    if (backups.empty()) return not_found("no LATEST backup: {}", kEmpty);
    return std::move(backups.back());
  }
  BackupName parsed = TRY(BackupName::parse(name));
  const std::optional<ObjectInfo> info = TRY(object_store::find(store, sentinel_key(parsed), stop));
  if (info) return BackupEntry{.name = std::move(parsed), .modified = info->modified};
  return unknown_backup(name, TRY(list_backups(store, stop)));
}

Result<Sentinel> load_sentinel(ObjectStore& store, const BackupName& name, std::stop_token stop) {
  const std::optional<Bytes> json =
      TRY(find_bytes(store, sentinel_key(name), kSentinelBytesMax, stop));
  if (!json) return not_found("no backup {}: it has no sentinel", name.text());
  return parse_sentinel(*json, name);
}

Result<std::optional<BackupMetadata>> find_metadata(ObjectStore& store, const BackupName& name,
                                                    std::stop_token stop) {
  const ObjectKey key = metadata_key(name);
  const std::optional<Bytes> json = TRY(find_bytes(store, key, kMetadataBytesMax, stop));
  if (!json) return std::optional<BackupMetadata>();
  return std::optional(TRY(parse_metadata(*json, key.text())));
}

Result<std::optional<Integrity>> find_integrity(ObjectStore& store, const BackupName& name,
                                                std::stop_token stop) {
  const ObjectKey key = integrity_key(name);
  const std::optional<Bytes> json = TRY(find_bytes(store, key, kIntegrityBytesMax, stop));
  if (!json) return std::optional<Integrity>();
  return std::optional(TRY(parse_integrity(*json, key.text())));
}

Result<std::vector<ChainLink>> load_chain(ObjectStore& store, const BackupName& name,
                                          std::stop_token stop) {
  std::vector<ChainLink> chain;
  std::set<BackupName> seen{name};
  chain.push_back({.name = name, .sentinel = TRY(load_sentinel(store, name, stop))});
  while (chain.back().sentinel.delta) {
    const BackupName& parent = chain.back().sentinel.delta->parent;
    if (!seen.insert(parent).second) {
      return corrupt("backup {} depends on itself: {} names {} as its parent", name.text(),
                     chain.back().name.text(), parent.text());
    }
    if (chain.size() == kChainLengthMax) {
      return corrupt("backup {} depends on more than {} others", name.text(), kChainLengthMax);
    }
    ChainLink link = TRY(load_parent(store, chain.back(), stop));
    TRY(check_link(chain.back(), link));
    chain.push_back(std::move(link));
  }
  std::ranges::reverse(chain);
  return chain;
}

}  // namespace cairn::repository
