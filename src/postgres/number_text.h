// SPDX-License-Identifier: Apache-2.0
// Strict reading of unsigned numbers: all of the text, digits only.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace cairn::postgres {

// Nothing if `text` is empty, has anything but digits of `base`, or means more than `value_max`.
inline std::optional<std::uint64_t> parse_unsigned(
    std::string_view text, int base,
    std::uint64_t value_max = std::numeric_limits<std::uint64_t>::max()) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc{} || stopped != end || value > value_max) return {};
  return value;
}

}  // namespace cairn::postgres
