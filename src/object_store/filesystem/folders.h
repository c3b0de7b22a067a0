// SPDX-License-Identifier: Apache-2.0
// The folders that objects lie in: made when the first object needs them, removed with the last,
// and on the disk before an object in them counts as stored. Thread-safe; safe with other
// processes.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "files/directory.h"

namespace cairn::object_store {

// "a/b" and "c" of the key "a/b/c".
struct KeyParts {
  std::string folder;  // "" is the root
  std::string name;
};
KeyParts split_key(std::string_view key);

class Folders {
 public:
  explicit Folders(files::Directory& root) : root_(root) {}

  // Runs `create` (which makes a file) in the folder, making the folder if it is not there; again
  // if another process removes it, still empty, in between.
  Result<std::unique_ptr<files::File>> create_in(const std::string& folder, std::string_view name,
                                                 std::uint32_t mode,
                                                 std::unique_ptr<files::Directory>& directory);
  // Makes changes of the names in the folder durable, and the way from the root to it.
  Result<> sync(const std::string& folder);
  // Removes the folder if it is empty, then its parent, and so on; never the root. What cannot be
  // removed stays: an empty folder does no harm.
  void remove_empty(std::string folder);

 private:
  Result<> make(const std::string& folder);

  files::Directory& root_;
  // Folders whose way from the root was synced. A folder that another process removes and makes
  // again in between is synced by that process when it puts its object there.
  Guarded<std::set<std::string>> durable_;
};

}  // namespace cairn::object_store
