// SPDX-License-Identifier: Apache-2.0
// A value that can be reached only through its lock.
#pragma once

#include <mutex>
#include <utility>

namespace cairn {

template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  // Runs `work(value)` under the lock and returns what it returns. Do not wait inside.
  template <class Work>
  decltype(auto) with(Work&& work) {
    const std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(value_);
  }
  template <class Work>
  decltype(auto) with(Work&& work) const {
    const std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace cairn
