// SPDX-License-Identifier: Apache-2.0
// The program's log: lines on standard error in WAL-G's shape, "INFO: 2026/08/20 10:00:05.000000
// text", so that what parses WAL-G's output parses ours.
//
// The one process-wide object: it never changes behaviour. Log where an error is handled, not where
// it passes by. Thread-safe.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>

namespace cairn {

enum class LogLevel { Debug, Info, Warning, Error };

void log_line(LogLevel level, std::string_view text);
void set_log_level(LogLevel least);

// Sends lines to `take` instead of standard error until called with nullptr; for tests and for the
// progress display, which must not be torn by a log line.
void redirect_log(std::function<void(LogLevel, std::string_view)> take);

// The line as standard error shows it, without its end, and whether it shows that level at all: for
// those who redirect the log to a terminal.
std::string format_log_line(LogLevel level, std::string_view text);
bool is_logged(LogLevel level);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace cairn
