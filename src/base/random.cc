// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <fmt/format.h>

namespace cairn {

SystemRandom::SystemRandom() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device()};
  engine_.seed(seed);
}

std::uint64_t SystemRandom::next() {
  const std::lock_guard lock(mutex_);
  return engine_();
}

std::uint64_t SeededRandom::next() {
  const std::lock_guard lock(mutex_);
  return engine_();
}

std::string random_hex(Random& random) {
  return fmt::format("{:016x}", random.next());
}

}  // namespace cairn
