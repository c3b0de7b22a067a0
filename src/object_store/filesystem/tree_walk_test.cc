// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/tree_walk.h"

#include <gtest/gtest.h>

#include "files/disk_directory.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace cairn::object_store {
namespace {

const std::stop_token kNever;

class TreeWalkTest : public testing::Test {
 protected:
  void make(std::initializer_list<std::string_view> paths) {
    for (const std::string_view path : paths) {
      const std::size_t slash = path.rfind('/');
      if (slash != std::string_view::npos) {
        ASSERT_OK(make_directories(*root_, path.substr(0, slash), 0755));
      }
      if (path.ends_with('/')) continue;
      ASSERT_OK(root_->create_file(path, 0644));
    }
  }
  std::string walk(TreeWalkOptions options) {
    TreeWalk walk(*root_, std::move(options));
    std::string text;
    while (true) {
      const auto entry = walk.next(kNever);
      if (!entry.ok()) return entry.error().message();
      if (!entry.value()) return text;
      text += entry.value()->key + " ";
    }
  }

  tests::TemporaryDirectory temporary_;
  std::unique_ptr<files::Directory> root_ = files::open_disk_directory(temporary_.path()).value();
};

TEST_F(TreeWalkTest, TheOrderIsThatOfWholeKeys) {
  make({"a/z", "a-b", "a.b/c", "a0", "ab", "A", "b/", "empty/deep/"});
  EXPECT_EQ(walk({}), "A a-b a.b/c a/z a0 ab ");
  EXPECT_EQ(walk({.recursive = false}), "A a-b a.b/ a/ a0 ab ");
}

TEST_F(TreeWalkTest, ItStartsBehindItsPosition) {
  make({"a/1", "a/2", "a/b/1", "a0", "b/1"});
  struct Case {
    ListPosition start;
    bool recursive;
    std::string expected;
  };
  const Case cases[] = {
      {{"a/1", false}, true, "a/2 a/b/1 a0 b/1 "},
      {{"a", false}, true, "a/1 a/2 a/b/1 a0 b/1 "},
      {{"a/", true}, true, "a0 b/1 "},
      {{"a/b/", true}, true, "a0 b/1 "},
      {{"a/b/1", false}, true, "a0 b/1 "},
      {{"b/1", false}, true, ""},
      {{"a/", true}, false, "a0 b/ "},
      {{"a/2", false}, false, "a/ a0 b/ "},  // There is more in it.
      {{"b/1", false}, false, ""},           // There is not.
  };
  for (const Case& c : cases) {
    EXPECT_EQ(walk({.recursive = c.recursive, .start = c.start}), c.expected)
        << c.start.to_token() << (c.recursive ? " all" : " folders");
  }
}

TEST_F(TreeWalkTest, AStepBackLooksAgain) {
  make({"a/1", "a/2", "b"});
  TreeWalk walk(*root_, {});
  EXPECT_EQ(walk.next(kNever).value()->key, "a/1");
  EXPECT_EQ(walk.next(kNever).value()->key, "a/2");
  walk.step_back();
  EXPECT_EQ(walk.next(kNever).value()->key, "a/2");
  walk.step_back();
  ASSERT_OK(root_->remove_file("a/2"));
  EXPECT_EQ(walk.next(kNever).value()->key, "b");
  EXPECT_FALSE(walk.next(kNever).value());
}

TEST_F(TreeWalkTest, WhatGoesMeanwhileIsNoError) {
  make({"a/1", "b/1", "c"});
  TreeWalk walk(*root_, {});
  EXPECT_EQ(walk.next(kNever).value()->key, "a/1");
  ASSERT_OK(remove_all(*root_, "b"));
  EXPECT_EQ(walk.next(kNever).value()->key, "c");
}

TEST_F(TreeWalkTest, OnlyWhatIsWantedIsSeen) {
  make({"f/a", "f/a.tmp.20260820T100105Z-0123456789abcdef", "lost+found/x"});
  ASSERT_OK(root_->make_symlink("f", "link"));
  EXPECT_EQ(walk({}), "f/a ");
  EXPECT_EQ(walk({.wants_temporaries = true}), "f/a.tmp.20260820T100105Z-0123456789abcdef ");
  EXPECT_EQ(walk({.prefix = "link/"}), "");
  EXPECT_EQ(walk({.prefix = "f/b"}), "");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(tests::outcome(TreeWalk(*root_, {}).next(stop.get_token())), "Cancelled");
}

}  // namespace
}  // namespace cairn::object_store
