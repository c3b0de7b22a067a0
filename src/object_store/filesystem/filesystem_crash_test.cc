// SPDX-License-Identifier: Apache-2.0
// Kills the store at every change it makes to the disk.
#include <gtest/gtest.h>

#include <functional>

#include "files/disk_directory.h"
#include "object_store/filesystem/filesystem_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_directory.h"
#include "tests/support/temporary_directory.h"

namespace cairn::object_store {
namespace {

using tests::DiskDeath;
using tests::DiskFault;
using tests::outcome;

const std::stop_token kNever;
const ObjectKey kKey("wal_005/segment");
constexpr std::int64_t kManyChanges = 1000;

// A folder on the disk, opened healthy or doomed.
class Disk {
 public:
  std::unique_ptr<ObjectStore> open() {
    return open_filesystem_store(directory_.path(), clock_, random_).value();
  }
  std::unique_ptr<ObjectStore> open_doomed(std::shared_ptr<DiskDeath> death) {
    auto root = files::open_disk_directory(directory_.path()).value();
    return make_filesystem_store(make_faulty_directory(std::move(root), std::move(death)), clock_,
                                 random_)
        .value();
  }
  // The object's bytes, or "" if there is none.
  std::string content() {
    const Result<Bytes> bytes = get(*open(), kKey, 1000, kNever);
    return bytes.ok() ? bytes.value() : "";
  }

