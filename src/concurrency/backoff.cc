// SPDX-License-Identifier: Apache-2.0
#include "concurrency/backoff.h"

#include <algorithm>

namespace cairn {

std::chrono::milliseconds Backoff::next() {
  const int doublings = std::min(tries_++, 20);
  const auto limit = std::min(max_.count(), first_.count() << doublings);
  const auto half = std::max<std::int64_t>(1, limit / 2);
  return std::chrono::milliseconds(
      half + static_cast<std::int64_t>(random_.next() % static_cast<std::uint64_t>(half + 1)));
}

}  // namespace cairn
