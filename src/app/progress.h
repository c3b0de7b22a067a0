// SPDX-License-Identifier: Apache-2.0
// Progress for people at a terminal: one line, redrawn at most twice a second.
//
// "copy files  1.2 GiB of 4.0 GiB (30 %)  85.3 MiB/s  33s left". Thread-safe. While one is alive,
// log lines are kept from tearing its line; there is at most one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "engine/progress.h"

namespace cairn::app {

// On standard error, or silent if that is no terminal.
std::unique_ptr<engine::ProgressSink> make_progress(Clock& clock);

struct ProgressFacts {
  std::string phase = {};
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;  // 0: unknown
  std::chrono::milliseconds elapsed{0};
};

// The line for `facts`, without control characters. Pure.
std::string progress_line(const ProgressFacts& facts);

// "3 B", "1.2 GiB".
std::string format_bytes(std::uint64_t bytes);
// "33s", "12m05s", "3h20m".
std::string format_seconds(std::chrono::seconds duration);

}  // namespace cairn::app
