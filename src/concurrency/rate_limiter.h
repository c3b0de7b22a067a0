// SPDX-License-Identifier: Apache-2.0
// A token bucket: at most so many bytes a second, shared by all threads that ask.
//
// Thread-safe. Bursts are at most a quarter of a second's worth. A caller that wants more than a
// burst waits for all of it; callers are served in the order in which they came.
#pragma once

#include <cstdint>
#include <mutex>
#include <stop_token>

#include "base/clock.h"

namespace cairn {

class RateLimiter {
 public:
  // 0 means no limit.
  RateLimiter(Clock& clock, std::uint64_t bytes_per_second);

  // Waits until `bytes` may pass. Cancelled if `stop` comes first.
  Result<> take(std::uint64_t bytes, std::stop_token stop);
  // Takes effect for the next take().
  void set_rate(std::uint64_t bytes_per_second);

 private:
  Clock& clock_;
  std::mutex mutex_;
  std::uint64_t bytes_per_second_;
  SteadyTime next_free_;  // when what was granted so far will have passed
};

}  // namespace cairn
