// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/recovery.h"

#include <gtest/gtest.h>

#include "files/disk_directory.h"
#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

using postgres::RecoveryTarget;
using postgres::RecoveryTargetKind;

BackupChoice choice(std::string_view segment, int hour, std::uint64_t lsn) {
  return {.name = repository::BackupName::full(segment),
          .finish_time =
              std::chrono::sys_days{std::chrono::year{2026} / 8 / 20} + std::chrono::hours(hour),
          .finish_lsn = {lsn}};
}

const std::vector<BackupChoice> kBackups = {
    choice("000000010000000000000009", 12, 0x9000100),  // Not in the order of time.
    choice("000000010000000000000003", 8, 0x3000100),
    choice("000000010000000000000006", 10, 0x6000100),
};

TEST(ChooseBackupTest, TakesTheNewestThatHadEnded) {
  struct Case {
    RecoveryTarget target;
    std::string_view expected;  // the last digit of the backup; "" for none
  };
  const Case cases[] = {
      {{.kind = RecoveryTargetKind::Time, .value = "2026-08-20 11:00:00Z"}, "6"},
      // At the very end of a backup it is consistent.
      {{.kind = RecoveryTargetKind::Time, .value = "2026-08-20 10:00:00Z"}, "6"},
      {{.kind = RecoveryTargetKind::Time, .value = "2026-08-20 09:59:59.999999Z"}, "3"},
      {{.kind = RecoveryTargetKind::Time, .value = "2026-08-20 12:30:00+02"}, "6"},
      {{.kind = RecoveryTargetKind::Time, .value = "2026-08-21 00:00:00Z"}, "9"},
      {{.kind = RecoveryTargetKind::Time, .value = "2026-08-20 07:59:59Z"}, ""},
      {{.kind = RecoveryTargetKind::Lsn, .value = "0/6000100"}, "6"},
      {{.kind = RecoveryTargetKind::Lsn, .value = "0/60000FF"}, "3"},
      {{.kind = RecoveryTargetKind::Lsn, .value = "1/0"}, "9"},
      {{.kind = RecoveryTargetKind::Lsn, .value = "0/3000000"}, ""},
      // When these happened nobody can say before replay.
      {{.kind = RecoveryTargetKind::Latest}, "9"},
      {{.kind = RecoveryTargetKind::Immediate}, "9"},
      {{.kind = RecoveryTargetKind::TransactionId, .value = "777"}, "9"},
      {{.kind = RecoveryTargetKind::Name, .value = "before"}, "9"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.target.value);
    const auto chosen = choose_backup(kBackups, c.target);
    if (c.expected.empty()) {
      ASSERT_EQ(tests::outcome(chosen), "NotFound");
      // Says what the earliest possible target is.
      EXPECT_NE(chosen.error().message().find("2026-08-20T08:00:00Z (LSN 0/3000100)"),
                std::string::npos)
          << chosen.error().message();
      continue;
    }
    ASSERT_OK(chosen);
    EXPECT_TRUE(chosen.value().text().ends_with(c.expected)) << chosen.value().text();
  }
}

TEST(ChooseBackupTest, WithoutBackupsThereIsNoneToChoose) {
  const auto chosen = choose_backup({}, {});
  ASSERT_EQ(tests::outcome(chosen), "NotFound");
  EXPECT_NE(chosen.error().message().find("no backup"), std::string::npos);
}

TEST(ChooseBackupTest, ABadTargetIsRefused) {
  EXPECT_EQ(tests::outcome(choose_backup(
                kBackups, {.kind = RecoveryTargetKind::Time, .value = "2026-08-20 10:00:00"})),
            "InvalidArgument");
  EXPECT_EQ(tests::outcome(
                choose_backup(kBackups, {.kind = RecoveryTargetKind::Lsn, .value = "nonsense"}))
                .empty(),
            false);
}

TEST(CheckTargetTest, RefusesATargetBeforeTheEndOfTheBackup) {
  EXPECT_OK(check_target(kBackups[1], {.kind = RecoveryTargetKind::Lsn, .value = "0/3000100"}));
  const auto early =
      check_target(kBackups[0], {.kind = RecoveryTargetKind::Lsn, .value = "0/3000100"});
  ASSERT_EQ(tests::outcome(early), "InvalidArgument");
  EXPECT_NE(early.error().message().find("0/9000100"), std::string::npos);
}

