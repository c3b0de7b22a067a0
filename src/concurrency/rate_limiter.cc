// SPDX-License-Identifier: Apache-2.0
#include "concurrency/rate_limiter.h"

#include <algorithm>

namespace cairn {

namespace {
constexpr std::chrono::milliseconds kBurst{250};
}

RateLimiter::RateLimiter(Clock& clock, std::uint64_t bytes_per_second)
    : clock_(clock), bytes_per_second_(bytes_per_second), next_free_(clock.steady_now()) {}

Result<> RateLimiter::take(std::uint64_t bytes, std::stop_token stop) {
  SteadyTime ready;
  {
    const std::lock_guard lock(mutex_);
    if (bytes_per_second_ == 0) return {};
    const std::chrono::duration<double> cost(static_cast<double>(bytes) /
                                             static_cast<double>(bytes_per_second_));
    // Time that passed unused is credit, up to one burst.
    next_free_ = std::max(next_free_, clock_.steady_now() - kBurst);
    next_free_ += std::chrono::duration_cast<SteadyTime::duration>(cost);
    ready = next_free_;
  }
  if (ready <= clock_.steady_now()) return {};
  return clock_.wait_until(ready, std::move(stop));
}

void RateLimiter::set_rate(std::uint64_t bytes_per_second) {
  const std::lock_guard lock(mutex_);
  bytes_per_second_ = bytes_per_second;
  next_free_ = clock_.steady_now();
}

}  // namespace cairn
