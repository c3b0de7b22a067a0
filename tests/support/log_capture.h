// SPDX-License-Identifier: Apache-2.0
// Keeps the log's lines of a test instead of printing them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"

namespace cairn::tests {

class LogCapture {
 public:
  LogCapture() {
    redirect_log([this](LogLevel level, std::string_view line) {
      lines_.with([&](std::vector<Line>& lines) { lines.push_back({level, std::string(line)}); });
    });
  }
  ~LogCapture() { redirect_log(nullptr); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  // How many lines of this level contain `text`.
  int count(LogLevel level, std::string_view text) const {
    return lines_.with([&](const std::vector<Line>& lines) {
      int found = 0;
      for (const Line& line : lines) {
        if (line.level == level && line.text.find(text) != std::string::npos) ++found;
      }
      return found;
    });
  }

 private:
  struct Line {
    LogLevel level;
    std::string text;
  };
  Guarded<std::vector<Line>> lines_;
};

}  // namespace cairn::tests
