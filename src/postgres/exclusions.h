// SPDX-License-Identifier: Apache-2.0
// What of a data directory does not belong into a base backup.
//
// The list is PostgreSQL's own (src/backend/backup/basebackup.c): what the server rebuilds, what
// belongs to the running server only, and relations that recovery empties anyway. To it come, with
// WAL-G: recovery.signal and standby.signal (a restore decides that anew), recovery.conf, and the
// server's logs. Logs are recognised only as PGDATA/log and PGDATA/pg_log, not as any directory of
// that name. lost+found at the top of a file system is left out too. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "files/file.h"

namespace cairn::postgres {

enum class Inclusion {
  Include,
  KeepEmptyDirectory,  // as a directory without contents, even if it is a symlink to one
  Skip,
};

// Decides about the entry at `path`, relative to PGDATA, without leading slash; tablespaces appear
// as "pg_tblspc/<oid>/...". What lies below a directory that is not included needs no question.
// `tablespace_version_directory` is this cluster's own, "PG_15_202209061": an upgraded cluster's
// tablespaces can still hold the old server's directory beside it. Empty: any PG_*.
//
// Unlogged relations cannot be told from one name: see UnloggedRelations.
Inclusion decide_inclusion(std::string_view path, files::FileType type,
                           std::string_view tablespace_version_directory);

// The unlogged relations of one directory. Recovery recreates them from their init fork, so of the
// others nothing is kept. Make one from the listing of a directory that holds relations (see
// relation_file.h), then ask for each of its files.
class UnloggedRelations {
 public:
  void add(std::string_view file_name);
  // Whether the file is a fork, other than init, of a relation that has an init fork.
  bool excludes(std::string_view file_name) const;

 private:
  std::unordered_set<std::uint32_t> with_init_fork_;
};

}  // namespace cairn::postgres
