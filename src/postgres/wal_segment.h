// SPDX-License-Identifier: Apache-2.0
// The files into which the write-ahead log is cut, and their names.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "postgres/lsn.h"

namespace cairn::postgres {

// The size of every segment of one cluster, fixed by initdb: a power of two from 1 MiB to 1 GiB.
class WalSegmentSize {
 public:
  // InvalidArgument unless `bytes` is a size that PostgreSQL allows.
  static Result<WalSegmentSize> of(std::uint64_t bytes);
  // 16 MiB, what initdb chooses when it is not told.
  static constexpr WalSegmentSize standard() { return WalSegmentSize(16U << 20); }

  std::uint32_t bytes() const { return bytes_; }
  // How many segments make up the 4 GiB that share the middle eight digits of the name.
  std::uint64_t segments_per_log() const { return (std::uint64_t{1} << 32) / bytes_; }
  bool operator==(const WalSegmentSize&) const = default;

 private:
  constexpr explicit WalSegmentSize(std::uint32_t bytes) : bytes_(bytes) {}
  std::uint32_t bytes_;
};

// One segment: `number` counts segments from the beginning of the log, whatever the timeline.
struct WalSegment {
  TimelineId timeline;
  std::uint64_t number = 0;

  auto operator<=>(const WalSegment&) const = default;

  // The segment that holds the byte at `lsn`.
  static WalSegment of_lsn(TimelineId timeline, Lsn lsn, WalSegmentSize size);
  // The segment that holds the byte before `lsn`: where something that ends at `lsn` ends.
  static WalSegment before_lsn(TimelineId timeline, Lsn lsn, WalSegmentSize size);

  // "000000010000000000000001".
  std::string name(WalSegmentSize size) const;
  Lsn start_lsn(WalSegmentSize size) const { return {number * size.bytes()}; }
  Lsn end_lsn(WalSegmentSize size) const { return {(number + 1) * size.bytes()}; }
  // The neighbours on the same timeline; nothing precedes segment 0.
  WalSegment next() const { return {timeline, number + 1}; }
  std::optional<WalSegment> previous() const;
};

// Nothing unless `name` is a whole segment name that is possible with segments of this size:
// 16 MiB segments end at FF, 1 MiB segments at FFF.
std::optional<WalSegment> parse_wal_segment(std::string_view name, WalSegmentSize size);

}  // namespace cairn::postgres
