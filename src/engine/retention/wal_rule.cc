// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/wal_rule.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "repository/names.h"

namespace cairn::engine {
namespace {

using postgres::WalSegment;

constexpr std::size_t kSegmentDigits = 24;
constexpr std::uint64_t kBlockMapSegments = 16;

std::uint64_t last_of(const KeptWal& kept) {
  return kept.last.value_or(std::numeric_limits<std::uint64_t>::max());
}

bool is_kept(const KeptWal& kept, const WalSpan& span) {
  return span.timeline >= kept.timeline && span.last >= kept.first && span.first <= last_of(kept);
}

}  // namespace

WalRule simplified(WalRule rule) {
  std::ranges::sort(rule.kept, {}, [](const KeptWal& kept) {
    return std::tuple(kept.timeline, kept.first, ~last_of(kept));
  });
  // What lies behind an open range of the same or a lower timeline adds nothing.
  std::uint64_t open_first = std::numeric_limits<std::uint64_t>::max();
  std::vector<KeptWal> fewer;
  for (const KeptWal& kept : rule.kept) {
    if (kept.first >= open_first) continue;
    if (!kept.last) open_first = kept.first;
    fewer.push_back(kept);
  }
  rule.kept = std::move(fewer);
  return rule;
}

std::optional<WalSpan> wal_span_of(std::string_view name, postgres::WalSegmentSize size) {
  const auto segment = postgres::parse_wal_segment(name.substr(0, kSegmentDigits), size);
  if (!segment) return std::nullopt;
  const bool is_block_map = name.substr(kSegmentDigits).starts_with("_delta");
  return WalSpan{.timeline = segment->timeline,
                 .first = segment->number,
                 .last = segment->number + (is_block_map ? kBlockMapSegments - 1 : 0)};
}

bool may_delete_wal(const WalRule& rule, const WalSpan& span) {
  if (rule.before) {
    const WalSegment last{.timeline = span.timeline, .number = span.last};
    const bool is_before =
        rule.ignores_timeline ? last.number < rule.before->number : last < *rule.before;
    if (!is_before) return false;
  }
  return std::ranges::none_of(rule.kept, [&](const KeptWal& kept) { return is_kept(kept, span); });
}

}  // namespace cairn::engine
