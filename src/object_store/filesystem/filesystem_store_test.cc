// SPDX-License-Identifier: Apache-2.0
// What the contract suite does not ask: the layout on the disk, and what others may put there.
#include "object_store/filesystem/filesystem_store.h"

#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "concurrency/task_group.h"
#include "files/disk_directory.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace cairn::object_store {
namespace {

namespace fs = std::filesystem;
using tests::outcome;

constexpr std::string_view kWalGTemporary = ".tmp.20260820T100105Z-0123456789abcdef";
const std::stop_token kNever;

class FilesystemStoreTest : public testing::Test {
 protected:
  std::unique_ptr<ObjectStore> open() {
    return open_filesystem_store(root_, clock_, random_).value();
  }
  Result<> put(const std::string& key, std::string_view bytes) {
    return store_->put(ObjectKey(key), bytes, {}, kNever);
  }
  void write(const std::string& path, std::string_view bytes) {
    fs::create_directories(fs::path(root_ + "/" + path).parent_path());
    std::ofstream(root_ + "/" + path, std::ios::binary) << bytes;
  }
  bool exists(const std::string& path) { return fs::exists(root_ + "/" + path); }
  std::string keys(ListRequest request = {}) {
    std::string text;
    const auto listed = list_all(*store_, request, 1000, kNever);
    if (!listed.ok()) return listed.error().message();
    for (const ObjectInfo& info : listed.value()) text += info.key + " ";
    return text;
  }
  std::string folders(const std::string& prefix = "") {
    std::string text;
    for (const std::string& name : list_prefixes(*store_, prefix, kNever).value()) {
      text += name + " ";
    }
    return text;
  }

