// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/pgdata_walk.h"

#include <utility>

#include "base/log.h"
#include "files/disk_directory.h"
#include "postgres/control_file.h"
#include "postgres/exclusions.h"
#include "postgres/relation_file.h"

namespace cairn::engine {

namespace {

constexpr std::string_view kTablespaces = "pg_tblspc";

bool is_gone(const Error& error) {
  return error.code() == ErrorCode::NotFound;
}

std::string joined(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

class Walk {
 public:
  Walk(const PgdataRoots& roots, const std::string& version_directory,
       const std::function<Result<>(WalkItem)>& take, std::stop_token stop)
      : roots_(roots), version_directory_(version_directory), take_(take), stop_(std::move(stop)) {}

  // One directory and all below it. `path` is relative to `root`, `in_pgdata` to PGDATA.
  Result<> directory(files::Directory& root, const std::string& path,
                     const std::string& in_pgdata) {
    if (stop_.stop_requested()) return cancelled("stopped while walking {}", in_pgdata);
    TRY(take_({.root = &root, .path = path, .in_pgdata = in_pgdata, .is_directory = true}));
    Result<std::vector<files::DirectoryEntry>> listed = root.list(path);
    if (!listed.ok() && is_gone(listed.error())) return {};  // The database was dropped meanwhile.
    const std::vector<files::DirectoryEntry> entries = TRY(std::move(listed));
    postgres::UnloggedRelations unlogged;
    if (postgres::is_relation_directory(in_pgdata)) {
      for (const files::DirectoryEntry& entry : entries) unlogged.add(entry.name);
    }
    for (const files::DirectoryEntry& entry : entries) {
      const bool is_file = entry.type == files::FileType::Regular;
      if (is_file && unlogged.excludes(entry.name)) continue;
      TRY(this->entry(root, joined(path, entry.name), joined(in_pgdata, entry.name), entry.type));
    }
    return {};
  }

 private:
  Result<> entry(files::Directory& root, const std::string& path, const std::string& in_pgdata,
                 files::FileType type) {
    if (in_pgdata == postgres::kControlFilePath) return {};
    if (type == files::FileType::Symlink) {
      if (const PgdataRoots::Tablespace* tablespace = tablespace_at(in_pgdata)) {
        return directory(*tablespace->directory, "", in_pgdata);
      }
    }
    switch (postgres::decide_inclusion(in_pgdata, type, version_directory_)) {
      case postgres::Inclusion::Skip:
        return {};
      case postgres::Inclusion::KeepEmptyDirectory:
        return take_({.root = &root, .path = path, .in_pgdata = in_pgdata, .is_directory = true});
      case postgres::Inclusion::Include:
        break;
    }
    if (type == files::FileType::Directory) return directory(root, path, in_pgdata);
    if (type == files::FileType::Regular) {
      return take_({.root = &root, .path = path, .in_pgdata = in_pgdata, .is_directory = false});
    }
    log_warning("{} is a {} and is not backed up", in_pgdata, files::file_type_name(type));
    return {};
  }

  const PgdataRoots::Tablespace* tablespace_at(const std::string& in_pgdata) const {
    for (const PgdataRoots::Tablespace& tablespace : roots_.tablespaces) {
      if (in_pgdata == joined(std::string(kTablespaces), tablespace.oid)) return &tablespace;
    }
    return nullptr;
  }

  const PgdataRoots& roots_;
  const std::string& version_directory_;
  const std::function<Result<>(WalkItem)>& take_;
  const std::stop_token stop_;
};

}  // namespace

Result<PgdataRoots> open_pgdata(const std::string& path) {
  PgdataRoots roots;
  roots.data = TRY(files::open_disk_directory(path));
  Result<std::vector<files::DirectoryEntry>> links = roots.data->list(kTablespaces);
  if (!links.ok() && is_gone(links.error())) return roots;
  const std::vector<files::DirectoryEntry> entries = TRY(std::move(links));
  for (const files::DirectoryEntry& entry : entries) {
    if (entry.type != files::FileType::Symlink) continue;
    const std::string link = joined(std::string(kTablespaces), entry.name);
    std::string location = TRY(roots.data->read_symlink(link));
    const std::string absolute =
        location.starts_with('/') ? location : roots.data->path() + "/pg_tblspc/" + location;
    auto directory = TRY(files::open_disk_directory(absolute).context("tablespace " + entry.name));
    roots.tablespaces.push_back({entry.name, std::move(location), std::move(directory)});
  }
  return roots;
}

Result<> walk_pgdata(const PgdataRoots& roots, const std::string& version_directory,
                     const std::function<Result<>(WalkItem)>& take, std::stop_token stop) {
  return Walk(roots, version_directory, take, std::move(stop)).directory(*roots.data, "", "");
}

}  // namespace cairn::engine
