// SPDX-License-Identifier: Apache-2.0
// backup-push is killed at every write, once so that the write fails and once so that only its
// reply is lost. Whatever it leaves: what is listed restores, a retry succeeds, the rest is
// collected.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "engine/retention/retention.h"
#include "repository/catalog.h"
#include "tests/support/backup_world.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

using tests::BackupTestWorld;
using tests::DieAfter;
using tests::FaultyStore;

// Write k is always the same one.
void make_repeatable(BackupTestWorld& world) {
  world.settings.reader_count = 1;
  world.settings.tar_bytes_max = 80 << 10;
  world.settings.upload = {.part_bytes = 40 << 10, .thread_count = 1};
}

void expect_restorable(BackupTestWorld& world, const std::string& name) {
  const auto verified = world.verify(name);
  ASSERT_OK(verified);
  EXPECT_TRUE(verified.value().is_good()) << verified.value().findings.front();
  const tests::TemporaryDirectory target;
  const auto fetched = world.fetch(name, target.path());
  ASSERT_OK(fetched);
  EXPECT_TRUE(fetched.value().is_verified);
}

// What belongs to no listed backup, WAL and claim apart.
std::vector<std::string> strays(BackupTestWorld& world) {
  const auto backups = repository::list_backups(world.store, {}).value();
  std::vector<std::string> keys;
  for (const auto& object :
       list_all(world.store, {.prefix = "basebackups_005/base_"}, 10'000, {}).value()) {
    const bool is_of_a_backup = std::ranges::any_of(backups, [&](const auto& backup) {
      return object.key.starts_with(repository::backup_prefix(backup.name)) ||
             object.key == repository::sentinel_key(backup.name).text();
    });
    if (!is_of_a_backup) keys.push_back(object.key);
  }
  return keys;
}

void collect_garbage(BackupTestWorld& world) {
  world.clock.advance(std::chrono::hours(48));
  const auto collected =
      run_delete(world.store, {.verb = DeleteVerb::Garbage}, {}, /*is_confirmed=*/true, world.clock,
                 [](std::string_view) {}, {});
  ASSERT_OK(collected);
  EXPECT_EQ(collected.value().failure_count, 0U);
}

std::int64_t count_writes(const std::shared_ptr<tests::SampleCluster>& cluster) {
  BackupTestWorld world(cluster);
  make_repeatable(world);
  FaultyStore store(world.store);
  EXPECT_OK(world.push(store));
  return store.write_count();
}

TEST(BackupCrashTest, ABackupIsListedOnlyOnceItIsComplete) {
  const auto cluster = std::make_shared<tests::SampleCluster>();
  const std::int64_t write_count = count_writes(cluster);
  ASSERT_GT(write_count, 12);
  for (const bool reply_lost : {false, true}) {
    for (std::int64_t writes = 0; writes < write_count; ++writes) {
      SCOPED_TRACE(fmt::format("died at write {} of {}{}", writes, write_count,
                               reply_lost ? ", its reply lost" : ""));
      BackupTestWorld world(cluster);
      make_repeatable(world);
      FaultyStore store(world.store, DieAfter{.writes = writes, .reply_lost = reply_lost});
      const auto died = world.push(store);
      ASSERT_FALSE(died.ok());
      // The last write is the sentinel: if it took effect, the backup is there and whole.
      const bool is_there = reply_lost && writes + 1 == write_count;
      const auto listed = repository::list_backups(world.store, {});
      ASSERT_OK(listed);
      ASSERT_EQ(listed.value().size(), is_there ? 1U : 0U);
      if (is_there) expect_restorable(world, listed.value()[0].name.text());

      const auto retried = world.push();
      ASSERT_OK(retried);
      expect_restorable(world, retried.value().name);
      collect_garbage(world);
      EXPECT_EQ(strays(world), std::vector<std::string>{});
      EXPECT_EQ(world.store.unfinished_count(), 0U);
      EXPECT_EQ(repository::list_backups(world.store, {}).value().size(), is_there ? 2U : 1U);
      const auto verified = world.verify(retried.value().name);
      ASSERT_OK(verified);
      EXPECT_TRUE(verified.value().is_good());
    }
  }
}

// A store that fails once and works again: nothing may be left then, because nobody died.
TEST(BackupCrashTest, AnErrorAtAnyWriteLeavesNothingBehind) {
  using object_store::Operation;
  const auto cluster = std::make_shared<tests::SampleCluster>();
  struct Case {
    Operation operation;
    std::string key_pattern;
  };
  const Case cases[] = {
      {Operation::PutIfAbsent, "owner|cairn"},  {Operation::StartUpload, "part_001"},
      {Operation::PutPart, "part_001"},         {Operation::Complete, "part_001"},
      {Operation::Put, "part_00[2-9]"},         {Operation::Put, "pg_control"},
      {Operation::Put, "backup_label"},         {Operation::Put, "files_metadata"},
      {Operation::Put, "cairn_integrity.json"}, {Operation::Put, "/metadata.json"},
  };
  for (const Case& c : cases) {
    for (const auto kind : {tests::Fault::Kind::Fail, tests::Fault::Kind::LoseReply}) {
      SCOPED_TRACE(fmt::format("{} {}{}", operation_name(c.operation), c.key_pattern,
                               kind == tests::Fault::Kind::Fail ? "" : ", its reply lost"));
      BackupTestWorld world(cluster);
      make_repeatable(world);
      FaultyStore store(world.store);
      store.add_fault({.operation = c.operation, .key_pattern = c.key_pattern, .kind = kind});
      const auto pushed = world.push(store);
      EXPECT_EQ(store.faults_left(), 0);
      EXPECT_EQ(tests::outcome(pushed), "Unavailable");
      EXPECT_EQ(strays(world), std::vector<std::string>{});
      // An upload whose start we never heard of is for the garbage collection.
      const bool is_unknown =
          c.operation == Operation::StartUpload && kind == tests::Fault::Kind::LoseReply;
      EXPECT_EQ(world.store.unfinished_count(), is_unknown ? 1U : 0U);
      EXPECT_OK(world.push());
    }
  }
}

// The sentinel may have been stored although its reply says otherwise, so nothing is removed.
TEST(BackupCrashTest, AfterTheSentinelWasTriedNothingIsRemoved) {
  for (const auto kind : {tests::Fault::Kind::Fail, tests::Fault::Kind::LoseReply}) {
    BackupTestWorld world;
    FaultyStore store(world.store);
    store.add_fault(
        {.operation = object_store::Operation::Put, .key_pattern = "sentinel", .kind = kind});
    EXPECT_EQ(tests::outcome(world.push(store)), "Unavailable");
    const bool is_there = kind == tests::Fault::Kind::LoseReply;
    EXPECT_EQ(repository::list_backups(world.store, {}).value().size(), is_there ? 1U : 0U);
    if (is_there) expect_restorable(world, "LATEST");
    EXPECT_EQ(strays(world).empty(), is_there);
    EXPECT_OK(world.push());
    collect_garbage(world);
    EXPECT_EQ(strays(world), std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace cairn::engine
