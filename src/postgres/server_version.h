// SPDX-License-Identifier: Apache-2.0
// Which PostgreSQL this is, and whether Cairn knows it.
#pragma once

#include <compare>
#include <string_view>

#include "base/result.h"

namespace cairn::postgres {

inline constexpr int kMajorVersionMin = 13;
inline constexpr int kMajorVersionMax = 18;

// `number` is server_version_num: 150004 for 15.4.
struct ServerVersion {
  int number = 0;

  auto operator<=>(const ServerVersion&) const = default;
  int major() const { return number / 10000; }
  bool is_supported() const { return major() >= kMajorVersionMin && major() <= kMajorVersionMax; }
};

// The content of the file PG_VERSION, "15\n", as a major version.
Result<int> parse_version_file(std::string_view text);

}  // namespace cairn::postgres
