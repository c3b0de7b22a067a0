// SPDX-License-Identifier: Apache-2.0
// What to take from each backup of a chain.
//
// A delta says of every file whether it is in this backup whole, as an increment on the parent's
// version, or unchanged and therefore only in the parent. A file that it does not name does not
// exist any more.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "object_store/object_store.h"
#include "repository/catalog.h"

namespace cairn::engine {

enum class FileSource {
  Whole,      // the tar member is the file
  Increment,  // the tar member is an increment on what the parent restored
  Parent,     // nothing in this backup: the parent restores it
};

struct ChainStep {
  repository::BackupName name;
  repository::Sentinel sentinel;
  // By member name. Absent: everything in the tars is wanted, whole (a full backup on its own).
  std::optional<std::unordered_map<std::string, FileSource>> wanted = {};
  // The tar objects that hold wanted members, as WAL-G recorded them; empty when it did not.
  std::vector<std::string> tar_names = {};
};

// The base first. Holds the names of all files when the chain has deltas.
Result<std::vector<ChainStep>> plan_chain(object_store::ObjectStore& store,
                                          const repository::BackupName& name, std::stop_token stop);

}  // namespace cairn::engine
