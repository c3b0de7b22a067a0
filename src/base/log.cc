// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

namespace cairn {

namespace {

// spdlog's own level names are lower case; WAL-G's are DEBUG, INFO, WARNING, ERROR.
class UpperLevel final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    std::string_view name = "INFO";
    if (message.level == spdlog::level::debug) name = "DEBUG";
    if (message.level == spdlog::level::warn) name = "WARNING";
    if (message.level == spdlog::level::err) name = "ERROR";
    out.append(name.data(), name.data() + name.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<UpperLevel>();
  }
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warning:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::unique_ptr<spdlog::pattern_formatter> make_formatter() {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<UpperLevel>('*').set_pattern("%*: %Y/%m/%d %H:%M:%S.%f %v");
  return formatter;
}

struct Log {
  Log() : logger("cairn", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_formatter(make_formatter());
    logger.set_level(spdlog::level::info);
  }
  spdlog::logger logger;
  std::mutex mutex;
  std::function<void(LogLevel, std::string_view)> redirected;
};

Log& the_log() {
  static Log log;  // Made at the first line, so a silent run pays nothing.
  return log;
}

}  // namespace

void log_line(LogLevel level, std::string_view text) {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  if (log.redirected) {
    log.redirected(level, text);
  } else {
    log.logger.log(spdlog_level(level), "{}", text);
  }
}

void set_log_level(LogLevel least) {
  the_log().logger.set_level(spdlog_level(least));
}

void redirect_log(std::function<void(LogLevel, std::string_view)> take) {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  log.redirected = std::move(take);
}

std::string format_log_line(LogLevel level, std::string_view text) {
  spdlog::memory_buf_t line;
  make_formatter()->format(
      {"cairn", spdlog_level(level), spdlog::string_view_t(text.data(), text.size())}, line);
  std::string formatted(line.data(), line.size());
  if (formatted.ends_with('\n')) formatted.pop_back();
  return formatted;
}

bool is_logged(LogLevel level) {
  return the_log().logger.should_log(spdlog_level(level));
}

}  // namespace cairn
