// SPDX-License-Identifier: Apache-2.0
// Time, handed in through constructors so that tests own it.
//
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace cairn {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;

  // Calendar time in UTC. May jump.
  virtual WallTime now() = 0;
  // Time for measuring and waiting. Never goes back.
  virtual SteadyTime steady_now() = 0;
  // Waits until `time`; Cancelled if `stop` comes first.
  virtual Result<> wait_until(SteadyTime time, std::stop_token stop) = 0;

  Result<> wait_for(std::chrono::nanoseconds duration, std::stop_token stop) {
    return wait_until(steady_now() + std::chrono::duration_cast<SteadyTime::duration>(duration),
                      std::move(stop));
  }
};

class SystemClock final : public Clock {
 public:
  WallTime now() override;
  SteadyTime steady_now() override;
  Result<> wait_until(SteadyTime time, std::stop_token stop) override;
};

// A clock that stands still until told to advance; advance() wakes waiters whose time has come.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start);
  WallTime now() override;
  SteadyTime steady_now() override;
  Result<> wait_until(SteadyTime time, std::stop_token stop) override;

  void advance(std::chrono::microseconds duration);
  // From now on every wait advances the clock itself and returns at once.
  void skip_waits();

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  WallTime now_;
  SteadyTime steady_now_{};
  bool skips_waits_ = false;
};

// RFC 3339 in UTC as Go prints it: no fraction when it is zero, no trailing zeros otherwise:
// "2026-08-20T10:00:05.1Z".
std::string format_rfc3339(WallTime time);

// Accepts RFC 3339 with `Z` or an offset, any number of fraction digits (cut to microseconds).
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace cairn
