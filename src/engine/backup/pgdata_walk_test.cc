// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/pgdata_walk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"

namespace cairn::engine {
namespace {

namespace fs = std::filesystem;
using tests::SampleCluster;

struct Walked {
  Result<> result;
  std::vector<std::string> paths;
};

Walked walk(const std::string& data_directory,
            const std::function<void(const std::string&)>& on_item = {}) {
  const auto roots = open_pgdata(data_directory);
  if (!roots.ok()) return {roots.error(), {}};
  Walked walked;
  walked.result = walk_pgdata(
      roots.value(), std::string(SampleCluster::kVersionDirectory),
      [&](const WalkItem& item) -> Result<> {
        walked.paths.push_back(item.in_pgdata + (item.is_directory ? "/" : ""));
        // A path to open, or the word that it is gone.
        const auto stat = item.root->stat(item.path);
        EXPECT_TRUE(stat.ok() || stat.error().code() == ErrorCode::NotFound) << item.in_pgdata;
        if (on_item) on_item(item.in_pgdata);
        return {};
      },
      {});
  return walked;
}

std::vector<std::string> expected_paths(const SampleCluster& cluster) {
  std::vector<std::string> expected;
  const auto add = [&](const tests::Tree& tree, const std::string& prefix) {
    for (const auto& [path, what] : tree) {
      if (prefix + path == "global/pg_control") continue;  // The backup's very last file.
      const std::string full =
          path.empty() && !prefix.empty() ? prefix.substr(0, prefix.size() - 1) : prefix + path;
      expected.push_back(full + (what.starts_with('d') ? "/" : ""));
    }
  };
  add(cluster.kept(), "");
  if (!cluster.tablespace_directory().empty()) {
    add(cluster.kept_in_tablespace(), "pg_tblspc/16400/");
  }
  return expected;
}

TEST(PgdataWalkTest, FindsWhatBelongsIntoABackup) {
  for (const bool has_linked_wal : {false, true}) {
    const SampleCluster cluster({.has_linked_wal = has_linked_wal});
    Walked walked = walk(cluster.data_directory());
    ASSERT_OK(walked.result);
    std::vector<std::string> expected = expected_paths(cluster);
    std::ranges::sort(expected);
    std::vector<std::string> found = walked.paths;
    std::ranges::sort(found);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(walked.paths.front(), "/");
    // A directory comes before what is in it.
    for (std::size_t i = 1; i < walked.paths.size(); ++i) {
      const std::string parent = fs::path(walked.paths[i]).parent_path().parent_path().string();
      if (!walked.paths[i].ends_with('/') || parent.empty()) continue;
      const auto where = std::ranges::find(walked.paths, parent + "/");
      EXPECT_LT(where - walked.paths.begin(), static_cast<std::ptrdiff_t>(i)) << walked.paths[i];
    }
  }
}

TEST(PgdataWalkTest, WhatVanishesMeanwhileIsLeftOut) {
  const SampleCluster cluster;
  // A database is dropped after its directory was listed by its parent.
  const Walked walked = walk(cluster.data_directory(), [&](const std::string& path) {
    if (path == "base") fs::remove_all(cluster.data_directory() + "/base/5");
  });
  EXPECT_OK(walked.result);
  EXPECT_EQ(std::ranges::count(walked.paths, "base/5/16385"), 0);
  EXPECT_EQ(std::ranges::count(walked.paths, "global/"), 1);
}

TEST(PgdataWalkTest, SpecialFilesAreLeftOut) {
  const SampleCluster cluster({.has_tablespace = false});
  ASSERT_EQ(mkfifo((cluster.data_directory() + "/fifo").c_str(), 0600), 0);
  // A link in pg_tblspc's place is followed only if it is a tablespace's own.
  fs::create_directory_symlink("/etc", cluster.data_directory() + "/base/etc");
  const Walked walked = walk(cluster.data_directory());
  ASSERT_OK(walked.result);
  for (const std::string path : {"fifo", "base/etc", "base/etc/", "server.key"}) {
    EXPECT_EQ(std::ranges::count(walked.paths, path), 0) << path;
  }
}

TEST(PgdataWalkTest, ADirectoryThatCannotBeReadEndsTheWalk) {
  // The error of `take` stands for any.
  const SampleCluster cluster;
  const auto roots = open_pgdata(cluster.data_directory());
  ASSERT_OK(roots);
  int taken = 0;
  const auto walked = walk_pgdata(roots.value(), "",
                                  [&](const WalkItem&) -> Result<> {
                                    if (++taken == 5) return unavailable("no more");
                                    return {};
                                  },
                                  {});
  EXPECT_EQ(tests::outcome(walked), "Unavailable");
  EXPECT_EQ(taken, 5);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(
      tests::outcome(walk_pgdata(
          roots.value(), "", [](const WalkItem&) -> Result<> { return {}; }, stop.get_token())),
      "Cancelled");
}

TEST(OpenPgdataTest, OpensTablespacesOfAllKinds) {
  const SampleCluster cluster;
  const std::string links = cluster.data_directory() + "/pg_tblspc/";
  fs::create_directories(cluster.data_directory() + "/../relative");
  fs::create_directory_symlink("../../relative", links + "16500");
  const auto roots = open_pgdata(cluster.data_directory());
  ASSERT_OK(roots);
  ASSERT_EQ(roots.value().tablespaces.size(), 2U);
  EXPECT_EQ(roots.value().tablespaces[0].oid, "16400");
  EXPECT_EQ(roots.value().tablespaces[0].location, cluster.tablespace_directory());
  EXPECT_EQ(roots.value().tablespaces[1].location, "../../relative");
}

TEST(OpenPgdataTest, ATablespaceWithoutItsDirectoryFailsTheBackup) {
  const SampleCluster cluster;
  fs::remove_all(cluster.tablespace_directory());
  const auto roots = open_pgdata(cluster.data_directory());
  ASSERT_EQ(tests::outcome(roots), "NotFound");
  EXPECT_NE(roots.error().message().find("tablespace 16400"), std::string::npos);
  EXPECT_EQ(tests::outcome(open_pgdata(cluster.data_directory() + "/no")), "NotFound");
}

}  // namespace
}  // namespace cairn::engine
