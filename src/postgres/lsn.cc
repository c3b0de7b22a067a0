// SPDX-License-Identifier: Apache-2.0
#include "postgres/lsn.h"

#include "postgres/number_text.h"

namespace cairn::postgres {
namespace {

constexpr std::size_t kDigitsMax = 8;
constexpr std::uint64_t kHalfMax = 0xffffffff;

}  // namespace

std::string Lsn::text() const {
  return fmt::format("{:X}/{:X}", value >> 32, value & kHalfMax);
}

Result<Lsn> parse_lsn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash != std::string_view::npos && slash <= kDigitsMax &&
      text.size() - slash - 1 <= kDigitsMax) {
    const auto high = parse_unsigned(text.substr(0, slash), 16, kHalfMax);
    const auto low = parse_unsigned(text.substr(slash + 1), 16, kHalfMax);
    if (high && low) return Lsn{(*high << 32) | *low};
  }
  return invalid_argument("\"{}\" is not a WAL position such as 16/B374D848", text);
}

Result<TimelineId> parse_timeline(std::string_view text) {
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const auto value = is_hexadecimal ? parse_unsigned(text.substr(2), 16, kHalfMax)
                                    : parse_unsigned(text, 10, kHalfMax);
  if (value && *value != 0) return TimelineId{static_cast<std::uint32_t>(*value)};
  return invalid_argument("\"{}\" is not a timeline: a number from 1 to 4294967295, such as 2",
                          text);
}

}  // namespace cairn::postgres
