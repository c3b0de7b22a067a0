// SPDX-License-Identifier: Apache-2.0
// Goes through a folder tree in the order of object keys, one entry at a time.
//
// Keys are ordered as whole strings, so a folder counts as its name with '/' behind it: "a-b" comes
// before everything in "a", and "a0" after it. Only the names of the folders on the way to the
// current entry are in memory. What comes or goes meanwhile may be seen or not; what goes is no
// error.
//
// Not objects, and so passed over: temporary files, links and devices (see filesystem_store.h),
// names that no ObjectKey can hold, and the root's "lost+found" of a disk's own.
// Not thread-safe. `root` outlives the walk.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "files/directory.h"
#include "object_store/store_rules.h"

namespace cairn::object_store {

struct TreeWalkOptions {
  std::string prefix = {};  // of the keys; need not end in '/'
  bool recursive = true;    // false: a folder is reported, once there is an object in it
  ListPosition start = {};
  bool wants_temporaries = false;  // the temporary files instead of the objects
};

struct TreeEntry {
  std::string key = {};  // of a folder with its trailing '/'
  bool is_folder = false;
  files::FileStat stat = {};  // of a file
};

class TreeWalk {
 public:
  TreeWalk(files::Directory& root, TreeWalkOptions options)
      : root_(root), options_(std::move(options)) {}

  // Nothing at the end.
  Result<std::optional<TreeEntry>> next(const std::stop_token& stop);
  // Makes next() look at the entry it returned last once more.
  void step_back();

 private:
  // A folder that is being gone through.
  struct Level {
    std::unique_ptr<files::Directory> directory;
    std::string key_prefix;  // "" or ending in '/'
    std::vector<files::DirectoryEntry> entries;
    std::size_t next = 0;
  };

  Result<> enter(const std::string& key_prefix);
  bool is_wanted(const std::string& key_prefix, const files::DirectoryEntry& entry) const;
  // What to return for one entry; nothing to go on.
  Result<std::optional<TreeEntry>> visit_file(const Level& level, const std::string& name);
  Result<std::optional<TreeEntry>> visit_folder(const std::string& key,
                                                const std::stop_token& stop);

  files::Directory& root_;
  const TreeWalkOptions options_;
  bool has_begun_ = false;
  std::vector<Level> levels_;
};

}  // namespace cairn::object_store
