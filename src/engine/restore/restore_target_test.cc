// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/restore_target.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

namespace fs = std::filesystem;
using tests::read_tree;
using tests::write_whole_file;

const std::string kMarker(kIncompleteMarker);

class RestoreTargetTest : public testing::Test {
 protected:
  std::string data() const { return root_.path() + "/data"; }
  std::string space() const { return root_.path() + "/space"; }
  std::string wal() const { return root_.path() + "/wal"; }
  TargetSettings settings() const {
    return {.data_directory = data(), .tablespaces = {{"16400", space()}}};
  }
  // Expects a refusal that names `what`, and that nothing was made, changed or removed.
  void expect_refused(const TargetSettings& settings, std::string_view what) {
    const auto before = read_tree(root_.path());
    const auto target = RestoreTarget::open(settings);
    ASSERT_EQ(tests::outcome(target), "InvalidArgument");
    EXPECT_NE(target.error().message().find(what), std::string::npos) << target.error().message();
    EXPECT_EQ(tests::difference(before, read_tree(root_.path())), "");
  }

  tests::TemporaryDirectory root_;
};

TEST_F(RestoreTargetTest, MakesMissingDirectoriesAndMarksThem) {
  TargetSettings nested = settings();
  nested.data_directory = root_.path() + "/a/b/data";
  const auto target = RestoreTarget::open(nested);
  ASSERT_OK(target);
  const auto tree = read_tree(nested.data_directory);
  EXPECT_EQ(tree.at(""), "d 0700");
  EXPECT_TRUE(tree.contains(kMarker));
  EXPECT_EQ(tree.at("pg_tblspc/16400"), "l " + space());
  EXPECT_TRUE(read_tree(space()).contains(kMarker));
  ASSERT_OK(target.value()->finish());
  EXPECT_FALSE(read_tree(nested.data_directory).contains(kMarker));
  EXPECT_EQ(read_tree(nested.data_directory).at("pg_wal"), "d 0700");
  EXPECT_EQ(read_tree(space()).size(), 1U);
}

TEST_F(RestoreTargetTest, RefusesWhatIsNotEmptyAndTouchesNothing) {
  fs::create_directory(data());
  write_whole_file(data() + "/PG_VERSION", "15\n");
  expect_refused(settings(), "PG_VERSION");
  fs::remove(data() + "/PG_VERSION");
  fs::create_directory(space());
  write_whole_file(space() + "/precious", "data");
  expect_refused(settings(), "precious");
  // A marker in one directory says nothing about another.
  write_whole_file(data() + "/" + kMarker, "");
  write_whole_file(data() + "/half", "restored");
  expect_refused(settings(), "precious");
}

TEST_F(RestoreTargetTest, RefusesPathsThatMakeNoSense) {
  expect_refused({.data_directory = "relative/data"}, "absolute");
  expect_refused({.data_directory = ""}, "absolute");
  expect_refused({.data_directory = data(), .tablespaces = {{"1", "space"}}}, "absolute");
  expect_refused({.data_directory = data(), .tablespaces = {{"1", data() + "/"}}}, "both");
  expect_refused({.data_directory = data(), .tablespaces = {{"1", space()}, {"2", space()}}},
                 "both");
  expect_refused({.data_directory = data(), .wal_directory = data()}, "both");
  write_whole_file(data(), "a file");
  expect_refused({.data_directory = data()}, "data");
}

