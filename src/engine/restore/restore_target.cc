// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/restore_target.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "files/disk_directory.h"

namespace cairn::engine {

namespace {

constexpr std::uint32_t kDirectoryMode = 0700;
constexpr std::string_view kMarkerText =
    "This directory is being restored by cairn, or a restore was interrupted here. It is not a\n"
    "usable cluster. Run the restore again: it empties the directory first.\n";

Result<std::unique_ptr<files::Directory>> open_or_make(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return system_error(error.value(), "make directory " + path);
  return files::open_disk_directory(path);
}

bool holds_marker(const std::vector<files::DirectoryEntry>& entries) {
  return std::ranges::any_of(
      entries, [](const files::DirectoryEntry& entry) { return entry.name == kIncompleteMarker; });
}

// pg_wal may be there already when the WAL has a volume of its own: as an empty directory (a mount
// point) or as a link to one.
Result<bool> is_usable_pg_wal(files::Directory& directory, const files::DirectoryEntry& entry) {
  std::vector<files::DirectoryEntry> inside;
  if (entry.type == files::FileType::Directory) {
    inside = TRY(directory.list(entry.name));
  } else if (entry.type == files::FileType::Symlink) {
    std::string target = TRY(directory.read_symlink(entry.name));
    if (!target.starts_with('/')) target = directory.path() + "/" + target;
    const auto behind = TRY(files::open_disk_directory(target));
    inside = TRY(behind->list(""));
  } else {
    return false;
  }
  return std::ranges::all_of(
      inside, [](const files::DirectoryEntry& found) { return found.name == "lost+found"; });
}

enum class Role { Data, Tablespace, Wal };

Result<> check_empty(files::Directory& directory, Role role) {
  const std::vector<files::DirectoryEntry> entries = TRY(directory.list(""));
  if (role != Role::Wal && holds_marker(entries)) return {};
  for (const files::DirectoryEntry& entry : entries) {
    if (entry.name == "lost+found") continue;
    if (role == Role::Data && entry.name == "pg_wal") {
      const bool is_usable = TRY(is_usable_pg_wal(directory, entry));
      if (is_usable) continue;
    }
    return invalid_argument(
        "the target directory {} is not empty: it holds \"{}\"; empty it or restore to another "
        "place",
        directory.path(), entry.name);
  }
  return {};
}

// Judges a directory before anything is made or removed.
Result<> check_place(const std::string& path, Role role) {
  if (!path.starts_with('/')) {
    return invalid_argument("\"{}\" is not an absolute path; give the full path of the directory",
                            path);
  }
  const auto opened = files::open_disk_directory(path);
  if (!opened.ok() && opened.error().code() == ErrorCode::NotFound) return {};
  if (!opened.ok()) return opened.error();
  return check_empty(*opened.value(), role);
}

Result<> check_distinct(const TargetSettings& settings) {
  std::map<std::filesystem::path, std::string> taken;
  const auto take = [&](const std::string& path, const std::string& what) -> Result<> {
    std::error_code error;
    const std::filesystem::path real =
        std::filesystem::weakly_canonical(path + "/", error).lexically_normal();
    const auto [other, is_free] = taken.try_emplace(error ? path : real.string(), what);
    if (is_free) return {};
    return invalid_argument("{} and {} can not both be restored to \"{}\"", other->second, what,
                            path);
  };
  TRY(take(settings.data_directory, "the data directory"));
  for (const auto& [oid, location] : settings.tablespaces) {
    TRY(take(location, "tablespace " + oid));
  }
  if (!settings.wal_directory.empty()) TRY(take(settings.wal_directory, "the WAL directory"));
  return {};
}

Result<> check_places(const TargetSettings& settings) {
  TRY(check_place(settings.data_directory, Role::Data));
  for (const auto& [oid, location] : settings.tablespaces) {
    TRY(check_place(location, Role::Tablespace).context("tablespace " + oid));
  }
  if (!settings.wal_directory.empty()) TRY(check_place(settings.wal_directory, Role::Wal));
  return check_distinct(settings);
}

// The error of a data directory whose pg_wal is there and is no link to `wal_directory`.
Result<> check_wal_link(files::Directory& data, const std::string& wal_directory) {
  const Result<files::FileStat> existing = data.stat("pg_wal");
  if (!existing.ok() && existing.error().code() == ErrorCode::NotFound) return {};
  if (!existing.ok()) return existing.error();
  if (existing.value().type == files::FileType::Symlink) {
    const std::string where = TRY(data.read_symlink("pg_wal"));
    if (where == wal_directory) return {};
  }
  return invalid_argument("{}/pg_wal exists already and is not a link to {}", data.path(),
                          wal_directory);
}

// Removes what an interrupted restore left; lost+found, a mount point or link pg_wal, and the
// marker stay.
Result<> remove_contents(files::Directory& directory) {
  const std::vector<files::DirectoryEntry> entries = TRY(directory.list(""));
  for (const files::DirectoryEntry& entry : entries) {
    if (entry.name == "lost+found" || entry.name == kIncompleteMarker) continue;
    if (entry.name == "pg_wal") {
      if (entry.type == files::FileType::Symlink) continue;
      const std::vector<files::DirectoryEntry> inside = TRY(directory.list(entry.name));
      for (const files::DirectoryEntry& file : inside) {
        if (file.name == "lost+found") continue;
        TRY(files::remove_all(directory, entry.name + "/" + file.name));
      }
      continue;
    }
    TRY(files::remove_all(directory, entry.name));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<RestoreTarget>> RestoreTarget::open(const TargetSettings& settings) {
  TRY(check_places(settings));
  std::unique_ptr<RestoreTarget> target(new RestoreTarget());
  target->settings_ = settings;
  target->roots_.push_back({"", TRY(open_or_make(settings.data_directory))});
  target->data_ = target->roots_.front().directory.get();
  if (!settings.wal_directory.empty()) {
    TRY(check_wal_link(*target->data_, settings.wal_directory));
  }
  for (const auto& [oid, location] : settings.tablespaces) {
    target->roots_.push_back({oid, TRY(open_or_make(location))});
  }
  for (const Root& root : target->roots_) {
    TRY(files::write_file_atomically(*root.directory, kIncompleteMarker, kMarkerText, 0600));
    TRY(remove_contents(*root.directory));
  }
  target->had_pg_wal_ = target->data_->stat("pg_wal").ok();
  TRY(target->data_->set_mode("", kDirectoryMode));
  TRY(target->link_wal_directory());
  TRY(target->link_tablespaces());
  return target;
}

Result<> RestoreTarget::link_wal_directory() {
  if (!settings_.wal_directory.empty()) {
    TRY(open_or_make(settings_.wal_directory));
    const Result<> made = data_->make_symlink(settings_.wal_directory, "pg_wal");
    if (!made.ok() && made.error().code() != ErrorCode::AlreadyExists) return made;
  }
  const Result<files::FileStat> pg_wal = data_->stat("pg_wal");
  is_wal_linked_ = pg_wal.ok() && pg_wal.value().type == files::FileType::Symlink;
  return {};
}

Result<> RestoreTarget::link_tablespaces() {
  if (settings_.tablespaces.empty()) return {};
  TRY(files::make_directories(*data_, "pg_tblspc", kDirectoryMode));
  for (const auto& [oid, location] : settings_.tablespaces) {
    TRY(data_->make_symlink(location, "pg_tblspc/" + oid));
  }
  return {};
}

Result<files::Directory*> RestoreTarget::directory_of(const MemberPath& path) const {
  for (const Root& root : roots_) {
    if (root.oid == path.tablespace) return root.directory.get();
  }
  return corrupt("the archive holds files of tablespace {}, which the backup does not declare",
                 path.tablespace);
}

bool RestoreTarget::is_elsewhere(const MemberPath& path) const {
  return is_wal_linked_ && path.tablespace.empty() &&
         (path.path == "pg_wal" || path.path.starts_with("pg_wal/"));
}

Result<std::uint64_t> RestoreTarget::free_space_bytes() const {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const Root& root : roots_) {
    const std::uint64_t free = TRY(root.directory->free_space_bytes());
    least = std::min(least, free);
  }
  return least;
}

Result<> RestoreTarget::sync() const {
  for (const Root& root : roots_) TRY(root.directory->sync_file_system());
  return {};
}

Result<> RestoreTarget::finish() {
  Result<files::FileStat> pg_wal = data_->stat("pg_wal");
  if (!pg_wal.ok() && pg_wal.error().code() == ErrorCode::NotFound) {
    TRY(data_->make_directory("pg_wal", kDirectoryMode));
  }
  TRY(sync());
  for (auto root = roots_.rbegin(); root != roots_.rend(); ++root) {
    TRY(root->directory->remove_file(kIncompleteMarker));
    TRY(root->directory->sync(""));
  }
  return {};
}

Result<> RestoreTarget::empty() {
  for (const Root& root : roots_) TRY(remove_contents(*root.directory));
  if (!had_pg_wal_) TRY(files::remove_all(*data_, "pg_wal"));
  for (const Root& root : roots_) TRY(root.directory->remove_file(kIncompleteMarker));
  return {};
}

}  // namespace cairn::engine
