// SPDX-License-Identifier: Apache-2.0
// Everything of a data directory that belongs into a base backup, tablespaces included.
//
// The server works on while we walk: what vanishes meanwhile is left out, which WAL replay makes
// good. The control file is left out too, because it has to be copied last.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/directory.h"

namespace cairn::engine {

// A data directory and the directories its pg_tblspc links lead to.
struct PgdataRoots {
  struct Tablespace {
    std::string oid;
    std::string location;  // the target of the link
    std::unique_ptr<files::Directory> directory;
  };
  std::unique_ptr<files::Directory> data;
  std::vector<Tablespace> tablespaces;  // ascending by oid as text
};

Result<PgdataRoots> open_pgdata(const std::string& path);

struct WalkItem {
  files::Directory* root = nullptr;  // of `path`; lives as long as the PgdataRoots
  std::string path = {};             // relative to `root`; "" is the root itself
  std::string in_pgdata = {};        // "base/5/1259", "pg_tblspc/16400/PG_15_…/5/1"; "" is PGDATA
  bool is_directory = false;
};

// Calls `take` for each directory (before what is in it) and each file, in the order of names.
// `version_directory` is the cluster's own directory in its tablespaces, "PG_15_202209061".
// An error of `take` ends the walk.
Result<> walk_pgdata(const PgdataRoots& roots, const std::string& version_directory,
                     const std::function<Result<>(WalkItem)>& take, std::stop_token stop);

}  // namespace cairn::engine
