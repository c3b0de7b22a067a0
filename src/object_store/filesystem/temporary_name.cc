// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/temporary_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace cairn::object_store {

namespace {

// Digits are 'd', hexadecimal digits 'x', everything else is itself.
constexpr std::string_view kSuffixPattern = ".tmp.ddddddddTddddddZ-xxxxxxxxxxxxxxxx";
constexpr std::size_t kTimeAt = 5;          // within the suffix
constexpr std::size_t kNameBytesMax = 255;  // NAME_MAX of every usual file system

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool matches(char pattern, char c) {
  if (pattern == 'd') return is_digit(c);
  if (pattern == 'x') return is_digit(c) || (c >= 'a' && c <= 'f');
  return pattern == c;
}

}  // namespace

std::string make_temporary_name(std::string_view final_name, WallTime now, Random& random) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(now - day)};
  return fmt::format("{}.tmp.{:04}{:02}{:02}T{:02}{:02}{:02}Z-{}",
                     final_name.substr(0, kNameBytesMax - kSuffixPattern.size()),
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), random_hex(random));
}

std::optional<WallTime> temporary_name_time(std::string_view name) {
  if (name.size() <= kSuffixPattern.size()) return std::nullopt;
  const std::string_view suffix = name.substr(name.size() - kSuffixPattern.size());
  if (!std::ranges::equal(kSuffixPattern, suffix, matches)) return std::nullopt;
  const std::string_view t = suffix.substr(kTimeAt);
  const Result<WallTime> time =
      parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}Z", t.substr(0, 4), t.substr(4, 2),
                                t.substr(6, 2), t.substr(9, 2), t.substr(11, 2), t.substr(13, 2)));
  if (!time.ok()) return std::nullopt;
  return time.value();
}

}  // namespace cairn::object_store
