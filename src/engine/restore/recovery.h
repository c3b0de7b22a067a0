// SPDX-License-Identifier: Apache-2.0
// From a base backup to a point in time: which backup to take, and the settings that lead there.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/directory.h"
#include "object_store/object_store.h"
#include "postgres/recovery_settings.h"
#include "repository/catalog.h"

namespace cairn::engine {

// What a choice needs to know of a backup.
struct BackupChoice {
  repository::BackupName name;
  WallTime finish_time = {};
  postgres::Lsn finish_lsn = {};
};

// The newest of `backups` from which `target` can be reached: one that had ended by then. Which one
// had is known for times and LSNs; for other targets it is the newest of all. NotFound says what
// there is instead. Pure.
Result<repository::BackupName> choose_backup(const std::vector<BackupChoice>& backups,
                                             const postgres::RecoveryTarget& target);

// Whether `target` can lie after the end of `backup`; InvalidArgument says why not. Pure.
Result<> check_target(const BackupChoice& backup, const postgres::RecoveryTarget& target);

// The backup to restore for `target`: the one named, checked, or for LATEST the one chosen as
// above.
Result<repository::BackupName> backup_for_target(object_store::ObjectStore& store,
                                                 const std::string& name,
                                                 const postgres::RecoveryTarget& target,
                                                 std::stop_token stop);

// Writes the recovery settings and recovery.signal into a restored data directory.
Result<> write_recovery_settings(files::Directory& data_directory,
                                 const postgres::RecoveryTarget& target,
                                 const std::string& restore_command);

}  // namespace cairn::engine
