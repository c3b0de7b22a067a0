// SPDX-License-Identifier: Apache-2.0
// Tries out whether a store does all that backups need, before a backup finds out.
#pragma once

#include <chrono>
#include <stop_token>

#include "base/clock.h"
#include "base/random.h"
#include "base/stream.h"
#include "object_store/object_store.h"

namespace cairn::app {

// Lists, writes, writes conditionally, reads back and deletes one small object; prints a line with
// the time it took for each. What fails is printed with its cause, and the rest is still tried
// where that makes sense. True if all went well. Unavailable if it takes longer than `deadline`.
Result<bool> check_storage(object_store::ObjectStore& store, Clock& clock, Random& random,
                           std::chrono::milliseconds deadline, Sink& out, std::stop_token stop);

}  // namespace cairn::app
