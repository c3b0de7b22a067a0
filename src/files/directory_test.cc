// SPDX-License-Identifier: Apache-2.0
#include "files/directory.h"

#include <gtest/gtest.h>

#include "files/disk_directory.h"
#include "tests/support/temporary_directory.h"

namespace cairn::files {
namespace {

TEST(RelativePathTest, HasOnlyPlainNames) {
  struct Case {
    std::string path;
    bool expected;
  };
  const Case cases[] = {
      {"a", true},
      {"a/b", true},
      {"..a", true},
      {"a/...", true},
      {".a/b", true},
      {"", false},
      {"/", false},
      {"/a", false},
      {"a/", false},
      {"a//b", false},
      {".", false},
      {"..", false},
      {"a/.", false},
      {"../a", false},
      {"a/../b", false},
      {"a\nb", true},  // Names are bytes.
      {std::string("a\0", 2), false},
      {std::string(4095, 'a'), true},
      {std::string(4096, 'a'), false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(is_relative_path(c.path), c.expected);
  }
}

class WholeFileTest : public testing::Test {
 protected:
  tests::TemporaryDirectory temporary_;
  std::unique_ptr<Directory> directory_ = open_disk_directory(temporary_.path()).value();
};

TEST_F(WholeFileTest, IsReadUpToItsLimit) {
  ASSERT_TRUE(write_file_atomically(*directory_, "f", "12345", 0600).ok());
  ASSERT_TRUE(write_file_atomically(*directory_, "empty", "", 0600).ok());
  EXPECT_EQ(read_file(*directory_, "f", 5).value(), "12345");
  EXPECT_EQ(read_file(*directory_, "f", 4).error().code(), ErrorCode::Corrupt);
  EXPECT_EQ(read_file(*directory_, "empty", 0).value(), "");
  EXPECT_EQ(read_file(*directory_, "none", 4).error().code(), ErrorCode::NotFound);
}

TEST_F(WholeFileTest, IsReadWhenItsSizeIsNotTold) {
  const auto proc = open_disk_directory("/proc/self").value();
  EXPECT_GT(read_file(*proc, "status", 1 << 20).value().size(), 100U);
}

TEST_F(WholeFileTest, IsReplacedWhole) {
  ASSERT_TRUE(write_file_atomically(*directory_, "f", "long old content", 0640).ok());
  // What a crash left behind is neither kept nor in the way.
  ASSERT_TRUE(directory_->create_file("f.tmp", 0600).value()->write_at(0, "left over").ok());
  ASSERT_TRUE(write_file_atomically(*directory_, "f", "new", 0600).ok());
  EXPECT_EQ(read_file(*directory_, "f", 100).value(), "new");
  EXPECT_EQ(directory_->stat("f").value().mode, 0600U);
  EXPECT_EQ(directory_->list("").value().size(), 1U);
}

TEST_F(WholeFileTest, IsNotWrittenWhereItCannotBe) {
  EXPECT_EQ(write_file_atomically(*directory_, "none/f", "x", 0600).error().code(),
            ErrorCode::NotFound);
  ASSERT_TRUE(make_directories(*directory_, "f/full", 0700).ok());
  EXPECT_FALSE(write_file_atomically(*directory_, "f", "x", 0600).ok());
  ASSERT_TRUE(make_directories(*directory_, "g.tmp", 0700).ok());
  EXPECT_FALSE(write_file_atomically(*directory_, "g", "x", 0600).ok());
}

}  // namespace
}  // namespace cairn::files
