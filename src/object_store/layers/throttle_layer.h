// SPDX-License-Identifier: Apache-2.0
// Holds the bytes that go to and come from a store to a rate.
//
// Both directions draw from one limiter, as WALG_NETWORK_RATE_LIMIT means it; share it among layers
// to limit a whole process, and change it while running with its set_rate(). Sent bytes wait before
// their request, received ones after they came. Requests and replies without a body are free.
#pragma once

#include <memory>

#include "concurrency/rate_limiter.h"
#include "object_store/object_store.h"

namespace cairn::object_store {

// `inner` and `limiter` outlive the layer.
std::unique_ptr<ObjectStore> make_throttle_layer(ObjectStore& inner, RateLimiter& limiter);

}  // namespace cairn::object_store
