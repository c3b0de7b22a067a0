// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_location.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

TEST(WalLocationTest, FindsTheClusterOfAPath) {
  struct Case {
    std::string_view path;
    std::string_view pgdata_setting;
    WalLocation expected;
  };
  const Case cases[] = {
      {"pg_wal/X",
       "",
       {.directory = "pg_wal", .file = "X", .pgdata = ".", .is_wal_directory = true}},
      // PostgreSQL runs us in the data directory, so its path beats a PGDATA left over.
      {"pg_wal/X",
       "/other",
       {.directory = "pg_wal", .file = "X", .pgdata = ".", .is_wal_directory = true}},
      {"/data/pg_wal/X",
       "",
       {.directory = "/data/pg_wal", .file = "X", .pgdata = "/data", .is_wal_directory = true}},
      {"/pg_wal/X",
       "",
       {.directory = "/pg_wal", .file = "X", .pgdata = "/", .is_wal_directory = true}},
      {"/mnt/wal/X", "/data", {.directory = "/mnt/wal", .file = "X", .pgdata = "/data"}},
      {"X", "", {.directory = ".", .file = "X"}},
      {"/X", "", {.directory = "/", .file = "X"}},
      {"", "", {.directory = "."}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    const WalLocation location = locate_wal(c.path, c.pgdata_setting);
    EXPECT_EQ(location.directory, c.expected.directory);
    EXPECT_EQ(location.file, c.expected.file);
    EXPECT_EQ(location.pgdata, c.expected.pgdata);
    EXPECT_EQ(location.is_wal_directory, c.expected.is_wal_directory);
  }
}

TEST(FindSystemIdentifierTest, ReadsTheControlFile) {
  const tests::SampleCluster cluster;
  EXPECT_EQ(find_system_identifier(cluster.data_directory()).value(),
            tests::SampleCluster::kSystemIdentifier);
}

TEST(FindSystemIdentifierTest, FindsNothingWhereThereIsNoCluster) {
  const tests::TemporaryDirectory directory;
  EXPECT_EQ(find_system_identifier("").value(), std::nullopt);
  EXPECT_EQ(find_system_identifier(directory.path()).value(), std::nullopt);
  EXPECT_EQ(find_system_identifier(directory.path() + "/missing").value(), std::nullopt);
}

TEST(FindSystemIdentifierTest, ADamagedControlFileIsAnError) {
  const tests::SampleCluster cluster;
  tests::write_whole_file(cluster.data_directory() + "/global/pg_control", std::string(8192, 'x'));
  const auto found = find_system_identifier(cluster.data_directory());
  ASSERT_EQ(tests::outcome(found), "Corrupt");
  EXPECT_NE(found.error().message().find("global/pg_control"), std::string::npos);
}

}  // namespace
}  // namespace cairn::engine
