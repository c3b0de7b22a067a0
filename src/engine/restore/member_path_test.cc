// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/member_path.h"

#include <gtest/gtest.h>

#include <optional>

namespace cairn::engine {
namespace {

using std::string_view_literals::operator""sv;

TEST(MemberPathTest, PlacesMembersBelowTheirRoot) {
  struct Case {
    std::string_view name;
    MemberPath expected;
  };
  const Case cases[] = {
      {"/base/5/1259", {"", "base/5/1259"}},
      {"base/5/1259", {"", "base/5/1259"}},  // Remote backups have no leading slash.
      {"/base/5/", {"", "base/5"}},
      {"./pg_wal/archive_status/", {"", "pg_wal/archive_status"}},
      {"/", {"", ""}},
      {"/pg_tblspc", {"", "pg_tblspc"}},
      {"/pg_tblspc/16400", {"16400", ""}},
      {"/pg_tblspc/16400/PG_15_202209061/5/1", {"16400", "PG_15_202209061/5/1"}},
      {"/pg_tblspc/readme", {"", "pg_tblspc/readme"}},
      {"backup_label", {"", "backup_label"}},
      {"/..data", {"", "..data"}},  // Only a whole part ".." climbs.
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Result<MemberPath> path = parse_member_path(c.name);
    ASSERT_TRUE(path.ok());
    EXPECT_EQ(path.value(), c.expected);
  }
}

TEST(MemberPathTest, RefusesWhatCouldLeadOutside) {
  const std::string_view names[] = {"..",
                                    "/../etc/passwd",
                                    "/base/../../etc/passwd",
                                    "/base/./5",
                                    "././base",
                                    ".//etc",
                                    "//etc/passwd",
                                    "/base//5",
                                    "/base/a\0b"sv,
                                    "/pg_tblspc/16400/../../x"};
  for (const std::string_view name : names) {
    SCOPED_TRACE(name);
    const Result<MemberPath> path = parse_member_path(name);
    ASSERT_FALSE(path.ok());
    EXPECT_EQ(path.error().code(), ErrorCode::Corrupt);
  }
  EXPECT_FALSE(parse_member_path(std::string(5000, 'a')).ok());
}

TEST(MemberPathTest, NamesFilesAsAManifestDoes) {
  EXPECT_EQ(parse_member_path("/pg_tblspc/16400/PG_15/5/1").value().in_pgdata(),
            "pg_tblspc/16400/PG_15/5/1");
  EXPECT_EQ(parse_member_path("/global/pg_control").value().in_pgdata(), "global/pg_control");
}

}  // namespace
}  // namespace cairn::engine
