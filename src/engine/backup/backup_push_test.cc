// SPDX-License-Identifier: Apache-2.0
// What backup-push refuses, what it reports, and what it leaves behind when it fails.
#include "engine/backup/backup_push.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "repository/catalog.h"
#include "repository/ownership.h"
#include "tests/support/backup_world.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"

namespace cairn::engine {
namespace {

using tests::BackupTestWorld;
using tests::SampleCluster;

std::size_t backup_count(BackupTestWorld& world) {
  return repository::list_backups(world.store, {}).value().size();
}

// What a failed backup left: nothing of it may stay but WAL and the claim of the repository.
std::vector<std::string> left_objects(BackupTestWorld& world) {
  std::vector<std::string> keys;
  const auto objects = list_all(world.store, {.prefix = "basebackups_005/"}, 1000, {});
  for (const auto& object : objects.value()) {
    if (object.key != repository::ownership_key().text()) keys.push_back(object.key);
  }
  return keys;
}

TEST(BackupPushTest, RefusesWhatCannotBecomeARestorableBackup) {
  struct Case {
    std::string_view name;
    std::function<void(BackupTestWorld&)> spoil;
    std::string expected;
    std::string_view text;
  };
  const Case cases[] = {
      {"no PGDATA", [](auto& w) { w.settings.pgdata += "/no"; }, "NotFound", "PGDATA"},
      {"no cluster", [](auto& w) { w.settings.pgdata += "/base"; }, "NotFound",
       "not a PostgreSQL data directory"},
      {"a broken control file",
       [](auto& w) { w.cluster.add_file("global/pg_control", std::string(8192, 'x')); }, "Corrupt",
       "pg_control"},
      {"another server's directory", [](auto& w) { w.server.script().data_directory = "/tmp"; },
       "InvalidArgument", "is not the data directory of the server"},
      {"another system", [](auto& w) { w.server.script().system_identifier = 42; },
       "InvalidArgument", "system identifier 42"},
      {"archive_mode off", [](auto& w) { w.server.script().archive_mode = "off"; },
       "InvalidArgument", "archive_mode is off"},
      {"no archive_command", [](auto& w) { w.server.script().archive_command = ""; },
       "InvalidArgument", "archive_command is empty"},
      {"archive_command disabled",
       [](auto& w) { w.server.script().archive_command = "(disabled)"; }, "InvalidArgument",
       "archive_command is empty"},
      {"an unknown server", [](auto& w) { w.server.script().version_number = 120000; },
       "InvalidArgument", "PostgreSQL 12"},
      {"the server is down",
       [](auto& w) {
         w.server.script().on_query = [](const std::string&) -> Result<> {
           return unavailable("connection refused");
         };
       },
       "Unavailable", "connection refused"},
      {"somebody else's repository",
       [](auto& w) {
         EXPECT_OK(w.store.put(repository::ownership_key(),
                               repository::encode_ownership({.system_identifier = 42}), {}, {}));
       },
       "Denied", "42"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    BackupTestWorld world;
    c.spoil(world);
    const auto pushed = world.push();
    ASSERT_EQ(tests::outcome(pushed), c.expected);
    EXPECT_NE(pushed.error().message().find(c.text), std::string::npos) << pushed.error().message();
    EXPECT_EQ(world.server.count("pg_backup_start"), 0);
    EXPECT_TRUE(left_objects(world).empty());
  }
}

TEST(BackupPushTest, AnErrorOfTheServerFailsTheBackupAndRemovesItsParts) {
  struct Case {
    std::string_view name;
    std::string_view statement;
    std::string_view text;
  };
  const Case cases[] = {
      {"at the start", "pg_backup_start", "start backup"},
      {"at the stop", "pg_backup_stop", "stop backup"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    BackupTestWorld world;
    world.server.script().on_query = [&](const std::string& sql) -> Result<> {
      if (sql.find(c.statement) == std::string::npos) return {};
      return unavailable("the connection was lost");
    };
    const auto pushed = world.push();
    ASSERT_EQ(tests::outcome(pushed), "Unavailable");
    EXPECT_NE(pushed.error().message().find(c.text), std::string::npos) << pushed.error().message();
    EXPECT_TRUE(left_objects(world).empty());
    EXPECT_EQ(world.store.unfinished_count(), 0U);
  }
}

TEST(BackupPushTest, ALostConnectionEndsTheCopyingAtOnce) {
  BackupTestWorld world;
  // With time standing still the copying would never end by itself: the disk gives nothing.
  world.disk_rate.set_rate(1);
  world.server.script().on_query = [](const std::string& sql) -> Result<> {
    if (sql != "SELECT 1") return {};
    return unavailable("the server closed the connection");
  };
  const auto pushed = world.push();
  ASSERT_EQ(tests::outcome(pushed), "Unavailable");
  EXPECT_NE(pushed.error().message().find("connection to PostgreSQL was lost"), std::string::npos)
      << pushed.error().message();
  EXPECT_EQ(world.server.count("pg_backup_stop"), 0);
  EXPECT_TRUE(left_objects(world).empty());
}

TEST(BackupPushTest, NoProgressDisplayIsNoReasonToFail) {
  BackupTestWorld world;
  world.server.script().on_query = [](const std::string& sql) -> Result<> {
    if (sql.find("pg_tablespace_size") == std::string::npos) return {};
    return denied("permission denied for tablespace");
  };
  EXPECT_OK(world.push());
}

TEST(BackupPushTest, WithoutItsWalThereIsNoBackup) {
  BackupTestWorld world;
  world.server.script().archives = false;
  const auto pushed = world.push();
  ASSERT_EQ(tests::outcome(pushed), "NotFound");
  EXPECT_NE(pushed.error().message().find("000000010000000000000003"), std::string::npos)
      << pushed.error().message();
  EXPECT_EQ(backup_count(world), 0U);
  EXPECT_TRUE(left_objects(world).empty());
}

TEST(BackupPushTest, ACorruptPageIsRecordedOrRefused) {
  for (const bool fails : {false, true}) {
    SCOPED_TRACE(fails);
    BackupTestWorld world;
    std::string pages = tests::relation_pages(20, 0, 1);
    pages[7 * 8192 + 5000] = static_cast<char>(pages[7 * 8192 + 5000] ^ 1);
    world.cluster.add_file("base/5/16385", pages);
    world.settings.fails_on_corruption = fails;
    const auto pushed = world.push();
    if (fails) {
      ASSERT_EQ(tests::outcome(pushed), "Corrupt");
      EXPECT_NE(pushed.error().message().find("block 7 of base/5/16385"), std::string::npos)
          << pushed.error().message();
      EXPECT_TRUE(left_objects(world).empty());
      continue;
    }
    ASSERT_OK(pushed);
    EXPECT_EQ(pushed.value().corrupt_page_count, 1U);
    const auto name = repository::BackupName::parse(pushed.value().name).value();
    const auto integrity = repository::find_integrity(world.store, name, {}).value();
    ASSERT_TRUE(integrity);
    ASSERT_EQ(integrity->corrupt_pages.size(), 1U);
    EXPECT_EQ(integrity->corrupt_pages[0],
              (repository::CorruptPage{.file = "base/5/16385", .block = 7}));
    EXPECT_EQ(repository::find_metadata(world.store, name, {}).value()->corrupt_page_count, 1U);
    // It restores as it was; what is wrong is for the verification to say.
    const auto verified = world.verify();
    ASSERT_OK(verified);
    ASSERT_EQ(verified.value().finding_count, 1U);
    EXPECT_NE(verified.value().findings[0].find("block 7 of base/5/16385"), std::string::npos);
  }
}

TEST(BackupPushTest, LeftoversOfADeadBackupOfTheSameNameAreRemoved) {
  BackupTestWorld world;
  const std::string stray =
      "basebackups_005/base_000000010000000000000003/tar_partitions/part_99.tar";
  ASSERT_OK(world.store.put(object_store::ObjectKey(stray), "half", {}, {}));
  ASSERT_OK(world.push());
  EXPECT_FALSE(find(world.store, object_store::ObjectKey(stray), {}).value());
}

TEST(BackupPushTest, AnExistingBackupIsNeverOverwritten) {
  BackupTestWorld world;
  ASSERT_OK(world.push());
  // The next backup would get the name of the first: as on a standby without new WAL.
  BackupTestWorld again;
  const auto session = again.server.connect();
  const auto before = list_all(world.store, {.prefix = ""}, 1000, {}).value().size();
  const auto pushed = again.push(world.store);
  ASSERT_EQ(tests::outcome(pushed), "AlreadyExists");
  EXPECT_NE(pushed.error().message().find("base_000000010000000000000003"), std::string::npos);
  EXPECT_EQ(list_all(world.store, {.prefix = ""}, 1000, {}).value().size(), before);
}

TEST(BackupPushTest, OnAStandbyTheServerDoesNotWaitForTheArchive) {
  BackupTestWorld world;
  world.server.script().is_in_recovery = true;
  const auto pushed = world.push();
  ASSERT_OK(pushed);
  EXPECT_EQ(pushed.value().name, "base_000000010000000000000003");
}

TEST(BackupPushTest, OnAStandbyYoungPartsMayBelongToARunningBackup) {
  BackupTestWorld world;
  world.server.script().is_in_recovery = true;
  const object_store::ObjectKey part(
      "basebackups_005/base_000000010000000000000003/tar_partitions/part_99.tar");
  ASSERT_OK(world.store.put(part, "half", {}, {}));
  EXPECT_EQ(tests::outcome(world.push()), "AlreadyExists");
  EXPECT_TRUE(find(world.store, part, {}).value());
  world.clock.advance(std::chrono::hours(25));
  ASSERT_OK(world.push());
  EXPECT_FALSE(find(world.store, part, {}).value());
}

TEST(BackupPushTest, AStandbyThatIsPromotedMeanwhileHasNoBackup) {
  for (const bool is_promoted : {true, false}) {
    BackupTestWorld world;
    world.server.script().is_in_recovery = true;
    world.server.script().on_query = [&](const std::string& sql) -> Result<> {
      if (sql.find("pg_backup_stop") == std::string::npos) return {};
      if (is_promoted) world.server.script().is_in_recovery = false;
      return {};
    };
    world.server.script().archives = true;
    if (!is_promoted) {
      std::atomic<int> asked = 0;
      world.server.script().on_query = [&](const std::string& sql) -> Result<> {
        if (sql.find("pg_control_system()") != std::string::npos && ++asked == 2) {
          world.server.script().timeline = 2;  // Follows another primary.
        }
        return {};
      };
      const auto pushed = world.push();
      EXPECT_EQ(tests::outcome(pushed), "Unavailable");
      EXPECT_TRUE(left_objects(world).empty());
      continue;
    }
    const auto pushed = world.push();
    ASSERT_EQ(tests::outcome(pushed), "Unavailable");
    EXPECT_NE(pushed.error().message().find("promoted"), std::string::npos);
    EXPECT_TRUE(left_objects(world).empty());
  }
}

TEST(BackupPushTest, BeingStoppedLeavesNothing) {
  for (const std::string_view moment : {"pg_tablespace_size", "pg_backup_stop"}) {
    SCOPED_TRACE(moment);
    BackupTestWorld world;
    std::stop_source stop;
    world.server.script().on_query = [&](const std::string& sql) -> Result<> {
      if (sql.find(moment) != std::string::npos) stop.request_stop();
      return {};
    };
    EXPECT_EQ(tests::outcome(world.push(world.store, stop.get_token())), "Cancelled");
    EXPECT_EQ(backup_count(world), 0U);
    EXPECT_TRUE(left_objects(world).empty());
    EXPECT_EQ(world.store.unfinished_count(), 0U);
  }
}

TEST(BackupPushTest, TheReasonOfAFailedUploadIsTheOneThatIsTold) {
  BackupTestWorld world;
  tests::FaultyStore store(world.store);
  store.add_fault({.operation = object_store::Operation::PutPart,
                   .key_pattern = "part_",
                   .code = ErrorCode::Denied});
  world.settings.reader_count = 3;
  const auto pushed = world.push(store);
  ASSERT_EQ(tests::outcome(pushed), "Denied");
  EXPECT_NE(pushed.error().message().find("tar_partitions/part_"), std::string::npos)
      << pushed.error().message();
  EXPECT_TRUE(left_objects(world).empty());
  EXPECT_EQ(world.store.unfinished_count(), 0U);
}

TEST(BackupPushTest, ATornControlFileIsReadAgain) {
  BackupTestWorld world;
  const std::string good =
      tests::read_whole_file(world.cluster.data_directory() + "/global/pg_control");
  std::string torn = good;
  torn[40] = static_cast<char>(torn[40] ^ 1);
  // The server is in the middle of writing it when it is to be copied, until the clock moves.
  class Clock final : public cairn::Clock {
   public:
    Clock(cairn::Clock& inner, std::function<void()> on_wait)
        : inner_(inner), on_wait_(std::move(on_wait)) {}
    WallTime now() override { return inner_.now(); }
    SteadyTime steady_now() override { return inner_.steady_now(); }
    Result<> wait_until(SteadyTime time, std::stop_token stop) override {
      if (time - inner_.steady_now() < std::chrono::seconds(1)) on_wait_();
      return inner_.wait_until(time, std::move(stop));
    }

   private:
    cairn::Clock& inner_;
    std::function<void()> on_wait_;
  };
  std::atomic<int> waits = 0;
  Clock clock(world.clock, [&] {
    if (++waits == 3) world.cluster.add_file("global/pg_control", good);
  });
  world.cluster.add_file("global/pg_control", torn);
  const auto session = world.server.connect();
  const auto pushed = push_backup({.store = world.store,
                                   .session = *session,
                                   .clock = clock,
                                   .disk_rate = world.disk_rate,
                                   .progress = world.progress,
                                   .sealing = world.sealing},
                                  world.settings, {});
  ASSERT_OK(pushed);
  EXPECT_EQ(waits, 3);
}

TEST(BackupPushTest, TellsItsMemoryBeforehand) {
  BackupSettings settings;
  settings.reader_count = 2;
  settings.upload = {.part_bytes = 8 << 20, .thread_count = 8};
  const auto bytes = backup_memory_bytes(settings, {.compression = codec::Compression::Zstd});
  EXPECT_GE(bytes, std::uint64_t{11} * (8 << 20));
  EXPECT_LT(bytes, std::uint64_t{192} << 20);
}

}  // namespace
}  // namespace cairn::engine
