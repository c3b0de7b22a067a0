// SPDX-License-Identifier: Apache-2.0
#include "repository/catalog.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"

namespace cairn::repository {
namespace {

using object_store::MemoryStore;
using object_store::ObjectKey;

const BackupName kFull = BackupName::full("00000001000000000000000C");
const BackupName kDelta = BackupName::delta("00000001000000000000000E", kFull);
const BackupName kSecondDelta = BackupName::delta("000000010000000000000010", kDelta);

class CatalogTest : public testing::Test {
 protected:
  void put(const BackupName& name, const Sentinel& sentinel) {
    ASSERT_OK(store.put(sentinel_key(name), encode_sentinel(sentinel), {}, {}));
    clock.advance(std::chrono::seconds(1));
  }
  static Sentinel full(std::uint64_t lsn) {
    Sentinel sentinel;
    sentinel.start_lsn = postgres::Lsn{lsn};
    sentinel.system_identifier = 7;
    return sentinel;
  }
  static Sentinel delta(std::uint64_t lsn, std::uint64_t parent_lsn, const BackupName& parent) {
    Sentinel sentinel = full(lsn);
    sentinel.delta = DeltaOrigin{
        .parent_lsn = postgres::Lsn{parent_lsn}, .parent = parent, .full = kFull, .count = 1};
    return sentinel;
  }
  void put_chain() {
    put(kFull, full(100));
    put(kDelta, delta(200, 100, kFull));
    put(kSecondDelta, delta(300, 200, kDelta));
  }

  ManualClock clock{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 8 / 20))};
  MemoryStore store{clock};
};

TEST_F(CatalogTest, ListsBackupsByTheTimeOfTheirSentinels) {
  put_chain();
  // A backup without sentinel does not exist, and strangers are ignored.
  ASSERT_OK(store.put(part_key(BackupName::full("0000000100000000000000FF"), 1, {}), "x", {}, {}));
  ASSERT_OK(store.put(ObjectKey("basebackups_005/readme"), "x", {}, {}));
  store.set_modified(sentinel_key(kFull), clock.now());
  const auto backups = list_backups(store, {});
  ASSERT_OK(backups);
  std::vector<std::string> names;
  for (const BackupEntry& entry : backups.value()) names.push_back(entry.name.text());
  EXPECT_EQ(names, (std::vector<std::string>{kDelta.text(), kSecondDelta.text(), kFull.text()}));
}

TEST_F(CatalogTest, ResolvesNamesAndLatest) {
  put_chain();
  EXPECT_EQ(resolve_backup(store, kFull.text(), {}).value().name, kFull);
  EXPECT_EQ(resolve_backup(store, "LATEST", {}).value().name, kSecondDelta);
  const auto unknown = resolve_backup(store, "base_0000000100000000000000FF", {});
  ASSERT_EQ(tests::outcome(unknown), "NotFound");
  EXPECT_EQ(unknown.error().message(),
            "no backup base_0000000100000000000000FF; the newest of 3 is " + kSecondDelta.text());
  EXPECT_EQ(tests::outcome(resolve_backup(store, "../x", {})), "InvalidArgument");
}

TEST_F(CatalogTest, SaysThatARepositoryIsEmpty) {
  for (const std::string_view name : {"LATEST", "base_0000000100000000000000FF"}) {
    const auto nothing = resolve_backup(store, name, {});
    ASSERT_EQ(tests::outcome(nothing), "NotFound");
    EXPECT_NE(nothing.error().message().find("there are no backups"), std::string::npos);
  }
}

TEST_F(CatalogTest, WalksAChainFromItsFullBackup) {
  put_chain();
  const auto chain = load_chain(store, kSecondDelta, {});
  ASSERT_OK(chain);
  ASSERT_EQ(chain.value().size(), 3U);
  EXPECT_EQ(chain.value()[0].name, kFull);
  EXPECT_EQ(chain.value()[1].name, kDelta);
  EXPECT_EQ(chain.value()[2].name, kSecondDelta);
  EXPECT_EQ(load_chain(store, kFull, {}).value().size(), 1U);
  EXPECT_EQ(tests::outcome(load_chain(store, BackupName::full("0000000100000000000000FF"), {})),
            "NotFound");
}

TEST_F(CatalogTest, RefusesBrokenChains) {
  struct Case {
    std::string_view message;
    std::function<void()> break_it;
  };
  const Case cases[] = {
      {"which does not exist", [&] { ASSERT_OK(store.remove(sentinel_key(kFull), {})); }},
      {"was replaced", [&] { put(kFull, full(101)); }},
      {"depends on itself", [&] { put(kFull, delta(100, 300, kSecondDelta)); }},
      {"of database system 7",
       [&] {
         Sentinel other = full(100);
         other.system_identifier = 8;
         put(kFull, other);
       }},
      {"says its chain begins with",
       [&] {
         Sentinel other = delta(200, 100, kFull);
         other.delta->full = kDelta;
         put(kDelta, other);
       }},
      {"not JSON", [&] { ASSERT_OK(store.put(sentinel_key(kDelta), "{", {}, {})); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    put_chain();
    c.break_it();
    const auto chain = load_chain(store, kSecondDelta, {});
    ASSERT_EQ(tests::outcome(chain), "Corrupt");
    EXPECT_NE(chain.error().message().find(c.message), std::string::npos)
        << chain.error().message();
  }
}

TEST_F(CatalogTest, FindsRecordsThatMayBeAbsent) {
  put(kFull, full(100));
  EXPECT_EQ(find_metadata(store, kFull, {}).value(), std::nullopt);
  EXPECT_EQ(find_integrity(store, kFull, {}).value(), std::nullopt);
  ASSERT_OK(store.put(metadata_key(kFull), encode_metadata({}), {}, {}));
  ASSERT_OK(store.put(integrity_key(kFull), encode_integrity({}), {}, {}));
  EXPECT_TRUE(find_metadata(store, kFull, {}).value().has_value());
  EXPECT_TRUE(find_integrity(store, kFull, {}).value().has_value());
  ASSERT_OK(store.put(metadata_key(kFull), std::string(kMetadataBytesMax + 1, ' '), {}, {}));
  EXPECT_EQ(tests::outcome(find_metadata(store, kFull, {})), "Corrupt");
}

TEST_F(CatalogTest, NeverTakesAFailureForAbsence) {
  put_chain();
  tests::FaultyStore faulty(store);
  const auto fail = [&](object_store::Operation operation) {
    faulty.add_fault({.operation = operation});
  };
  fail(object_store::Operation::List);
  EXPECT_EQ(tests::outcome(list_backups(faulty, {})), "Unavailable");
  fail(object_store::Operation::Head);
  EXPECT_EQ(tests::outcome(resolve_backup(faulty, kFull.text(), {})), "Unavailable");
  fail(object_store::Operation::Open);
  EXPECT_EQ(tests::outcome(find_metadata(faulty, kFull, {})), "Unavailable");
  faulty.add_fault({.operation = object_store::Operation::Open, .key_pattern = "0C_backup"});
  EXPECT_EQ(tests::outcome(load_chain(faulty, kSecondDelta, {})), "Unavailable");
}

}  // namespace
}  // namespace cairn::repository
