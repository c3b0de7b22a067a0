// SPDX-License-Identifier: Apache-2.0
#include "postgres/wal_segment.h"

#include <bit>

#include "postgres/number_text.h"
#include "postgres/wal_file_name.h"

namespace cairn::postgres {
namespace {

constexpr std::uint64_t kSegmentBytesMin = 1U << 20;
constexpr std::uint64_t kSegmentBytesMax = 1U << 30;

}  // namespace

Result<WalSegmentSize> WalSegmentSize::of(std::uint64_t bytes) {
  if (bytes < kSegmentBytesMin || bytes > kSegmentBytesMax || !std::has_single_bit(bytes)) {
    return invalid_argument(
        "{} bytes is not a WAL segment size: it is a power of two from 1 MiB to 1 GiB", bytes);
  }
  return WalSegmentSize(static_cast<std::uint32_t>(bytes));
}

WalSegment WalSegment::of_lsn(TimelineId timeline, Lsn lsn, WalSegmentSize size) {
  return {timeline, lsn.value / size.bytes()};
}

WalSegment WalSegment::before_lsn(TimelineId timeline, Lsn lsn, WalSegmentSize size) {
  ASSERT(lsn.is_valid());
  return {timeline, (lsn.value - 1) / size.bytes()};
}

std::string WalSegment::name(WalSegmentSize size) const {
  return fmt::format("{:08X}{:08X}{:08X}", timeline.value, number / size.segments_per_log(),
                     number % size.segments_per_log());
}

std::optional<WalSegment> WalSegment::previous() const {
  if (number == 0) return {};
  return WalSegment{timeline, number - 1};
}

std::optional<WalSegment> parse_wal_segment(std::string_view name, WalSegmentSize size) {
  const WalFileName classified = classify_wal_file(name);
  if (classified.kind != WalFileKind::Segment) return {};
  const auto log = parse_unsigned(name.substr(8, 8), 16);
  const auto low = parse_unsigned(name.substr(16, 8), 16);
  if (!log || !low || *low >= size.segments_per_log()) return {};
  return WalSegment{classified.timeline, *log * size.segments_per_log() + *low};
}

}  // namespace cairn::postgres
