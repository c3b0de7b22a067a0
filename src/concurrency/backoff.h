// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next try: doubling, with full jitter, within limits.
//
// Not thread-safe: one per operation.
#pragma once

#include <chrono>

#include "base/random.h"

namespace cairn {

class Backoff {
 public:
  Backoff(Random& random, std::chrono::milliseconds first, std::chrono::milliseconds max)
      : random_(random), first_(first), max_(max) {}

  // The wait before the next try: random in [d/2, d], where d doubles from `first` up to `max`.
  std::chrono::milliseconds next();
  int tries() const { return tries_; }

 private:
  Random& random_;
  std::chrono::milliseconds first_;
  std::chrono::milliseconds max_;
  int tries_ = 0;
};

}  // namespace cairn
