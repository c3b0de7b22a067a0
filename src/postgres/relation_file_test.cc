// SPDX-License-Identifier: Apache-2.0
#include "postgres/relation_file.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

TEST(RelationFileTest, NamesAreTakenApart) {
  struct Case {
    std::string_view name;
    std::optional<RelationFile> expected;
  };
  const Case cases[] = {
      {"16384", RelationFile{.relation = 16384}},
      {"16384.3", RelationFile{.relation = 16384, .segment = 3}},
      {"16384_fsm", RelationFile{.relation = 16384, .fork = RelationFork::FreeSpaceMap}},
      {"16384_vm.1",
       RelationFile{.relation = 16384, .fork = RelationFork::VisibilityMap, .segment = 1}},
      {"16384_init", RelationFile{.relation = 16384, .fork = RelationFork::Init}},
      {"t3_16384", RelationFile{.relation = 16384, .is_temporary = true}},
      {"t0_16384_fsm.2", RelationFile{.relation = 16384,
                                      .fork = RelationFork::FreeSpaceMap,
                                      .segment = 2,
                                      .is_temporary = true}},
      {"4294967295", RelationFile{.relation = 4294967295}},
      {"4294967296", std::nullopt},
      {"", std::nullopt},
      {"0", std::nullopt},
      {"016384", std::nullopt},
      {"16384.0", std::nullopt},
      {"16384.01", std::nullopt},
      {"16384.", std::nullopt},
      {"16384.1.2", std::nullopt},
      {"16384_", std::nullopt},
      {"16384_toast", std::nullopt},
      {"16384_fsm_vm", std::nullopt},
      {"t_16384", std::nullopt},
      {"t3", std::nullopt},
      {"t3_", std::nullopt},
      {"tx_16384", std::nullopt},
      {"PG_VERSION", std::nullopt},
      {"pg_filenode.map", std::nullopt},
      {"pg_internal.init", std::nullopt},
      {"pg_control", std::nullopt},
      {"16384.tmp", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_relation_file_name(c.name), c.expected);
  }
}

TEST(RelationFileTest, RelationsLiveInKnownDirectories) {
  for (const std::string_view directory :
       {"global", "base/1", "base/16384", "pg_tblspc/16385/PG_15_202209061/5"}) {
    EXPECT_TRUE(is_relation_directory(directory)) << directory;
  }
  for (const std::string_view directory :
       {"", "base", "base/", "base/pgsql_tmp", "base/1/2", "global/1", "pg_wal", "pg_xact",
        "pg_tblspc", "pg_tblspc/16385", "pg_tblspc/16385/PG_15_202209061",
        "pg_tblspc/x/PG_15_202209061/5", "pg_tblspc/16385/15/5",
        "pg_tblspc/16385/PG_15_202209061/pgsql_tmp", "other/base/1", "/base/1"}) {
    EXPECT_FALSE(is_relation_directory(directory)) << directory;
  }
}

TEST(RelationFileTest, ARelationIsNameAndPlace) {
  EXPECT_TRUE(relation_file_at("base/5/16384.1").has_value());
  EXPECT_TRUE(relation_file_at("global/1262").has_value());
  EXPECT_TRUE(relation_file_at("pg_tblspc/16385/PG_15_202209061/5/16386_vm").has_value());
  for (const std::string_view path :
       {"16384", "global/pg_control", "global/pg_filenode.map", "base/5/PG_VERSION",
        "base/5/pg_internal.init", "pg_xact/0000", "pg_multixact/members/0000", "pg_wal/16384",
        "pg_logical/16384"}) {
    EXPECT_FALSE(relation_file_at(path).has_value()) << path;
  }
}

TEST(RelationFileTest, ASegmentBeginsWhereThePreviousOneEnds) {
  EXPECT_EQ(parse_relation_file_name("16384")->first_block(), 0U);
  EXPECT_EQ(parse_relation_file_name("16384.2")->first_block(), 262144U);
  EXPECT_EQ(parse_relation_file_name("16384.2")->first_block(1000), 2000U);
}

}  // namespace
}  // namespace cairn::postgres
