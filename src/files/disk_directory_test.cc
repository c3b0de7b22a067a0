// SPDX-License-Identifier: Apache-2.0
#include "files/disk_directory.h"

#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace cairn::files {
namespace {

using tests::TemporaryDirectory;

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Every test runs with the kernel's guard of paths and with ours.
class DiskDirectoryTest : public testing::TestWithParam<bool> {
 protected:
  DiskDirectoryTest()
      : inside_(temporary_.path() + "/inside"), outside_(temporary_.path() + "/outside") {
    std::filesystem::create_directories(inside_);
    std::filesystem::create_directories(outside_);
    write(outside_ + "/secret", "secret");
    directory_ = open_disk_directory(inside_, {.use_openat2 = GetParam()}).value();
  }

  TemporaryDirectory temporary_;
  std::string inside_;
  std::string outside_;
  std::unique_ptr<Directory> directory_;
};

INSTANTIATE_TEST_SUITE_P(PathGuards, DiskDirectoryTest, testing::Bool(),
                         [](const auto& guard) { return guard.param ? "Openat2" : "Stepwise"; });

TEST_P(DiskDirectoryTest, RefusesPathsThatAreNotPlainlyBelowIt) {
  const std::string too_long(5000, 'a');
  for (const std::string& path :
       {std::string("/etc/passwd"), std::string("../outside/secret"), std::string(".."),
        std::string("."), std::string("a/../b"), std::string("a//b"), std::string("a/"),
        std::string("a\0b", 3), std::string("./a"), too_long}) {
    SCOPED_TRACE(path);
    const auto expect_refused = [](const auto& result) {
      ASSERT_FALSE(result.ok());
      EXPECT_EQ(result.error().code(), ErrorCode::InvalidArgument) << result.error().message();
    };
    expect_refused(directory_->open_file(path, Access::Read));
    expect_refused(directory_->create_file(path, 0600));
    expect_refused(directory_->open_or_create_file(path, 0600));
    expect_refused(directory_->open_directory(path));
    expect_refused(directory_->make_directory(path, 0700));
    expect_refused(directory_->list(path));
    expect_refused(directory_->stat(path));
    expect_refused(directory_->set_mode(path, 0600));
    expect_refused(directory_->set_modified(path, {}));
    expect_refused(directory_->rename(path, "x", IfExists::Replace));
    expect_refused(directory_->rename("x", path, IfExists::Replace));
    expect_refused(directory_->remove_file(path));
    expect_refused(directory_->remove_directory(path));
    expect_refused(directory_->make_symlink("x", path));
    expect_refused(directory_->read_symlink(path));
    expect_refused(directory_->sync(path));
  }
}

TEST_P(DiskDirectoryTest, NothingPassesThroughASymbolicLink) {
  ASSERT_TRUE(directory_->make_symlink(outside_, "link").ok());
  ASSERT_TRUE(directory_->make_symlink(outside_ + "/secret", "file").ok());
  ASSERT_TRUE(directory_->make_symlink("../outside", "relative").ok());
  ASSERT_TRUE(directory_->make_symlink(outside_ + "/new", "dangling").ok());
  const auto expect_refused = [](const auto& result) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::InvalidArgument) << result.error().message();
  };
  expect_refused(directory_->open_file("link/secret", Access::Read));
  expect_refused(directory_->open_file("relative/secret", Access::ReadWrite));
  expect_refused(directory_->open_file("file", Access::Read));
  expect_refused(directory_->open_or_create_file("dangling", 0600));
  expect_refused(directory_->open_or_create_file("file", 0600));
  expect_refused(directory_->create_file("link/new", 0600));
  expect_refused(directory_->make_directory("link/new", 0700));
  expect_refused(directory_->make_symlink("x", "link/new"));
  expect_refused(directory_->stat("link/secret"));
  expect_refused(directory_->set_mode("link/secret", 0777));
  expect_refused(directory_->set_mode("file", 0777));
  expect_refused(directory_->remove_file("link/secret"));
  expect_refused(directory_->rename("link/secret", "mine", IfExists::Replace));
  expect_refused(make_directories(*directory_, "link/a/b", 0700));
  EXPECT_FALSE(directory_->open_directory("link").ok());
  EXPECT_FALSE(directory_->list("link").ok());
  EXPECT_FALSE(directory_->sync("link").ok());
  const Result<std::unique_ptr<File>> taken = directory_->create_file("dangling", 0600);
  EXPECT_EQ(taken.error().code(), ErrorCode::AlreadyExists);

  EXPECT_EQ(content(outside_ + "/secret"), "secret");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outside_), {}), 1);
}

