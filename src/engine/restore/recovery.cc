// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/recovery.h"

#include <utility>

namespace cairn::engine {

namespace {

constexpr std::string_view kAutoConf = "postgresql.auto.conf";
constexpr std::uint64_t kAutoConfBytesMax = 16 << 20;

// Whether the backup had ended at the target, as far as that can be told before replay.
Result<bool> reaches(const BackupChoice& backup, const postgres::RecoveryTarget& target) {
  switch (target.kind) {
    case postgres::RecoveryTargetKind::Time: {
      const WallTime time = TRY(postgres::parse_target_time(target.value));
      return backup.finish_time <= time;
    }
    case postgres::RecoveryTargetKind::Lsn: {
      const postgres::Lsn lsn = TRY(postgres::parse_lsn(target.value));
      return backup.finish_lsn <= lsn;
    }
    case postgres::RecoveryTargetKind::Latest:
    case postgres::RecoveryTargetKind::TransactionId:
    case postgres::RecoveryTargetKind::Name:
    case postgres::RecoveryTargetKind::Immediate:
      return true;
  }
  return true;
}

std::string end_of(const BackupChoice& backup) {
  return fmt::format("{} (LSN {})", format_rfc3339(backup.finish_time), backup.finish_lsn.text());
}

Result<BackupChoice> choice_of(object_store::ObjectStore& store, const repository::BackupName& name,
                               std::stop_token stop) {
  const repository::Sentinel sentinel = TRY(repository::load_sentinel(store, name, stop));
  return BackupChoice{.name = name,
                      .finish_time = sentinel.finish_time,
                      .finish_lsn = sentinel.finish_lsn.value_or(postgres::Lsn{})};
}

}  // namespace

Result<repository::BackupName> choose_backup(const std::vector<BackupChoice>& backups,
                                             const postgres::RecoveryTarget& target) {
  const BackupChoice* best = nullptr;
  const BackupChoice* earliest = nullptr;
  for (const BackupChoice& backup : backups) {
    const bool is_usable = TRY(reaches(backup, target));
    if (is_usable && (best == nullptr || backup.finish_time >= best->finish_time)) best = &backup;
    if (earliest == nullptr || backup.finish_time < earliest->finish_time) earliest = &backup;
  }
  if (best != nullptr) return best->name;
  if (earliest == nullptr) return not_found("there is no backup in this repository");
  return not_found(
      "the recovery target {} lies before the end of every backup; the earliest, {}, ended at {}",
      target.value, earliest->name.text(), end_of(*earliest));
}

Result<> check_target(const BackupChoice& backup, const postgres::RecoveryTarget& target) {
  const bool is_usable = TRY(reaches(backup, target));
  if (is_usable) return {};
  return invalid_argument(
      "the recovery target {} lies before the end of backup {}, at {}; take an earlier backup, or "
      "LATEST to have it chosen",
      target.value, backup.name.text(), end_of(backup));
}

Result<repository::BackupName> backup_for_target(object_store::ObjectStore& store,
                                                 const std::string& name,
                                                 const postgres::RecoveryTarget& target,
                                                 std::stop_token stop) {
  if (name != repository::kLatest) {
    const auto entry = TRY(repository::resolve_backup(store, name, stop));
    const BackupChoice choice = TRY(choice_of(store, entry.name, stop));
    TRY(check_target(choice, target));
    return entry.name;
  }
  const bool is_newest = target.kind != postgres::RecoveryTargetKind::Time &&
                         target.kind != postgres::RecoveryTargetKind::Lsn;
  if (is_newest) return TRY(repository::resolve_backup(store, name, stop)).name;
  const auto entries = TRY(repository::list_backups(store, stop));
  std::vector<BackupChoice> choices;
  for (const repository::BackupEntry& entry : entries) {
    choices.push_back(TRY(choice_of(store, entry.name, stop)));
  }
  return choose_backup(choices, target);
}

Result<> write_recovery_settings(files::Directory& data_directory,
                                 const postgres::RecoveryTarget& target,
                                 const std::string& restore_command) {
  Result<std::string> existing = files::read_file(data_directory, kAutoConf, kAutoConfBytesMax);
  if (!existing.ok() && existing.error().code() == ErrorCode::NotFound) existing = std::string();
  const std::string auto_conf = TRY(std::move(existing));
  const std::string settings =
      TRY(postgres::with_recovery_settings(auto_conf, target, restore_command));
  TRY(files::write_file_atomically(data_directory, kAutoConf, settings, 0600));
  return files::write_file_atomically(data_directory, postgres::kRecoverySignalName, "", 0600);
}

}  // namespace cairn::engine
