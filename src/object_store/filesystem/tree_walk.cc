// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/tree_walk.h"

#include <algorithm>

#include "object_store/filesystem/temporary_name.h"

namespace cairn::object_store {

using files::DirectoryEntry;
using files::FileType;

namespace {

// The name as it takes part in the order of keys.
std::string key_name(const DirectoryEntry& entry) {
  return entry.type == FileType::Directory ? entry.name + "/" : entry.name;
}

bool comes_before(const DirectoryEntry& a, const DirectoryEntry& b) {
  // Only where one name begins with the other can the '/' make a difference.
  const std::size_t common = std::min(a.name.size(), b.name.size());
  const int order = a.name.compare(0, common, b.name, 0, common);
  return order != 0 ? order < 0 : key_name(a) < key_name(b);
}

// Something went away, or became something else, since it was listed.
bool has_vanished(const Error& error) {
  return error.code() == ErrorCode::NotFound || error.code() == ErrorCode::InvalidArgument;
}

}  // namespace

bool TreeWalk::is_wanted(const std::string& key_prefix, const DirectoryEntry& entry) const {
  const std::string key = key_prefix + entry.name;
  if (!ObjectKey::parse(key).ok()) return false;
  if (entry.type == FileType::Directory) {
    if (key == "lost+found") return false;
    const std::string folder = key + "/";
    // Everything in it starts with `folder`: is any of that in the prefix and behind the start?
    const bool is_in_prefix =
        folder.starts_with(options_.prefix) || options_.prefix.starts_with(folder);
    const ListPosition& start = options_.start;
    const bool is_passed = (start.is_prefix && folder.starts_with(start.after)) ||
                           (folder < start.after && !start.after.starts_with(folder));
    return is_in_prefix && !is_passed;
  }
  return entry.type == FileType::Regular &&
         is_temporary_name(entry.name) == options_.wants_temporaries &&
         key.starts_with(options_.prefix) && !options_.start.has_passed(key);
}

Result<> TreeWalk::enter(const std::string& key_prefix) {
  const std::string_view path =
      std::string_view(key_prefix).substr(0, key_prefix.empty() ? 0 : key_prefix.size() - 1);
  Result<std::unique_ptr<files::Directory>> directory = root_.open_directory(path);
  if (!directory.ok() && has_vanished(directory.error())) return {};
  Level level{
      .directory = TRY(std::move(directory)), .key_prefix = key_prefix, .entries = {}, .next = 0};
  level.entries = TRY(level.directory->list(""));
  std::erase_if(level.entries,
                [&](const DirectoryEntry& entry) { return !is_wanted(key_prefix, entry); });
  std::ranges::sort(level.entries, comes_before);
  levels_.push_back(std::move(level));
  return {};
}

Result<std::optional<TreeEntry>> TreeWalk::next(const std::stop_token& stop) {
  if (!has_begun_) {
    // No key with this prefix is outside of the prefix's own folder.
    const std::size_t slash = options_.prefix.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "" : options_.prefix.substr(0, slash + 1);
    TRY(enter(folder));
    has_begun_ = true;
  }
  while (!levels_.empty()) {
    TRY(check_stop(stop));
    Level& level = levels_.back();
    if (level.next == level.entries.size()) {
      levels_.pop_back();
      continue;
    }
    const DirectoryEntry& entry = level.entries[level.next++];
    std::optional<TreeEntry> found;
    if (entry.type != FileType::Directory) {
      found = TRY(visit_file(level, entry.name));
    } else {
      found = TRY(visit_folder(level.key_prefix + entry.name + "/", stop));
    }
    if (found) return found;
  }
  return std::optional<TreeEntry>();
}

void TreeWalk::step_back() {
  --levels_.back().next;
}

Result<std::optional<TreeEntry>> TreeWalk::visit_file(const Level& level, const std::string& name) {
  const Result<files::FileStat> stat = level.directory->stat(name);
  if (!stat.ok() && has_vanished(stat.error())) return std::optional<TreeEntry>();
  if (!stat.ok()) return stat.error();
  if (stat.value().type != FileType::Regular) return std::optional<TreeEntry>();
  return std::optional(
      TreeEntry{.key = level.key_prefix + name, .is_folder = false, .stat = stat.value()});
}

Result<std::optional<TreeEntry>> TreeWalk::visit_folder(const std::string& key,
                                                        const std::stop_token& stop) {
  const bool is_beyond_prefix = key.starts_with(options_.prefix) && key != options_.prefix;
  if (options_.recursive || !is_beyond_prefix) {
    TRY(enter(key));
    return std::optional<TreeEntry>();
  }
  // Folders without an object are remains, of WAL-G's readers for example.
  TreeWalk inside(root_, {.prefix = key, .recursive = true, .start = options_.start});
  const std::optional<TreeEntry> any = TRY(inside.next(stop));
  if (!any) return std::optional<TreeEntry>();
  return std::optional(TreeEntry{.key = key, .is_folder = true});
}

}  // namespace cairn::object_store
