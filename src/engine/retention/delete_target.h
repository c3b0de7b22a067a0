// SPDX-License-Identifier: Apache-2.0
// Which backup a delete is about: WAL-G's rules for before, retain and target. Pure.
#pragma once

#include <optional>
#include <span>

#include "base/result.h"
#include "engine/retention/delete_request.h"
#include "engine/retention/inventory.h"

namespace cairn::engine {

// before and retain: the backup before which everything goes; nothing if there is nothing to
// delete. NotFound if a name was given and no backup begins with it.
Result<std::optional<KnownBackup>> choose_target(std::span<const KnownBackup> backups,
                                                 const DeleteRequest& request);

// target: by exact name, LATEST, or user data.
Result<KnownBackup> choose_named_target(std::span<const KnownBackup> backups,
                                        const DeleteRequest& request);

}  // namespace cairn::engine