TEST_F(RestoreTargetTest, WhatVolumesBringAlongIsAllowed) {
  struct Case {
    std::string_view name;
    bool is_usable;
    std::function<void()> prepare;
  };
  const Case cases[] = {
      {"lost+found", true, [&] { fs::create_directory(data() + "/lost+found"); }},
      {"an empty pg_wal", true, [&] { fs::create_directory(data() + "/pg_wal"); }},
      {"pg_wal as a mount point", true,
       [&] { fs::create_directories(data() + "/pg_wal/lost+found"); }},
      {"a link to an empty directory", true,
       [&] {
         fs::create_directory(wal());
         fs::create_directory_symlink(wal(), data() + "/pg_wal");
       }},
      {"a relative link", true,
       [&] {
         fs::create_directory(wal());
         fs::create_directory_symlink("../wal", data() + "/pg_wal");
       }},
      {"pg_wal with WAL", false,
       [&] {
         fs::create_directory(data() + "/pg_wal");
         write_whole_file(data() + "/pg_wal/000000010000000000000001", "");
       }},
      {"a link to a directory with WAL", false,
       [&] {
         fs::create_directory(wal());
         write_whole_file(wal() + "/000000010000000000000001", "");
         fs::create_directory_symlink(wal(), data() + "/pg_wal");
       }},
      {"pg_wal as a file", false, [&] { write_whole_file(data() + "/pg_wal", ""); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    fs::remove_all(data());
    fs::remove_all(wal());
    fs::create_directory(data());
    c.prepare();
    const auto before = read_tree(root_.path());
    if (!c.is_usable) {
      expect_refused({.data_directory = data()}, "pg_wal");
      continue;
    }
    const auto target = RestoreTarget::open({.data_directory = data()});
    ASSERT_OK(target);
    // All of it survives the end, a good one and a bad one.
    ASSERT_OK(target.value()->empty());
    auto after = read_tree(root_.path());
    after["data"] = before.at("data");  // Its mode is the server's.
    EXPECT_EQ(tests::difference(before, after), "");
  }
}

TEST_F(RestoreTargetTest, WhatAnInterruptedRestoreLeftIsRemoved) {
  for (const std::string& directory : {data(), space()}) {
    fs::create_directories(directory + "/base/5");
    fs::create_directories(directory + "/lost+found");
    write_whole_file(directory + "/base/5/1259", "half");
    write_whole_file(directory + "/" + kMarker, "");
  }
  fs::create_directory(data() + "/pg_wal");
  write_whole_file(data() + "/pg_wal/000000010000000000000001", "");
  fs::create_directory_symlink(root_.path(), data() + "/a link");
  ASSERT_OK(RestoreTarget::open(settings()));
  const auto tree = read_tree(data());
  EXPECT_FALSE(tree.contains("base"));
  EXPECT_FALSE(tree.contains("a link"));
  EXPECT_FALSE(tree.contains("pg_wal/000000010000000000000001"));
  EXPECT_TRUE(tree.contains("lost+found"));
  EXPECT_TRUE(tree.contains(kMarker));
  EXPECT_FALSE(read_tree(space()).contains("base"));
  EXPECT_TRUE(fs::exists(root_.path()));  // Not through the link.
}

TEST_F(RestoreTargetTest, LinksTheDirectoryForWal) {
  TargetSettings with_wal = settings();
  with_wal.wal_directory = wal();
  {
    const auto target = RestoreTarget::open(with_wal);
    ASSERT_OK(target);
    EXPECT_TRUE(target.value()->is_elsewhere({.path = "pg_wal"}));
    EXPECT_TRUE(target.value()->is_elsewhere({.path = "pg_wal/archive_status"}));
    EXPECT_FALSE(target.value()->is_elsewhere({.path = "pg_wal2"}));
    EXPECT_FALSE(target.value()->is_elsewhere({.tablespace = "16400", .path = "pg_wal"}));
  }
  EXPECT_EQ(read_tree(data()).at("pg_wal"), "l " + wal());
  // Killed here, and tried again.
  const auto target = RestoreTarget::open(with_wal);
  ASSERT_OK(target);
  ASSERT_OK(target.value()->finish());
  EXPECT_EQ(read_tree(data()).at("pg_wal"), "l " + wal());
}

TEST_F(RestoreTargetTest, AWalDirectoryThatIsInUseIsRefused) {
  TargetSettings with_wal = {.data_directory = data(), .wal_directory = wal()};
  fs::create_directory(wal());
  write_whole_file(wal() + "/000000010000000000000001", "");
  expect_refused(with_wal, "000000010000000000000001");
  // No marker makes WAL worthless.
  write_whole_file(wal() + "/" + kMarker, "");
  expect_refused(with_wal, "wal");
  fs::remove_all(wal());
  fs::create_directories(data() + "/pg_wal");
  expect_refused(with_wal, "pg_wal exists already");
}

TEST_F(RestoreTargetTest, FindsTheDirectoryOfAPath) {
  const auto target = RestoreTarget::open(settings());
  ASSERT_OK(target);
  EXPECT_EQ(target.value()->directory_of({.path = "base"}).value()->path(), data());
  EXPECT_EQ(target.value()->directory_of({.tablespace = "16400", .path = "x"}).value()->path(),
            space());
  const auto unknown = target.value()->directory_of({.tablespace = "9", .path = "x"});
  ASSERT_EQ(tests::outcome(unknown), "Corrupt");
  EXPECT_NE(unknown.error().message().find("tablespace 9"), std::string::npos);
  EXPECT_GT(target.value()->free_space_bytes().value(), 0U);
}

}  // namespace
}  // namespace cairn::engine
