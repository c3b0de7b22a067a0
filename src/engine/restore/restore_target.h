// SPDX-License-Identifier: Apache-2.0
// The directories a backup is restored into: the data directory and its tablespaces.
//
// While a restore runs, each holds a marker file. A directory that holds the marker contains
// nothing but what a restore left behind, so the next restore may empty it; any other directory
// must be empty before a restore touches it. Postgres can not start on what is marked, because the
// control file is written last.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/restore/member_path.h"
#include "files/directory.h"

namespace cairn::engine {

inline constexpr std::string_view kIncompleteMarker = "cairn_restore_incomplete";

struct TargetSettings {
  std::string data_directory = {};  // made, mode 0700, if it does not exist
  // Where the tablespaces go, by oid; absolute paths. Made if they do not exist.
  std::map<std::string, std::string> tablespaces = {};
  // When not empty: pg_wal becomes a link to this directory, which must be empty or not exist.
  std::string wal_directory = {};
};

// Not thread-safe but for the const ones. One restore at a time per target: a
// second one finds a directory that is not empty.
class RestoreTarget {
 public:
  // Checks first and touches nothing unless all is well. Allowed in an otherwise empty data
  // directory: lost+found, and pg_wal as an empty directory or a link to one.
  static Result<std::unique_ptr<RestoreTarget>> open(const TargetSettings& settings);

  // The directory below which `path` is resolved. Corrupt for a tablespace the backup does not
  // declare.
  Result<files::Directory*> directory_of(const MemberPath& path) const;
  files::Directory& data_directory() const { return *data_; }
  bool has_tablespaces() const { return !settings_.tablespaces.empty(); }
  // Whether `path` is pg_wal or below it while that is a link: nothing is restored there, and the
  // server makes the directories it needs.
  bool is_elsewhere(const MemberPath& path) const;

  // The smallest free space among the file systems, in bytes.
  Result<std::uint64_t> free_space_bytes() const;

  // Everything written so far is durable when this returns.
  Result<> sync() const;
  // The restore is complete: removes the markers and makes pg_wal usable.
  Result<> finish();
  // Removes what was restored; the markers go last.
  Result<> empty();

 private:
  struct Root {
    std::string oid;  // "" for the data directory
    std::unique_ptr<files::Directory> directory;
  };
  RestoreTarget() = default;
  Result<> link_tablespaces();
  Result<> link_wal_directory();

  TargetSettings settings_;
  bool had_pg_wal_ = false;  // before the restore: then it stays, as the mount point of a volume
  bool is_wal_linked_ = false;
  files::Directory* data_ = nullptr;
  std::vector<Root> roots_;
};

}  // namespace cairn::engine
