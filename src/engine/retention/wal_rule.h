// SPDX-License-Identifier: Apache-2.0
// Which objects of wal_005 may go. Pure.
//
// WAL-G's rule says what is old: everything ordered before a segment, timeline first. Ours says
// what of that must stay because a remaining backup needs it. A timeline with a higher number may
// descend from one with a lower number, never the other way round; so WAL on a higher timeline
// counts as a continuation. That keeps a little too much in rare cases, and needs no history file
// to be readable.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "postgres/wal_segment.h"

namespace cairn::engine {

// Segments `first` to `last` (to the end, if absent) of `timeline` and its possible descendants.
struct KeptWal {
  postgres::TimelineId timeline = {};
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last = {};
  bool operator==(const KeptWal&) const = default;
};

struct WalRule {
  // Only what is ordered before it may go; absent: everything that is not kept.
  std::optional<postgres::WalSegment> before = {};
  // Ordered by number alone (--use-sentinel-time).
  bool ignores_timeline = false;
  std::vector<KeptWal> kept = {};
};

// The same rule with fewer ranges: those that lie within others are dropped.
WalRule simplified(WalRule rule);

// The segments an object of wal_005 (named without the folder) stands for: one, or 16 for a block
// map of WAL-G. Nothing for objects that do not begin with the name of a segment, such as history
// files: these always stay.
struct WalSpan {
  postgres::TimelineId timeline = {};
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const WalSpan&) const = default;
};
std::optional<WalSpan> wal_span_of(std::string_view name, postgres::WalSegmentSize size);

bool may_delete_wal(const WalRule& rule, const WalSpan& span);

}  // namespace cairn::engine
