// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/mark.h"

#include <gtest/gtest.h>

#include "tests/support/faulty_store.h"
#include "tests/support/synthetic_repository.h"

namespace cairn::engine {
namespace {

using repository::BackupName;

class MarkTest : public testing::Test {
 protected:
  Result<std::vector<BackupName>> mark(std::string_view name, bool is_permanent) {
    return mark_backup(store, name, is_permanent,
                       [&](std::string_view line) { lines.emplace_back(line); }, {});
  }
  bool is_permanent(const BackupName& name) {
    return repository::find_metadata(store, name, {}).value()->is_permanent;
  }

  ManualClock clock{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 8 / 20))};
  object_store::MemoryStore store{clock};
  tests::SyntheticRepository repo{store, clock};
  const BackupName full = repo.add_full(1, 10);
  const BackupName delta = repo.add_delta(1, 12, full);
  const BackupName leaf = repo.add_delta(1, 14, delta);
  std::vector<std::string> lines;
};

TEST_F(MarkTest, PermanentIncludesWhatTheBackupIsADeltaOf) {
  EXPECT_EQ(mark(delta.text(), true).value(), (std::vector<BackupName>{full, delta}));
  EXPECT_TRUE(is_permanent(full));
  EXPECT_TRUE(is_permanent(delta));
  EXPECT_FALSE(is_permanent(leaf));
  EXPECT_EQ(mark("LATEST", true).value(), std::vector<BackupName>{leaf});
}

TEST_F(MarkTest, RepeatingIsNoError) {
  ASSERT_OK(mark(full.text(), true));
  EXPECT_TRUE(mark(full.text(), true).value().empty());
  EXPECT_EQ(lines.back(), "Backup " + full.text() + " is already marked as permanent, ignoring...");
  EXPECT_TRUE(mark(delta.text(), false).value().empty());
}

TEST_F(MarkTest, ImpermanentIsRefusedWhileAPermanentDeltaDepends) {
  ASSERT_OK(mark(leaf.text(), true));
  for (const BackupName& name : {full, delta}) {
    const auto refused = mark(name.text(), false);
    ASSERT_EQ(tests::outcome(refused), "InvalidArgument");
    EXPECT_NE(refused.error().message().find("permanent increment"), std::string::npos);
  }
  ASSERT_OK(mark(leaf.text(), false));
  EXPECT_TRUE(is_permanent(delta));
  ASSERT_OK(mark(delta.text(), false));
  ASSERT_OK(mark(full.text(), false));
  EXPECT_FALSE(is_permanent(full));
}

TEST_F(MarkTest, KeepsEverythingElseAndTheTimeOfTheBackup) {
  const auto before = repository::list_backups(store, {}).value();
  const auto metadata = repository::find_metadata(store, full, {}).value();
  clock.advance(std::chrono::hours(1));
  ASSERT_OK(mark(full.text(), true));
  auto marked = repository::find_metadata(store, full, {}).value();
  marked->is_permanent = false;
  EXPECT_EQ(marked, metadata);
  EXPECT_EQ(repository::list_backups(store, {}).value(), before);
}

TEST_F(MarkTest, MakesMissingMetadataAgain) {
  const auto metadata = repository::find_metadata(store, full, {}).value();
  for (const bool is_permanent_now : {false, true}) {
    ASSERT_OK(store.remove(repository::metadata_key(full), {}));
    EXPECT_EQ(mark(full.text(), is_permanent_now).value(), std::vector<BackupName>{full});
    EXPECT_EQ(is_permanent(full), is_permanent_now);
    EXPECT_EQ(repository::find_metadata(store, full, {}).value()->start_lsn, metadata->start_lsn);
  }
}

TEST_F(MarkTest, FailsOnWhatItCannotReadAndOnUnknownNames) {
  EXPECT_EQ(tests::outcome(mark("base_0000000100000000000000FF", true)), "NotFound");
  ASSERT_OK(store.put(repository::metadata_key(full), "{", {}, {}));
  EXPECT_EQ(tests::outcome(mark(full.text(), true)), "Corrupt");
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = object_store::Operation::Put, .key_pattern = "metadata"});
  ASSERT_OK(store.remove(repository::metadata_key(full), {}));
  EXPECT_EQ(tests::outcome(mark_backup(faulty, full.text(), true, [](std::string_view) {}, {})),
            "Unavailable");
}

}  // namespace
}  // namespace cairn::engine
