// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/inventory.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/synthetic_repository.h"

namespace cairn::engine {
namespace {

using object_store::Operation;
using repository::BackupName;

class InventoryTest : public testing::Test {
 protected:
  ManualClock clock{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 8 / 20))};
  object_store::MemoryStore store{clock};
  tests::SyntheticRepository repo{store, clock};
};

TEST_F(InventoryTest, KnowsEveryBackupAndEveryLeftover) {
  const BackupName full = repo.add_full(1, 10, true);
  const BackupName delta = repo.add_delta(1, 12, full);
  repo.add_unfinished("base_00000001000000000000000F_D_00000001000000000000000C");
  const Inventory inventory = load_inventory(store, {}, {}).value();
  ASSERT_EQ(inventory.backups.size(), 2U);
  EXPECT_EQ(inventory.backups[0].name, full);
  EXPECT_TRUE(inventory.backups[0].is_permanent);
  EXPECT_EQ(inventory.backups[1].name, delta);
  EXPECT_EQ(inventory.backups[1].delta->parent, full);
  EXPECT_EQ(inventory.backups[1].start, (postgres::WalSegment{.timeline = {1}, .number = 12}));
  ASSERT_EQ(inventory.leftovers.size(), 1U);
  EXPECT_EQ(inventory.leftovers[0].parent_segment, "00000001000000000000000C");
  EXPECT_EQ(inventory.leftovers[0].newest, clock.now());
  EXPECT_FALSE(inventory.leftovers[0].is_marked_deleted);
}

TEST_F(InventoryTest, TakesAMarkForADeletionUnlessTheNameIsInUseAgain) {
  const BackupName name = repo.add_unfinished("base_00000001000000000000000F");
  clock.advance(std::chrono::seconds(1));
  repo.put(repository::deletion_mark_key(name).text());
  EXPECT_TRUE(load_inventory(store, {}, {}).value().leftovers[0].is_marked_deleted);
  clock.advance(std::chrono::seconds(1));
  repo.add_unfinished(name.text());
  EXPECT_FALSE(load_inventory(store, {}, {}).value().leftovers[0].is_marked_deleted);
}

TEST_F(InventoryTest, FailsClosed) {
  const BackupName name = repo.add_full(1, 10);
  repo.add_unfinished("base_00000001000000000000000F");
  tests::FaultyStore faulty(store);
  struct Case {
    Operation operation;
    std::string_view pattern;
  };
  const Case cases[] = {{Operation::List, ""},
                        {Operation::List, "0F/"},
                        {Operation::Open, "sentinel"},
                        {Operation::Open, "metadata"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.pattern);
    faulty.add_fault({.operation = c.operation, .key_pattern = std::string(c.pattern)});
    const auto inventory = load_inventory(faulty, {}, {});
    ASSERT_EQ(tests::outcome(inventory), "Unavailable");
    EXPECT_NE(inventory.error().message().find("nothing was deleted"), std::string::npos);
    EXPECT_EQ(faulty.faults_left(), 0);
  }
  ASSERT_OK(store.put(repository::metadata_key(name), "{", {}, {}));
  EXPECT_EQ(tests::outcome(load_inventory(store, {}, {})), "Corrupt");
  ASSERT_OK(store.remove(repository::metadata_key(name), {}));
  const auto missing = load_inventory(store, {}, {});
  ASSERT_EQ(tests::outcome(missing), "Corrupt");
  // The way out.
  EXPECT_NE(missing.error().message().find("backup-mark -i " + name.text()), std::string::npos);
  ASSERT_OK(store.put(repository::sentinel_key(name), "{", {}, {}));
  EXPECT_EQ(tests::outcome(load_inventory(store, {}, {})), "Corrupt");
}

TEST_F(InventoryTest, OldBackupsNeedNoMetadata) {
  const BackupName name = BackupName::full("00000001000000000000000A");
  repo.put(repository::sentinel_key(name).text(), R"({"LSN":167772200,"IsPermanent":false})");
  const auto inventory = load_inventory(store, {}, {});
  ASSERT_OK(inventory);
  EXPECT_FALSE(inventory.value().backups[0].is_permanent);
}

TEST_F(InventoryTest, NoticesAWrongSegmentSize) {
  repo.add_full(1, 10);
  for (const std::uint64_t size : {std::uint64_t{1} << 20, std::uint64_t{64} << 20}) {
    const auto inventory =
        load_inventory(store, {.segment_size = postgres::WalSegmentSize::of(size).value()}, {});
    ASSERT_EQ(tests::outcome(inventory), "InvalidArgument");
    EXPECT_NE(inventory.error().message().find("WALG_PG_WAL_SIZE"), std::string::npos);
  }
}

TEST_F(InventoryTest, ReadsManyBackupsWithAnyNumberOfThreads) {
  for (std::uint64_t i = 1; i <= 50; ++i) repo.add_full(1, i);
  for (const int threads : {0, 1, 8, 100}) {
    const auto inventory = load_inventory(store, {.thread_count = threads}, {});
    ASSERT_OK(inventory);
    ASSERT_EQ(inventory.value().backups.size(), 50U);
    for (std::uint64_t i = 1; i <= 50; ++i) {
      EXPECT_EQ(inventory.value().backups[i - 1].start->number, i);
    }
  }
}

TEST_F(InventoryTest, ListsForeignNames) {
  const BackupName name = BackupName::parse("by-hand").value();
  repo.put(repository::sentinel_key(name).text(), "{}");
  const Inventory inventory = load_inventory(store, {}, {}).value();
  ASSERT_EQ(inventory.backups.size(), 1U);
  EXPECT_EQ(inventory.backups[0].start, std::nullopt);
}

}  // namespace
}  // namespace cairn::engine
