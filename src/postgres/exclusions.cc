// SPDX-License-Identifier: Apache-2.0
#include "postgres/exclusions.h"

#include <algorithm>
#include <array>

#include "postgres/relation_file.h"

namespace cairn::postgres {
namespace {

// Rebuilt or emptied when the server starts. pg_wal is filled by the archive.
constexpr std::array<std::string_view, 8> kContentsOfPgdata = {
    "pg_wal",    "pg_stat_tmp", "pg_replslot",  "pg_dynshmem",
    "pg_notify", "pg_serial",   "pg_snapshots", "pg_subtrans"};

constexpr std::array<std::string_view, 2> kLogs = {"log", "pg_log"};

// backup_label and its like in PGDATA come from an earlier restore; ours are made at the end of the
// backup.
constexpr std::array<std::string_view, 13> kFilesOfPgdata = {
    "postmaster.pid",  "postmaster.opts",  "postgresql.auto.conf.tmp", "current_logfiles.tmp",
    "backup_label",    "backup_label.old", "tablespace_map",           "tablespace_map.old",
    "backup_manifest", "recovery.signal",  "standby.signal",           "recovery.conf",
    "recovery.done"};

// The relation cache, and its temporary files "pg_internal.init.<pid>".
constexpr std::string_view kRelationCache = "pg_internal.init";
// Files and directories of sorts and hashes, also below tablespaces.
constexpr std::string_view kTemporaryPrefix = "pgsql_tmp";
constexpr std::string_view kLostAndFound = "lost+found";

template <std::size_t kCount>
bool contains(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Entries of PGDATA itself.
Inclusion decide_top(std::string_view name, files::FileType type) {
  if (name == kLostAndFound) return Inclusion::Skip;
  const bool is_directory = type == files::FileType::Directory || type == files::FileType::Symlink;
  if (contains(kContentsOfPgdata, name) || contains(kLogs, name)) {
    return is_directory ? Inclusion::KeepEmptyDirectory : Inclusion::Include;
  }
  return contains(kFilesOfPgdata, name) ? Inclusion::Skip : Inclusion::Include;
}

// Entries of the directory that a tablespace's link leads to: other owners may have files there.
Inclusion decide_tablespace(std::string_view name, std::string_view version_directory) {
  const bool is_ours =
      version_directory.empty() ? name.starts_with("PG_") : name == version_directory;
  return is_ours ? Inclusion::Include : Inclusion::Skip;
}

}  // namespace

Inclusion decide_inclusion(std::string_view path, files::FileType type,
                           std::string_view tablespace_version_directory) {
  const auto slash = path.rfind('/');
  const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (name.starts_with(kTemporaryPrefix)) return Inclusion::Skip;
  if (slash == std::string_view::npos) return decide_top(name, type);
  const std::string_view directory = path.substr(0, slash);
  const auto depth = std::count(directory.begin(), directory.end(), '/');
  if (directory.starts_with("pg_tblspc/") && depth == 1) {
    return decide_tablespace(name, tablespace_version_directory);
  }
  if (!is_relation_directory(directory)) return Inclusion::Include;
  if (name.starts_with(kRelationCache)) return Inclusion::Skip;
  const auto relation = parse_relation_file_name(name);
  return relation && relation->is_temporary ? Inclusion::Skip : Inclusion::Include;
}

void UnloggedRelations::add(std::string_view file_name) {
  const auto file = parse_relation_file_name(file_name);
  if (file && !file->is_temporary && file->fork == RelationFork::Init) {
    with_init_fork_.insert(file->relation);
  }
}

bool UnloggedRelations::excludes(std::string_view file_name) const {
  const auto file = parse_relation_file_name(file_name);
  return file && !file->is_temporary && file->fork != RelationFork::Init &&
         with_init_fork_.contains(file->relation);
}

}  // namespace cairn::postgres
