// SPDX-License-Identifier: Apache-2.0
// The backups of a repository: which there are, what they say, how they depend on each other.
//
// Reads only. Everything is asked of the store each time; nothing is cached.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "object_store/object_store.h"
#include "repository/backup_metadata.h"
#include "repository/integrity.h"
#include "repository/names.h"
#include "repository/sentinel.h"

namespace cairn::repository {

inline constexpr std::size_t kBackupCountMax = 1'000'000;
inline constexpr std::size_t kChainLengthMax = 1000;

struct BackupEntry {
  BackupName name;
  WallTime modified = {};  // of the sentinel: the time of the backup
  bool operator==(const BackupEntry&) const = default;
};

// Every backup that has a sentinel, oldest sentinel first (then by name). Not recursive: the cost
// is that of the backups, not of their parts.
Result<std::vector<BackupEntry>> list_backups(object_store::ObjectStore& store,
                                              std::stop_token stop);

// The backup named, or the newest for "LATEST". NotFound says what there is instead.
Result<BackupEntry> resolve_backup(object_store::ObjectStore& store, std::string_view name,
                                   std::stop_token stop);

// NotFound if the backup has no sentinel: it does not exist.
Result<Sentinel> load_sentinel(object_store::ObjectStore& store, const BackupName& name,
                               std::stop_token stop);
// Nothing if there is no metadata.json.
Result<std::optional<BackupMetadata>> find_metadata(object_store::ObjectStore& store,
                                                    const BackupName& name, std::stop_token stop);
// Nothing for backups that WAL-G took.
Result<std::optional<Integrity>> find_integrity(object_store::ObjectStore& store,
                                                const BackupName& name, std::stop_token stop);

struct ChainLink {
  BackupName name;
  Sentinel sentinel;
};

// What restoring `name` needs, the full backup first and `name` last. Corrupt if a parent is
// missing, the chain runs in a circle or is longer than kChainLengthMax, or its sentinels disagree.
Result<std::vector<ChainLink>> load_chain(object_store::ObjectStore& store, const BackupName& name,
                                          std::stop_token stop);

}  // namespace cairn::repository