TEST_P(DiskDirectoryTest, LinksThemselvesAreReadListedReplacedAndRemoved) {
  ASSERT_TRUE(directory_->make_symlink(outside_, "pg_wal").ok());
  EXPECT_EQ(directory_->read_symlink("pg_wal").value(), outside_);
  EXPECT_EQ(directory_->stat("pg_wal").value().type, FileType::Symlink);
  const auto entries = directory_->list("").value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].type, FileType::Symlink);
  EXPECT_EQ(directory_->make_symlink("x", "pg_wal").error().code(), ErrorCode::AlreadyExists);
  EXPECT_TRUE(directory_->rename("pg_wal", "moved", IfExists::Fail).ok());
  EXPECT_TRUE(directory_->remove_file("moved").ok());
  EXPECT_EQ(directory_->read_symlink("moved").error().code(), ErrorCode::NotFound);
  EXPECT_TRUE(std::filesystem::exists(outside_ + "/secret"));
  EXPECT_EQ(directory_->make_symlink("", "empty").error().code(), ErrorCode::InvalidArgument);
}

TEST_P(DiskDirectoryTest, FilesAreWrittenAndReadAtOffsets) {
  const auto file = directory_->create_file("f", 0640).value();
  ASSERT_TRUE(file->write_at(0, "hello").ok());
  ASSERT_TRUE(file->write_at(8192, "world").ok());
  char out[16] = {};
  EXPECT_EQ(file->read_at(8190, out).value(), 7U);
  EXPECT_EQ(std::string(out, 7), std::string("\0\0world", 7));
  EXPECT_EQ(file->read_at(9000, out).value(), 0U);
  ASSERT_TRUE(file->truncate(3).ok());
  EXPECT_EQ(file->stat().value().size_bytes, 3U);
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_TRUE(file->sync().ok());
  file->start_writeback(0, 3);
  file->advise(Advice::Sequential, 0, 0);
  file->advise(Advice::WillNeed, 0, 0);
  file->advise(Advice::DontNeed, 0, 0);
  ASSERT_TRUE(file->set_mode(0600).ok());
  EXPECT_EQ(directory_->stat("f").value().mode, 0600U);
  EXPECT_EQ(content(inside_ + "/f"), "hel");
  EXPECT_EQ(file->write_at(~0ULL, "x").error().code(), ErrorCode::InvalidArgument);
  EXPECT_EQ(directory_->create_file("f", 0600).error().code(), ErrorCode::AlreadyExists);
  const auto again = directory_->open_or_create_file("f", 0600).value();
  EXPECT_EQ(again->stat().value().size_bytes, 3U);
  const auto reading = directory_->open_file("f", Access::Read).value();
  EXPECT_FALSE(reading->write_at(0, "x").ok());
}