 private:
  tests::TemporaryDirectory directory_;
  ManualClock clock_{parse_rfc3339("2026-08-20T10:00:00Z").value()};
  SeededRandom random_{1};
};

using Work = std::function<Result<>(ObjectStore&)>;

// Runs `work` failing at change 0, 1, … until there are no more; after each failure `expect` looks
// at what is left, then the work is repeated by a healthy process and collected, and must have its
// full effect.
void fail_everywhere(DiskFault fault, const Work& prepare, const Work& work,
                     const std::function<void(Disk&)>& expect,
                     const std::function<void(Disk&)>& expect_done) {
  for (std::int64_t changes = 0; changes < kManyChanges; ++changes) {
    SCOPED_TRACE(changes);
    Disk disk;
    ASSERT_OK(prepare(*disk.open()));
    const auto death = std::make_shared<DiskDeath>(changes, fault);
    const Result<> result = work(*disk.open_doomed(death));
    if (result.ok() && static_cast<std::int64_t>(death->journal().size()) > changes) {
      // Only the removal of an empty folder may fail without being told.
      EXPECT_EQ(fault, DiskFault::Once);
    } else if (result.ok()) {
      EXPECT_GE(changes, 2) << "the work changed nothing";
      expect_done(disk);
      return;
    }
    EXPECT_TRUE(result.ok() || outcome(result) == "Internal") << outcome(result);
    expect(disk);
    const Result<> again = work(*disk.open());
    EXPECT_TRUE(again.ok() || again.error().code() == ErrorCode::AlreadyExists)
        << again.error().message();
    expect_done(disk);
    EXPECT_LE(disk.open()->collect_unfinished("", WallTime::max(), kNever).value(), 1U);
    expect_done(disk);
  }
  FAIL() << "it never survived";
}

// Both when the process dies there, and when only that one step fails.
void crash_everywhere(const Work& prepare, const Work& work,
                      const std::function<void(Disk&)>& expect,
                      const std::function<void(Disk&)>& expect_done) {
  for (const DiskFault fault : {DiskFault::Death, DiskFault::Once}) {
    SCOPED_TRACE(fault == DiskFault::Death ? "death" : "failure");
    fail_everywhere(fault, prepare, work, expect, expect_done);
  }
}

Result<> nothing(ObjectStore&) {
  return {};
}

Result<> put_old(ObjectStore& store) {
  return store.put(kKey, "old", {}, kNever);
}

void expect_one_object(Disk& disk) {
  EXPECT_EQ(list_all(*disk.open(), {}, 100, kNever).value().size(), 1U);
}

TEST(FilesystemCrashTest, APutIsAllOrNothing) {
  const Work work = [](ObjectStore& store) { return store.put(kKey, "new", {}, kNever); };
  const auto expect_done = [](Disk& disk) {
    EXPECT_EQ(disk.content(), "new");
    expect_one_object(disk);
  };
  crash_everywhere(
      nothing, work,
      [](Disk& disk) { EXPECT_TRUE(disk.content().empty() || disk.content() == "new"); },
      expect_done);
  crash_everywhere(
      put_old, work,
      [](Disk& disk) { EXPECT_TRUE(disk.content() == "old" || disk.content() == "new"); },
      expect_done);
}

TEST(FilesystemCrashTest, APutIfAbsentIsAllOrNothing) {
  crash_everywhere(
      nothing, [](ObjectStore& store) { return store.put_if_absent(kKey, "new", {}, kNever); },
      [](Disk& disk) { EXPECT_TRUE(disk.content().empty() || disk.content() == "new"); },
      [](Disk& disk) {
        EXPECT_EQ(disk.content(), "new");
        expect_one_object(disk);
      });
}

TEST(FilesystemCrashTest, AnUploadIsAllOrNothing) {
  crash_everywhere(
      put_old,
      [](ObjectStore& store) -> Result<> {
        const auto upload = TRY(store.start_upload(kKey, {{}, 4}, kNever));
        TRY(upload->put_part(2, "tail", kNever));
        TRY(upload->put_part(1, "head", kNever));
        TRY(upload->put_part(3, "!", kNever));
        return upload->complete(3, kNever);
      },
      [](Disk& disk) { EXPECT_TRUE(disk.content() == "old" || disk.content() == "headtail!"); },
      [](Disk& disk) {
        EXPECT_EQ(disk.content(), "headtail!");
        expect_one_object(disk);
      });
}

TEST(FilesystemCrashTest, ARemovalIsAllOrNothing) {
  crash_everywhere(
      put_old, [](ObjectStore& store) { return store.remove(kKey, kNever); },
      [](Disk& disk) { EXPECT_TRUE(disk.content() == "old" || disk.content().empty()); },
      [](Disk& disk) {
        EXPECT_EQ(disk.content(), "");
        EXPECT_EQ(list_all(*disk.open(), {}, 100, kNever).value().size(), 0U);
      });
}

// A power cut keeps only what was synced, so the order of the steps is the promise.
TEST(FilesystemCrashTest, AnObjectIsOnTheDiskBeforeItHasItsName) {
  Disk disk;
  const auto death = std::make_shared<DiskDeath>(kManyChanges);
  const auto store = disk.open_doomed(death);
  ASSERT_OK(store->put(ObjectKey("a/b/c"), "bytes", {}, kNever));
  std::vector<std::string> journal = death->journal();
  std::string temporary;
  for (std::string& line : journal) {
    const std::size_t at = line.find("a/b/c.tmp.");
    if (at == std::string::npos) continue;
    temporary = line.substr(at, 10 + 33);
    line.replace(at, temporary.size(), "TEMPORARY");
  }
  const std::vector<std::string> tail(journal.end() - 7, journal.end());
  EXPECT_EQ(tail, (std::vector<std::string>{"create TEMPORARY", "write TEMPORARY", "sync TEMPORARY",
                                            "rename TEMPORARY to a/b/c", "sync a/b", "sync a",
                                            "sync ."}));
  // The way to the folder is synced once.
  ASSERT_OK(store->put(ObjectKey("a/b/d"), "bytes", {}, kNever));
  journal = death->journal();
  EXPECT_EQ(journal.back(), "sync a/b");
}

TEST(FilesystemCrashTest, ARemovedNameIsOffTheDiskBeforeTheNextIsRemoved) {
  Disk disk;
  const auto death = std::make_shared<DiskDeath>(kManyChanges);
  const auto store = disk.open_doomed(death);
  ASSERT_OK(store->put(ObjectKey("f/sentinel"), "x", {}, kNever));
  ASSERT_OK(store->put(ObjectKey("f/part"), "x", {}, kNever));
  ASSERT_OK(store->remove(ObjectKey("f/sentinel"), kNever));
  const std::vector<std::string> journal = death->journal();
  const std::vector<std::string> tail(journal.end() - 3, journal.end());
  EXPECT_EQ(tail, (std::vector<std::string>{"remove f/sentinel", "sync f", "rmdir f"}));
}

// Its caller takes it for its own write of before the crash, and reports it as durable.
TEST(FilesystemCrashTest, WhatAlreadyExistsIsMadeDurable) {
  Disk disk;
  ASSERT_OK(put_old(*disk.open()));
  const auto death = std::make_shared<DiskDeath>(kManyChanges);
  const auto store = disk.open_doomed(death);
  EXPECT_EQ(outcome(store->put_if_absent(kKey, "new", {}, kNever)), "AlreadyExists");
  EXPECT_EQ(death->journal(), (std::vector<std::string>{"sync wal_005", "sync ."}));
}

}  // namespace
}  // namespace cairn::object_store
