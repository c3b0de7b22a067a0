// SPDX-License-Identifier: Apache-2.0
#include "app/progress.h"

#include <unistd.h>

#include <cstdio>

#include "base/guarded.h"
#include "base/log.h"

namespace cairn::app {

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{500};
constexpr std::string_view kClearLine = "\r\x1b[K";

void write_to_terminal(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

class TerminalProgress final : public engine::ProgressSink {
 public:
  explicit TerminalProgress(Clock& clock) : clock_(clock) {
    redirect_log([](LogLevel level, std::string_view text) {
      if (!is_logged(level)) return;
      write_to_terminal(fmt::format("{}{}\n", kClearLine, format_log_line(level, text)));
    });
  }
  ~TerminalProgress() override {
    redirect_log(nullptr);
    state_.with([](State& state) {
      if (state.is_drawn) write_to_terminal(kClearLine);
    });
  }

  void phase(std::string_view name) override {
    const SteadyTime now = clock_.steady_now();
    state_.with([&](State& state) {
      state.facts = {.phase = std::string(name)};
      state.started = now;
      draw(state, now);
    });
  }
  void total(std::uint64_t bytes) override {
    state_.with([&](State& state) { state.facts.total_bytes = bytes; });
  }
  void advance(std::uint64_t bytes) override {
    const SteadyTime now = clock_.steady_now();
    state_.with([&](State& state) {
      state.facts.done_bytes += bytes;
      if (now - state.drawn >= kRedrawInterval) draw(state, now);
    });
  }

 private:
  struct State {
    ProgressFacts facts;
    SteadyTime started;
    SteadyTime drawn;
    bool is_drawn = false;
  };

  static void draw(State& state, SteadyTime now) {
    state.facts.elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - state.started);
    write_to_terminal(fmt::format("{}{}", kClearLine, progress_line(state.facts)));
    state.drawn = now;
    state.is_drawn = true;
  }

  Clock& clock_;
  Guarded<State> state_;
};

}  // namespace

std::unique_ptr<engine::ProgressSink> make_progress(Clock& clock) {
  if (isatty(STDERR_FILENO) == 0) return std::make_unique<engine::NoProgress>();
  return std::make_unique<TerminalProgress>(clock);
}

std::string progress_line(const ProgressFacts& facts) {
  std::string line = facts.phase;
  if (facts.done_bytes == 0) return line;
  line += "  " + format_bytes(facts.done_bytes);
  if (facts.total_bytes != 0) {
    const double share =
        static_cast<double>(facts.done_bytes) / static_cast<double>(facts.total_bytes);
    line += fmt::format(" of {} ({:.0f} %)", format_bytes(facts.total_bytes),
                        share > 1 ? 100.0 : 100 * share);
  }
  const double seconds = static_cast<double>(facts.elapsed.count()) / 1000;
  if (seconds < 0.5) return line;
  const double rate = static_cast<double>(facts.done_bytes) / seconds;
  line += fmt::format("  {}/s", format_bytes(static_cast<std::uint64_t>(rate)));
  if (facts.total_bytes <= facts.done_bytes || rate < 1) return line;
  const double left = static_cast<double>(facts.total_bytes - facts.done_bytes) / rate;
  line += fmt::format("  {} left",
                      format_seconds(std::chrono::seconds(static_cast<std::int64_t>(left))));
  return line;
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_seconds(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count();
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

}  // namespace cairn::app
