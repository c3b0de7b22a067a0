// SPDX-License-Identifier: Apache-2.0
#include "postgres/wal_file_name.h"

#include "postgres/number_text.h"

namespace cairn::postgres {
namespace {

constexpr std::size_t kTimelineDigits = 8;
constexpr std::size_t kSegmentDigits = 24;
constexpr std::size_t kOffsetDigits = 8;

bool is_digits(std::string_view text, std::size_t count) {
  return text.size() == count &&
         text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

WalFileKind kind_of(std::string_view name) {
  const auto dot = name.find('.');
  const std::string_view stem = name.substr(0, dot);
  const std::string_view rest = dot == std::string_view::npos ? "" : name.substr(dot);
  if (is_digits(stem, kTimelineDigits)) {
    return rest == ".history" ? WalFileKind::History : WalFileKind::Unknown;
  }
  if (!is_digits(stem, kSegmentDigits)) return WalFileKind::Unknown;
  if (rest.empty()) return WalFileKind::Segment;
  if (rest == ".partial") return WalFileKind::Partial;
  const bool is_backup_history = rest.size() > kOffsetDigits &&
                                 is_digits(rest.substr(1, kOffsetDigits), kOffsetDigits) &&
                                 rest.substr(1 + kOffsetDigits) == ".backup";
  return is_backup_history ? WalFileKind::BackupHistory : WalFileKind::Unknown;
}

}  // namespace

WalFileName classify_wal_file(std::string_view name) {
  const WalFileKind kind = kind_of(name);
  if (kind == WalFileKind::Unknown) return {};
  const auto timeline = parse_unsigned(name.substr(0, kTimelineDigits), 16);
  if (!timeline || *timeline == 0) return {};
  WalFileName result{.kind = kind, .timeline = {static_cast<std::uint32_t>(*timeline)}};
  if (kind != WalFileKind::History) result.segment = name.substr(0, kSegmentDigits);
  return result;
}

std::string history_file_name(TimelineId timeline) {
  return fmt::format("{:08X}.history", timeline.value);
}

}  // namespace cairn::postgres