  tests::TemporaryDirectory temporary_;
  std::string root_ =
      (fs::create_directory(temporary_.path() + "/root"), temporary_.path() + "/root");
  ManualClock clock_{parse_rfc3339("2026-08-20T10:00:00Z").value()};
  SeededRandom random_{1};
  std::unique_ptr<ObjectStore> store_ = open();
};

TEST_F(FilesystemStoreTest, TheKeyIsThePath) {
  const mode_t umask_before = umask(022);
  ASSERT_OK(put("basebackups_005/base_1/tar_partitions/part_001.tar.lz4", "bytes"));
  umask(umask_before);
  std::ifstream in(root_ + "/basebackups_005/base_1/tar_partitions/part_001.tar.lz4");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "bytes");
  struct stat status{};
  ASSERT_EQ(::stat((root_ + "/basebackups_005").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
  ASSERT_EQ(
      ::stat((root_ + "/basebackups_005/base_1/tar_partitions/part_001.tar.lz4").c_str(), &status),
      0);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
}

TEST_F(FilesystemStoreTest, WhatWalGWroteIsThere) {
  write("wal_005/000000010000000000000001.lz4", "segment");
  write("wal_005/000000010000000000000002.lz4" + std::string(kWalGTemporary), "half a seg");
  EXPECT_EQ(keys(), "wal_005/000000010000000000000001.lz4 ");
  EXPECT_EQ(get(*store_, ObjectKey("wal_005/000000010000000000000001.lz4"), 100, kNever).value(),
            "segment");
  const ObjectInfo info =
      store_->head(ObjectKey("wal_005/000000010000000000000001.lz4"), kNever).value();
  EXPECT_TRUE(info.metadata.empty());
  const auto modified = fs::last_write_time(root_ + "/" + info.key);
  EXPECT_EQ(std::chrono::time_point_cast<std::chrono::seconds>(info.modified),
            std::chrono::time_point_cast<std::chrono::seconds>(
                std::chrono::file_clock::to_sys(modified)));
}

TEST_F(FilesystemStoreTest, TemporaryFilesAreNoObjects) {
  const std::string name = "f/a" + std::string(kWalGTemporary);
  write(name, "x");
  EXPECT_EQ(keys(), "");
  EXPECT_EQ(folders(), "") << "a folder with nothing else is no folder";
  EXPECT_EQ(outcome(store_->head(ObjectKey(name), kNever)), "NotFound");
  EXPECT_EQ(outcome(store_->open(ObjectKey(name), {}, kNever)), "NotFound");
  EXPECT_EQ(outcome(put(name, "x")), "InvalidArgument");
  EXPECT_OK(store_->remove(ObjectKey(name), kNever));
  EXPECT_TRUE(exists(name)) << "only collect_unfinished() removes them";
}

TEST_F(FilesystemStoreTest, LinksAndDevicesAreNoObjects) {
  fs::create_directory(temporary_.path() + "/outside");
  std::ofstream(temporary_.path() + "/outside/secret") << "secret";
  fs::create_directory_symlink(temporary_.path() + "/outside", root_ + "/link");
  fs::create_symlink(temporary_.path() + "/outside/secret", root_ + "/file");
  fs::create_directory_symlink(root_, root_ + "/circle");
  ASSERT_EQ(mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  ASSERT_OK(put("object", "x"));
  EXPECT_EQ(keys(), "object ");
  EXPECT_EQ(folders(), "");
  EXPECT_EQ(keys({.prefix = "link/"}), "");
  for (const char* name : {"link/secret", "file", "pipe"}) {
    EXPECT_EQ(outcome(store_->head(ObjectKey(name), kNever)), "NotFound") << name;
  }
  EXPECT_EQ(outcome(put("link/new", "x")), "InvalidArgument");
  EXPECT_EQ(outcome(store_->put_if_absent(ObjectKey("link/new"), "x", {}, kNever)),
            "InvalidArgument");
  EXPECT_OK(store_->remove(ObjectKey("file"), kNever));
  EXPECT_TRUE(fs::is_symlink(root_ + "/file"));
  (void)store_->remove(ObjectKey("link/secret"), kNever).ok();
  EXPECT_TRUE(fs::exists(temporary_.path() + "/outside/secret"));
  EXPECT_EQ(std::distance(fs::directory_iterator(temporary_.path() + "/outside"), {}), 1);
}

TEST_F(FilesystemStoreTest, NamesThatNoKeyCanHoldArePassedOver) {
  write("line\nbreak", "x");
  write("lost+found/inode", "x");
  write("f/lost+found", "x");
  EXPECT_EQ(keys(), "f/lost+found ");
}

TEST_F(FilesystemStoreTest, ReadingCreatesNothing) {
  EXPECT_EQ(outcome(store_->head(ObjectKey("f/a"), kNever)), "NotFound");
  EXPECT_EQ(outcome(store_->open(ObjectKey("f/a"), {}, kNever)), "NotFound");
  EXPECT_EQ(keys({.prefix = "f/"}), "");
  EXPECT_OK(store_->remove(ObjectKey("f/a"), kNever));
  EXPECT_EQ(store_->collect_unfinished("f/", WallTime::max(), kNever).value(), 0U);
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(FilesystemStoreTest, EmptyFoldersGoWithTheirLastObject) {
  ASSERT_OK(put("a/b/c/1", "x"));
  ASSERT_OK(put("a/b/c/2", "x"));
  ASSERT_OK(put("a/kept", "x"));
  ASSERT_OK(store_->remove(ObjectKey("a/b/c/1"), kNever));
  EXPECT_TRUE(exists("a/b/c"));
  ASSERT_OK(store_->remove(ObjectKey("a/b/c/2"), kNever));
  EXPECT_FALSE(exists("a/b"));
  EXPECT_TRUE(exists("a/kept"));
  ASSERT_OK(store_->remove(ObjectKey("a/kept"), kNever));
  EXPECT_TRUE(fs::is_empty(root_)) << "and the root stays";
}

TEST_F(FilesystemStoreTest, AnObjectAndAFolderCannotShareAName) {
  ASSERT_OK(put("a/b", "x"));
  ASSERT_OK(put("object", "x"));
  for (const char* name : {"a", "object/below", "object/far/below"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(outcome(put(name, "x")), "InvalidArgument");
    EXPECT_EQ(outcome(store_->put_if_absent(ObjectKey(name), "x", {}, kNever)), "InvalidArgument");
  }
  EXPECT_EQ(keys(), "a/b object ");
  EXPECT_EQ(store_->collect_unfinished("", WallTime::max(), kNever).value(), 0U) << "no remains";
}

TEST_F(FilesystemStoreTest, LongNamesFitOrAreRefused) {
  const std::string longest(255, 'n');
  ASSERT_OK(put("f/" + longest, "x"));
  EXPECT_EQ(keys(), "f/" + longest + " ");
  EXPECT_EQ(outcome(put("f/" + longest + "n", "x")), "InvalidArgument");
  EXPECT_EQ(outcome(put(longest + "n/f", "x")), "InvalidArgument");
  EXPECT_EQ(outcome(store_->head(ObjectKey(longest + "n"), kNever)), "NotFound");
}

TEST_F(FilesystemStoreTest, OnlyOldUnfinishedFilesAreCollected) {
  const auto touch = [&](const std::string& path, std::string_view time) {
    const auto root = files::open_disk_directory(root_).value();
    ASSERT_OK(root->set_modified(path, parse_rfc3339(time).value()));
  };
  const std::string begun_at_10 = "f/a.tmp.20260820T100000Z-0123456789abcdef";
  const std::string still_written = "f/b.tmp.20260820T100000Z-0123456789abcdef";
  const std::string begun_at_12 = "f/c.tmp.20260820T120000Z-0123456789abcdef";
  write(begun_at_10, "x");
  write(still_written, "x");
  write(begun_at_12, "x");
  write("g/old", "x");
  touch(begun_at_10, "2026-08-20T10:05:00Z");
  touch(still_written, "2026-08-20T11:30:00Z");
  touch(begun_at_12, "2026-08-20T10:05:00Z");
  touch("g/old", "2020-01-01T00:00:00Z");
  const WallTime at_11 = parse_rfc3339("2026-08-20T11:00:00Z").value();
  EXPECT_EQ(store_->collect_unfinished("", at_11, kNever).value(), 1U);
  EXPECT_FALSE(exists(begun_at_10));
  EXPECT_TRUE(exists(still_written));
  EXPECT_TRUE(exists(begun_at_12));
  EXPECT_EQ(store_->collect_unfinished("f/c", at_11 + std::chrono::hours(9), kNever).value(), 1U);
  EXPECT_EQ(store_->collect_unfinished("", at_11 + std::chrono::hours(9), kNever).value(), 1U);
  EXPECT_FALSE(exists("f")) << "the empty folder went too";
  EXPECT_TRUE(exists("g/old"));
}

TEST_F(FilesystemStoreTest, AListingGoesOnFromItsTokenAlone) {
  for (int i = 0; i < 20; ++i) ASSERT_OK(put(fmt::format("f{}/x{:02}", i % 2, i), "x"));
  // More listings at once than are kept open, and a store that never saw the first page.
  std::vector<ListRequest> requests(10, ListRequest{.page_max = 3});
  std::vector<std::string> seen(requests.size());
  for (int page_number = 0; page_number < 7; ++page_number) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const auto store = open();
      ObjectStore& used = i == 0 ? *store : *store_;
      const ListPage page = used.list(requests[i], kNever).value();
      for (const ObjectInfo& info : page.objects) seen[i] += info.key + " ";
      requests[i].page_token = page.next_page_token;
    }
  }
  for (const std::string& text : seen) EXPECT_EQ(text, keys());
}

TEST_F(FilesystemStoreTest, WhatIsRemovedBetweenPagesIsNotListed) {
  for (const char* name : {"a", "b/1", "b/2", "c"}) ASSERT_OK(put(name, "x"));
  ListRequest request{.page_max = 1};
  const ListPage first = store_->list(request, kNever).value();
  EXPECT_EQ(first.objects.at(0).key, "a");
  ASSERT_OK(store_->remove(ObjectKey("b/1"), kNever));
  ASSERT_OK(store_->remove(ObjectKey("b/2"), kNever));
  request.page_token = first.next_page_token;
  const ListPage second = store_->list(request, kNever).value();
  EXPECT_EQ(second.objects.at(0).key, "c");
  EXPECT_EQ(second.next_page_token, "");
}

TEST_F(FilesystemStoreTest, PuttingAndRemovingInOneFolderDoNotDisturbEachOther) {
  TaskGroup tasks{kNever};
  for (int thread = 0; thread < 4; ++thread) {
    tasks.start([&, thread](std::stop_token stop) -> Result<> {
      const ObjectKey key(fmt::format("a/b/{}", thread));
      for (int i = 0; i < 50; ++i) {
        TRY(store_->put(key, "x", {}, stop));
        TRY(store_->remove(key, stop));
      }
      return {};
    });
  }
  EXPECT_OK(tasks.join());
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(FilesystemStoreTest, AFileCutShortWhileReadIsUnavailable) {
  ASSERT_OK(put("a", std::string(1000, 'x')));
  const OpenObject object = store_->open(ObjectKey("a"), {}, kNever).value();
  fs::resize_file(root_ + "/a", 10);
  EXPECT_EQ(outcome(read_all(*object.body, 10000)), "Unavailable");
}

TEST_F(FilesystemStoreTest, SaysWhatIsWrongWithTheRoot) {
  const auto missing = open_filesystem_store(root_ + "/none", clock_, random_);
  EXPECT_EQ(missing.error().message(),
            "WALG_FILE_PREFIX: \"" + root_ + "/none\" does not exist; create it first");
  write("file", "x");
  const auto file = open_filesystem_store(root_ + "/file", clock_, random_);
  EXPECT_EQ(file.error().message(), "WALG_FILE_PREFIX: \"" + root_ + "/file\" is not a directory");
}

TEST_F(FilesystemStoreTest, SaysThatItMayNotWrite) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to act as somebody else";
  fs::permissions(temporary_.path(), fs::perms(0755));
  ASSERT_OK(put("f/a", "readable"));
  setfsuid(65534);
  const auto denied = put("f/b", "x");
  const auto denied_folder = put("g/b", "x");
  const auto read = get(*store_, ObjectKey("f/a"), 100, kNever);
  const auto removed = store_->remove(ObjectKey("f/a"), kNever);
  setfsuid(0);
  EXPECT_EQ(outcome(denied), "Denied");
  EXPECT_NE(denied.error().message().find("WALG_FILE_PREFIX is not writable"), std::string::npos)
      << denied.error().message();
  EXPECT_EQ(outcome(denied_folder), "Denied");
  EXPECT_EQ(read.value(), "readable");
  EXPECT_EQ(outcome(removed), "Denied");
}

TEST_F(FilesystemStoreTest, AFullDiskIsSaidAndLeavesNoRemains) {
  if (mount("tmpfs", root_.c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  {
    const auto full = open();
    const std::string large(1 << 20, 'x');
    EXPECT_EQ(outcome(full->put(ObjectKey("a"), large, {}, kNever)), "NoSpace");
    EXPECT_EQ(outcome(full->put_if_absent(ObjectKey("b"), large, {}, kNever)), "NoSpace");
    const auto upload = full->start_upload(ObjectKey("c"), {{}, 1 << 20}, kNever).value();
    EXPECT_EQ(outcome(upload->put_part(1, large, kNever)), "NoSpace");
    EXPECT_EQ(outcome(upload->complete(1, kNever)), "InvalidArgument");
    EXPECT_OK(upload->abort(kNever));
    EXPECT_TRUE(fs::is_empty(root_));
    EXPECT_OK(full->put(ObjectKey("small"), "x", {}, kNever));
  }
  umount(root_.c_str());
}

TEST_F(FilesystemStoreTest, WithoutAttributesMetadataIsRefused) {
  const auto store = open_filesystem_store("/proc/self", clock_, random_).value();
  EXPECT_FALSE(store->capabilities().metadata);
  const Result<> put = store->put(ObjectKey("a"), "x", {{"name", "value"}}, kNever);
  EXPECT_EQ(outcome(put), "InvalidArgument");
  EXPECT_NE(put.error().message().find("metadata"), std::string::npos);
}

}  // namespace
}  // namespace cairn::object_store
