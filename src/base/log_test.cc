// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace cairn {
namespace {

TEST(LogTest, PrintsLinesInWalGsShape) {
  testing::internal::CaptureStderr();
  log_info("Wrote backup with name {}", "base_1");
  const std::string text = testing::internal::GetCapturedStderr();
  const std::regex shape(
      R"(INFO: \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} Wrote backup with name base_1\n)");
  EXPECT_TRUE(std::regex_match(text, shape)) << text;
}

TEST(LogTest, HidesWhatIsBelowItsLevel) {
  testing::internal::CaptureStderr();
  set_log_level(LogLevel::Error);
  log_warning("hidden");
  log_error("shown");
  set_log_level(LogLevel::Info);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_EQ(text.rfind("ERROR: ", 0), 0U);
}

TEST(LogTest, CanBeRedirected) {
  std::vector<std::string> lines;
  redirect_log([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  log_info("one");
  redirect_log(nullptr);
  EXPECT_EQ(lines, std::vector<std::string>{"one"});
}

}  // namespace
}  // namespace cairn
