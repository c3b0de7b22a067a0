// SPDX-License-Identifier: Apache-2.0
// Positions in the write-ahead log: the byte (Lsn) and the branch of history (TimelineId).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::postgres {

// A byte position in the write-ahead log. 0 means "none", as in PostgreSQL.
struct Lsn {
  std::uint64_t value = 0;

  auto operator<=>(const Lsn&) const = default;
  bool is_valid() const { return value != 0; }
  // As PostgreSQL prints it: "16/B374D848".
  std::string text() const;
};

// Accepts what PostgreSQL accepts: one to eight hexadecimal digits on both sides of the slash.
Result<Lsn> parse_lsn(std::string_view text);

// A branch of history; it changes at every promotion. 0 means "none". File names carry it as eight
// hexadecimal digits, SQL and history files as a decimal number.
struct TimelineId {
  std::uint32_t value = 0;

  auto operator<=>(const TimelineId&) const = default;
  bool is_valid() const { return value != 0; }
};

// Names the timeline in the two ways in which PostgreSQL writes numbers: decimal "2" (SQL, history
// files, settings), or "0x2".
Result<TimelineId> parse_timeline(std::string_view text);

}  // namespace cairn::postgres
