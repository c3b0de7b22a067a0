// SPDX-License-Identifier: Apache-2.0
// Marks backups permanent or impermanent, in their metadata.json; sentinels stay as they are.
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "object_store/object_store.h"
#include "repository/names.h"

namespace cairn::engine {

// Permanent also marks every backup that `name` is a delta of, these first. Impermanent is refused
// (InvalidArgument) while a permanent delta depends on `name`. Marking what is marked already is no
// error. A missing metadata.json is made again from the sentinel. Returns the names that changed.
Result<std::vector<repository::BackupName>> mark_backup(
    object_store::ObjectStore& store, std::string_view name, bool is_permanent,
    const std::function<void(std::string_view)>& say, std::stop_token stop);

}  // namespace cairn::engine
