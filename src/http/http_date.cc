// SPDX-License-Identifier: Apache-2.0
#include "http/http_date.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace cairn::http {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Nothing for what is not in the form: the same instant in RFC 3339, whose parser checks numbers.
std::string to_rfc3339(std::string_view text) {
  constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != kForm.size() || text.substr(3, 2) != ", " || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text.substr(25) != " GMT") {
    return {};
  }
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return {};
  return fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - kMonths.begin() + 1,
                     text.substr(5, 2), text.substr(17, 8));
}

}  // namespace

Result<WallTime> parse_http_date(std::string_view text) {
  Result<WallTime> time = parse_rfc3339(to_rfc3339(text));
  if (time.ok()) return time;
  return invalid_argument("\"{}\" is not a date of HTTP, such as Sun, 06 Nov 1994 08:49:37 GMT",
                          text.substr(0, 100));
}

}  // namespace cairn::http