TEST_P(DiskDirectoryTest, OnlyRegularFilesAreOpened) {
  ASSERT_TRUE(directory_->make_directory("folder", 0700).ok());
  ASSERT_EQ(mkfifo((inside_ + "/pipe").c_str(), 0600), 0);
  const int socket_number = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  (inside_ + "/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket_number, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  for (const char* name : {"folder", "pipe", "socket"}) {  // A pipe must not make us wait.
    SCOPED_TRACE(name);
    EXPECT_EQ(directory_->open_file(name, Access::Read).error().code(), ErrorCode::InvalidArgument);
    EXPECT_EQ(directory_->open_file(name, Access::ReadWrite).error().code(),
              ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(directory_->stat("pipe").value().type, FileType::Other);
  EXPECT_EQ(directory_->open_file("gone", Access::Read).error().code(), ErrorCode::NotFound);
  EXPECT_EQ(directory_->open_file("gone/x", Access::Read).error().code(), ErrorCode::NotFound);
  close(socket_number);
}

TEST_P(DiskDirectoryTest, DirectoriesAreMadeListedAndRemoved) {
  ASSERT_TRUE(make_directories(*directory_, "a/b/c", 0700).ok());
  ASSERT_TRUE(make_directories(*directory_, "a/b/c", 0700).ok());
  EXPECT_EQ(directory_->make_directory("a", 0700).error().code(), ErrorCode::AlreadyExists);
  EXPECT_EQ(directory_->stat("a/b/c").value().mode, 0700U);
  write(inside_ + "/a/b/file", "x");
  write(inside_ + "/a/b/.hidden", "x");
  write(inside_ + "/a/b/Z", "x");
  EXPECT_EQ(make_directories(*directory_, "a/b/file", 0700).error().code(),
            ErrorCode::InvalidArgument);
  std::string names;
  for (const DirectoryEntry& entry : directory_->list("a/b").value()) names += entry.name + " ";
  EXPECT_EQ(names, ".hidden Z c file ");
  EXPECT_EQ(directory_->remove_directory("a").error().code(), ErrorCode::Conflict);
  EXPECT_EQ(directory_->remove_file("a").error().code(), ErrorCode::InvalidArgument);
  EXPECT_TRUE(directory_->sync("a/b").ok());
  EXPECT_TRUE(directory_->sync("").ok());
  EXPECT_TRUE(directory_->sync_file_system().ok());
  EXPECT_GT(directory_->free_space_bytes().value(), 0U);
  ASSERT_TRUE(directory_->make_symlink(outside_, "a/b/link").ok());
  EXPECT_TRUE(remove_all(*directory_, "a").ok());
  EXPECT_TRUE(remove_all(*directory_, "a").ok());
  EXPECT_TRUE(directory_->list("").value().empty());
  EXPECT_TRUE(std::filesystem::exists(outside_ + "/secret"));
}

TEST_P(DiskDirectoryTest, ASubdirectoryIsAHandleOfItsOwn) {
  ASSERT_TRUE(make_directories(*directory_, "a/b", 0700).ok());
  auto sub = directory_->open_directory("a/b").value();
  EXPECT_EQ(sub->path(), inside_ + "/a/b");
  directory_.reset();
  ASSERT_TRUE(write_file_atomically(*sub, "f", "x", 0600).ok());
  EXPECT_EQ(content(inside_ + "/a/b/f"), "x");
  EXPECT_EQ(sub->open_directory("").value()->list("").value().size(), 1U);
  // It stays what it is, wherever it moves.
  std::filesystem::rename(inside_ + "/a/b", outside_ + "/moved");
  EXPECT_EQ(read_file(*sub, "f", 10).value(), "x");
}

TEST_P(DiskDirectoryTest, RenameReplacesOnlyWhenTold) {
  write(inside_ + "/a", "new");
  write(inside_ + "/b", "old");
  EXPECT_EQ(directory_->rename("a", "b", IfExists::Fail).error().code(), ErrorCode::AlreadyExists);
  EXPECT_EQ(content(inside_ + "/b"), "old");
  EXPECT_TRUE(directory_->rename("a", "b", IfExists::Replace).ok());
  EXPECT_EQ(content(inside_ + "/b"), "new");
  EXPECT_TRUE(directory_->rename("b", "c", IfExists::Fail).ok());
  EXPECT_EQ(directory_->rename("b", "c", IfExists::Replace).error().code(), ErrorCode::NotFound);
}

TEST_P(DiskDirectoryTest, TimesAndModesAreSet) {
  write(inside_ + "/f", "x");
  const FileTime time =
      FileTime(std::chrono::seconds(1'000'000'000)) + std::chrono::nanoseconds(123'456'789);
  ASSERT_TRUE(directory_->set_modified("f", time).ok());
  ASSERT_TRUE(directory_->set_mode("f", 0400).ok());
  EXPECT_EQ(directory_->stat("f").value().modified, time);
  EXPECT_EQ(directory_->stat("f").value().mode, 0400U);
  ASSERT_TRUE(directory_->set_mode("", 0700).ok());
  EXPECT_EQ(directory_->stat("").value().mode, 0700U);
}

TEST_P(DiskDirectoryTest, AttributesStayWithTheFile) {
  if (!directory_->has_attributes().value()) GTEST_SKIP() << "no attributes on this file system";
  const auto file = directory_->create_file("f", 0600).value();
  ASSERT_TRUE(file->set_attribute("user.cairn.a", "1").ok());
  ASSERT_TRUE(file->set_attribute("user.cairn.b", "").ok());
  EXPECT_EQ(file->attribute("user.cairn.a").value(), "1");
  EXPECT_EQ(file->attribute("user.cairn.b").value(), "");
  EXPECT_EQ(file->attribute("user.cairn.c").value(), std::nullopt);
  EXPECT_EQ(file->attribute_names().value().size(), 2U);
  const std::string too_large(128 * 1024, 'x');
  EXPECT_FALSE(file->set_attribute("user.cairn.a", too_large).ok());
}

TEST_P(DiskDirectoryTest, SaysDeniedWhenNotAllowed) {
  ASSERT_TRUE(directory_->set_mode("", 0755).ok());
  write(inside_ + "/f", "x");
  ASSERT_TRUE(directory_->set_mode("f", 0600).ok());
  if (geteuid() != 0) GTEST_SKIP() << "needs root to act as somebody else";
  setfsuid(65534);
  const auto made = directory_->create_file("new", 0600);
  const auto read = directory_->open_file("f", Access::Read);
  setfsuid(0);
  EXPECT_EQ(made.error().code(), ErrorCode::Denied);
  EXPECT_EQ(read.error().code(), ErrorCode::Denied);
}

TEST_P(DiskDirectoryTest, SaysNoSpaceWhenTheDiskIsFull) {
  if (mount("tmpfs", inside_.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  {
    const auto full = open_disk_directory(inside_).value();
    const auto file = full->create_file("f", 0600).value();
    EXPECT_EQ(file->write_at(0, std::string(1 << 20, 'x')).error().code(), ErrorCode::NoSpace);
    EXPECT_EQ(write_file_atomically(*full, "g", std::string(1 << 20, 'x'), 0600).error().code(),
              ErrorCode::NoSpace);
    EXPECT_EQ(full->stat("g").error().code(), ErrorCode::NotFound);
  }
  umount(inside_.c_str());
}

TEST(OpenDiskDirectoryTest, SaysWhatIsWrongWithThePath) {
  const TemporaryDirectory temporary;
  write(temporary.path() + "/file", "x");
  const auto missing = open_disk_directory(temporary.path() + "/none");
  EXPECT_EQ(missing.error().code(), ErrorCode::NotFound);
  const auto file = open_disk_directory(temporary.path() + "/file");
  EXPECT_EQ(file.error().code(), ErrorCode::InvalidArgument);
  EXPECT_NE(file.error().message().find("not a directory"), std::string::npos);
  // The path of the directory itself may be a link: it is the operator's word.
  std::filesystem::create_directory_symlink(temporary.path(), temporary.path() + "/link");
  EXPECT_TRUE(open_disk_directory(temporary.path() + "/link").ok());
}

}  // namespace
}  // namespace cairn::files