class BackupForTargetTest : public testing::Test {
 protected:
  void add(const BackupChoice& backup) {
    repository::Sentinel sentinel;
    sentinel.start_lsn = postgres::Lsn{backup.finish_lsn.value - 0x50};
    sentinel.finish_lsn = backup.finish_lsn;
    sentinel.finish_time = backup.finish_time;
    sentinel.pg_version = 150004;
    clock_.advance(std::chrono::minutes(1));
    ASSERT_OK(store_.put(repository::sentinel_key(backup.name),
                         repository::encode_sentinel(sentinel), {}, {}));
  }
  std::string chosen(const std::string& name, const RecoveryTarget& target) {
    const auto result = backup_for_target(store_, name, target, {});
    return result.ok() ? result.value().text() : tests::outcome(result);
  }

  ManualClock clock_{WallTime{}};
  object_store::MemoryStore store_{clock_};
};

TEST_F(BackupForTargetTest, ChoosesForLatestAndChecksWhatIsNamed) {
  EXPECT_EQ(chosen("LATEST", {}), "NotFound");
  for (const BackupChoice& backup : {kBackups[1], kBackups[2], kBackups[0]}) add(backup);
  const RecoveryTarget at_eleven = {.kind = RecoveryTargetKind::Time,
                                    .value = "2026-08-20 11:00:00Z"};
  EXPECT_EQ(chosen("LATEST", at_eleven), "base_000000010000000000000006");
  EXPECT_EQ(chosen("LATEST", {}), "base_000000010000000000000009");
  EXPECT_EQ(chosen("base_000000010000000000000003", at_eleven), "base_000000010000000000000003");
  EXPECT_EQ(chosen("base_000000010000000000000009", at_eleven), "InvalidArgument");
  EXPECT_EQ(chosen("base_0000000100000000000000FF", at_eleven), "NotFound");
}

TEST_F(BackupForTargetTest, AnUnreadableSentinelIsNotPassedOver) {
  add(kBackups[1]);
  ASSERT_OK(store_.put(repository::sentinel_key(kBackups[2].name), "{\"LSN\":1", {}, {}));
  EXPECT_EQ(chosen("LATEST", {.kind = RecoveryTargetKind::Lsn, .value = "1/0"}), "Corrupt");
}

TEST(WriteRecoverySettingsTest, WritesSettingsAndSignal) {
  const tests::TemporaryDirectory directory;
  const auto root = files::open_disk_directory(directory.path()).value();
  const std::string conf = directory.path() + "/postgresql.auto.conf";
  for (const bool has_conf : {false, true}) {
    if (has_conf) {
      tests::write_whole_file(conf, "work_mem = '5MB'\nrecovery_target_name = 'old'\n");
    }
    ASSERT_OK(write_recovery_settings(
        *root, {.kind = RecoveryTargetKind::Lsn, .value = "0/3000100"}, "cairn wal-fetch %f %p"));
    const std::string text = tests::read_whole_file(conf);
    EXPECT_NE(text.find("recovery_target_lsn = '0/3000100'"), std::string::npos) << text;
    EXPECT_NE(text.find("restore_command = 'cairn wal-fetch %f %p'"), std::string::npos) << text;
    EXPECT_EQ(text.find("'old'"), std::string::npos) << text;
    EXPECT_EQ(text.find("work_mem") != std::string::npos, has_conf) << text;
    EXPECT_EQ(tests::read_whole_file(directory.path() + "/recovery.signal"), "");
  }
}

TEST(WriteRecoverySettingsTest, ABadTargetWritesNothing) {
  const tests::TemporaryDirectory directory;
  const auto root = files::open_disk_directory(directory.path()).value();
  EXPECT_EQ(tests::outcome(write_recovery_settings(
                *root, {.kind = RecoveryTargetKind::TransactionId, .value = "x"}, "cp %f %p")),
            "InvalidArgument");
  EXPECT_TRUE(root->list("").value().empty());
}

}  // namespace
}  // namespace cairn::engine
