// SPDX-License-Identifier: Apache-2.0
#include "postgres/exclusions.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

using files::FileType;

constexpr std::string_view kOurs = "PG_15_202209061";

TEST(ExclusionsTest, FollowPostgresqlsList) {
  constexpr auto kKeep = Inclusion::Include;
  constexpr auto kEmpty = Inclusion::KeepEmptyDirectory;
  constexpr auto kSkip = Inclusion::Skip;
  constexpr auto kFile = FileType::Regular;
  constexpr auto kDirectory = FileType::Directory;
  constexpr auto kLink = FileType::Symlink;
  struct Case {
    std::string_view path;
    FileType type;
    Inclusion expected;
  };
  const Case cases[] = {
      {"PG_VERSION", kFile, kKeep},
      {"postgresql.conf", kFile, kKeep},
      {"postgresql.auto.conf", kFile, kKeep},
      {"postgresql.auto.conf.tmp", kFile, kSkip},
      {"current_logfiles", kFile, kKeep},
      {"current_logfiles.tmp", kFile, kSkip},
      {"postmaster.pid", kFile, kSkip},
      {"postmaster.opts", kFile, kSkip},
      {"backup_label", kFile, kSkip},
      {"backup_label.old", kFile, kSkip},
      {"tablespace_map", kFile, kSkip},
      {"tablespace_map.old", kFile, kSkip},
      {"backup_manifest", kFile, kSkip},
      {"recovery.signal", kFile, kSkip},
      {"standby.signal", kFile, kSkip},
      {"recovery.conf", kFile, kSkip},
      {"lost+found", kDirectory, kSkip},
      // Emptied by the server when it starts, but it wants them to be there.
      {"pg_wal", kDirectory, kEmpty},
      {"pg_wal", kLink, kEmpty},
      {"pg_dynshmem", kDirectory, kEmpty},
      {"pg_notify", kDirectory, kEmpty},
      {"pg_replslot", kDirectory, kEmpty},
      {"pg_serial", kDirectory, kEmpty},
      {"pg_snapshots", kDirectory, kEmpty},
      {"pg_stat_tmp", kLink, kEmpty},
      {"pg_subtrans", kDirectory, kEmpty},
      {"log", kDirectory, kEmpty},
      {"pg_log", kLink, kEmpty},
      {"log", kFile, kKeep},  // Not a directory of logs.
      // The same names elsewhere mean nothing.
      {"my/log", kDirectory, kKeep},
      {"my/pg_wal", kDirectory, kKeep},
      {"my/backup_label", kFile, kKeep},
      {"my/lost+found", kDirectory, kKeep},
      {"my/t1_2", kFile, kKeep},
      {"global/pg_control", kFile, kKeep},
      {"global/pg_filenode.map", kFile, kKeep},
      {"global/pg_internal.init", kFile, kSkip},
      {"base/5/pg_internal.init", kFile, kSkip},
      {"base/5/pg_internal.init.4711", kFile, kSkip},
      {"base/5/PG_VERSION", kFile, kKeep},
      {"base/5/16384", kFile, kKeep},
      {"base/5/16384_init", kFile, kKeep},
      {"base/5/t3_16384", kFile, kSkip},
      {"base/5/t3_16384_vm.1", kFile, kSkip},
      {"base/5/t3_x", kFile, kKeep},
      {"base/pgsql_tmp", kDirectory, kSkip},
      {"base/pgsql_tmp/pgsql_tmp4711.0", kFile, kSkip},
      {"pg_xact/0000", kFile, kKeep},
      {"pg_logical/replorigin_checkpoint", kFile, kKeep},
      {"pg_tblspc", kDirectory, kKeep},
      {"pg_tblspc/16385", kLink, kKeep},
      {"pg_tblspc/16385/PG_15_202209061", kDirectory, kKeep},
      {"pg_tblspc/16385/PG_14_202107181", kDirectory, kSkip},  // Left by pg_upgrade.
      {"pg_tblspc/16385/lost+found", kDirectory, kSkip},
      {"pg_tblspc/16385/a file of somebody", kFile, kSkip},
      {"pg_tblspc/16385/PG_15_202209061/pgsql_tmp", kDirectory, kSkip},
      {"pg_tblspc/16385/PG_15_202209061/5", kDirectory, kKeep},
      {"pg_tblspc/16385/PG_15_202209061/5/16386", kFile, kKeep},
      {"pg_tblspc/16385/PG_15_202209061/5/t3_16386", kFile, kSkip},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(decide_inclusion(c.path, c.type, kOurs), c.expected);
  }
}

TEST(ExclusionsTest, WithoutAKnownVersionAllVersionsOfATablespaceAreKept) {
  EXPECT_EQ(decide_inclusion("pg_tblspc/16385/PG_14_202107181", FileType::Directory, ""),
            Inclusion::Include);
  EXPECT_EQ(decide_inclusion("pg_tblspc/16385/lost+found", FileType::Directory, ""),
            Inclusion::Skip);
}

TEST(UnloggedRelationsTest, OnlyTheInitForkIsKept) {
  UnloggedRelations unlogged;
  for (const std::string_view name :
       {"16384", "16384_init", "16384_fsm", "16390", "t3_16391_init", "PG_VERSION"}) {
    unlogged.add(name);
  }
  struct Case {
    std::string_view name;
    bool expected;
  };
  const Case cases[] = {
      {"16384", true},      {"16384.1", true},     {"16384_fsm", true},
      {"16384_vm.2", true}, {"16384_init", false}, {"16390", false},
      {"16391", false},     {"PG_VERSION", false}, {"t3_16384", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(unlogged.excludes(c.name), c.expected);
  }
}

}  // namespace
}  // namespace cairn::postgres
