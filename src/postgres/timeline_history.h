// SPDX-License-Identifier: Apache-2.0
// The ancestry of a timeline, as the file NNNNNNNN.history tells it.
//
// A restore asks here which WAL leads from a backup to its target, and retention asks which WAL a
// backup needs. Immutable, therefore thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postgres/lsn.h"
#include "postgres/wal_segment.h"

namespace cairn::postgres {

// A history file grows by a line with every promotion; anything larger than this is not one.
inline constexpr std::size_t kTimelineHistoryBytesMax = 1U << 20;

// One line: the history left `timeline` at `end`, for the timeline of the next line.
struct TimelineSwitch {
  TimelineId timeline;
  Lsn end;
  std::string reason;

  bool operator==(const TimelineSwitch&) const = default;
};

class TimelineHistory {
 public:
  // The history of a timeline that has no ancestors, such as 1.
  explicit TimelineHistory(TimelineId timeline) : timeline_(timeline) {}

  // Corrupt if `text` is not the history of `timeline`: ancestors must ascend, stay below it, and
  // be left at positions that do not go back.
  static Result<TimelineHistory> parse(TimelineId timeline, std::string_view text);
  // The history of `timeline`, which leaves this one at `end`.
  Result<TimelineHistory> branch(TimelineId timeline, Lsn end, std::string reason) const;

  // The content of the history file; empty for a timeline without ancestors, which has no file.
  std::string text() const;

  TimelineId timeline() const { return timeline_; }
  std::span<const TimelineSwitch> ancestors() const { return ancestors_; }
  bool has_ancestor(TimelineId timeline) const;

  // The timeline on which this history passes `lsn`.
  TimelineId timeline_at(Lsn lsn) const;
  // Where this history enters `timeline`: 0 for the oldest; nothing when it never does.
  std::optional<Lsn> begin_of(TimelineId timeline) const;
  // Where this history leaves `timeline`; nothing for its own timeline and for strangers.
  std::optional<Lsn> end_of(TimelineId timeline) const;
  // Whether what was written up to `lsn` on `timeline` is a part of this history.
  bool contains(TimelineId timeline, Lsn lsn) const;
  // The segment that recovery along this history reads for `number`. The segment in which a
  // timeline ends exists on both sides; the younger copy is complete and is the one to read.
  WalSegment segment(std::uint64_t number, WalSegmentSize size) const;

 private:
  TimelineId timeline_;
  std::vector<TimelineSwitch> ancestors_;  // oldest first
};

}  // namespace cairn::postgres
