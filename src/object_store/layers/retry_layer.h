// SPDX-License-Identifier: Apache-2.0
// Tries again what is Unavailable: the one place where requests are repeated.
//
// Waits between tries double with jitter. Reads resume where they broke, and only in the same
// version of the object. Every try is logged at debug; the last error says how often was tried.
// Thread-safe like any store; what it opens and uploads does not outlive it.
//
// What a repeat can mean:
// - put_if_absent: AlreadyExists may be our own first try whose reply was lost; callers compare.
// - complete: a lost reply looks like an upload that is gone. The object is then looked up, and
//   the upload counts as complete if it has the right size and is not older than the upload.
// - start_upload: a lost reply leaves an unfinished upload behind, for collect_unfinished().
#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "object_store/object_store.h"

namespace cairn::object_store {

struct RetrySettings {
  int tries_max = 15;  // the first one included
  std::chrono::milliseconds delay_first{200};
  std::chrono::milliseconds delay_max{30'000};
  // No new try begins later than this after the first; while reading, after the last byte that
  // came.
  std::chrono::seconds deadline{15 * 60};
};

// `inner`, `clock` and `random` outlive the layer.
std::unique_ptr<ObjectStore> make_retry_layer(ObjectStore& inner, const RetrySettings& settings,
                                              Clock& clock, Random& random);

}  // namespace cairn::object_store
