// SPDX-License-Identifier: Apache-2.0
#include "engine/wal_report/wal_show.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "repository/json_go.h"
#include "repository/text_table.h"

namespace cairn::engine {
namespace {

using postgres::TimelineId;
using postgres::WalSegment;
using repository::ListedBackup;

constexpr std::string_view kOk = "OK";
constexpr std::string_view kLost = "LOST_SEGMENTS";

std::string_view status_of(const TimelineReport& report) {
  return report.segment_count == report.range_count ? kOk : kLost;
}

std::vector<std::string> missing_of(TimelineId timeline, const SegmentSet& segments,
                                    postgres::WalSegmentSize size) {
  std::vector<std::string> missing;
  const auto& ranges = segments.ranges();
  for (auto range = ranges.rbegin(); std::next(range) != ranges.rend(); ++range) {
    const std::uint64_t last_found = std::next(range)->second;
    for (std::uint64_t number = range->first - 1; number > last_found; --number) {
      if (missing.size() == kMissingSegmentsMax) return missing;
      missing.push_back(WalSegment{.timeline = timeline, .number = number}.name(size));
    }
  }
  return missing;
}

// Backups that lie completely within the segments of the timeline, newest first.
std::vector<ListedBackup> backups_within(std::span<const ListedBackup> backups, TimelineId timeline,
                                         const SegmentSet& segments,
                                         postgres::WalSegmentSize size) {
  std::vector<ListedBackup> found;
  for (const ListedBackup& backup : backups) {
    const auto name = repository::first_segment_name(backup.entry.name.text());
    const auto start = postgres::parse_wal_segment(name.value_or(""), size);
    if (!start || start->timeline != timeline || !backup.metadata) continue;
    const std::uint64_t first = backup.metadata->start_lsn.value / size.bytes();
    const std::uint64_t last = backup.metadata->finish_lsn.value / size.bytes();
    if (first >= segments.first() && last <= segments.last()) found.push_back(backup);
  }
  std::ranges::sort(found, std::greater(), [](const ListedBackup& backup) {
    return std::tie(backup.entry.modified, backup.entry.name);
  });
  return found;
}

void write_timeline(const TimelineReport& report, repository::JsonWriter& json) {
  json.begin_object();
  json.key("id").number(report.timeline.value);
  json.key("parent_id").number(report.parent.value);
  json.key("switch_point_lsn").number(report.switch_point.value);
  json.key("start_segment").string(report.start_segment);
  json.key("end_segment").string(report.end_segment);
  json.key("segments_count").number(report.segment_count);
  json.key("missing_segments").begin_array();
  for (const std::string& segment : report.missing_segments) json.string(segment);
  json.end_array();
  if (!report.backups.empty()) {
    json.key("backups").begin_array();
    for (const ListedBackup& backup : report.backups) write_listed_backup(backup, json);
    json.end_array();
  }
  json.key("segment_range_size").number(report.range_count);
  json.key("status").string(status_of(report));
  json.end_object();
}

}  // namespace

std::vector<TimelineReport> make_wal_report(const WalListing& listing,
                                            std::span<const postgres::TimelineHistory> histories,
                                            std::span<const ListedBackup> backups,
                                            postgres::WalSegmentSize size) {
  std::vector<TimelineReport> timelines;
  for (const auto& [timeline, segments] : listing.segments) {
    TimelineReport report{.timeline = timeline};
    const auto history =
        std::ranges::find(histories, timeline, &postgres::TimelineHistory::timeline);
    if (history != histories.end() && !history->ancestors().empty()) {
      report.parent = history->ancestors().back().timeline;
      report.switch_point = history->ancestors().back().end;
    }
    report.start_segment = WalSegment{.timeline = timeline, .number = segments.first()}.name(size);
    report.end_segment = WalSegment{.timeline = timeline, .number = segments.last()}.name(size);
    report.segment_count = segments.count();
    report.range_count = segments.last() - segments.first() + 1;
    report.missing_segments = missing_of(timeline, segments, size);
    report.backups = backups_within(backups, timeline, segments, size);
    timelines.push_back(std::move(report));
  }
  return timelines;
}

Result<WalReport> load_wal_report(object_store::ObjectStore& store, postgres::WalSegmentSize size,
                                  const codec::Cipher* cipher, bool has_backups,
                                  std::stop_token stop) {
  const WalListing listing = TRY(load_wal_listing(store, size, stop));
  WalReport report;
  std::vector<postgres::TimelineHistory> histories;
  for (const auto& [timeline, segments] : listing.segments) {
    if (!listing.histories.contains(timeline)) continue;
    auto history = find_timeline_history(store, timeline, cipher, stop);
    if (history.ok() && history.value()) {
      histories.push_back(*std::move(history).value());
    } else if (!history.ok() && history.error().code() == ErrorCode::Cancelled) {
      return std::move(history).error();
    } else if (!history.ok()) {
      report.warnings.push_back("history file left out: " + history.error().message());
    }
  }
  repository::BackupListing backups;
  if (has_backups) backups = TRY(repository::load_backup_listing(store, true, stop));
  report.warnings.insert(report.warnings.end(), backups.warnings.begin(), backups.warnings.end());
  report.timelines = make_wal_report(listing, histories, backups.backups, size);
  return report;
}

std::string format_wal_report(std::span<const TimelineReport> report, bool has_backups) {
  repository::TextTable table{
      .header = {"TLI", "Parent TLI", "Switchpoint LSN", "Start segment", "End segment",
                 "Segment range", "Segments count", "Status"},
      .right_aligned = {0, 1, 2, 5, 6, 8}};
  if (has_backups) table.header.push_back("Backups count");
  for (const TimelineReport& timeline : report) {
    std::vector<std::string> row = {std::to_string(timeline.timeline.value),
                                    std::to_string(timeline.parent.value),
                                    timeline.switch_point.text(),
                                    timeline.start_segment,
                                    timeline.end_segment,
                                    std::to_string(timeline.range_count),
                                    std::to_string(timeline.segment_count),
                                    std::string(status_of(timeline))};
    if (has_backups) row.push_back(std::to_string(timeline.backups.size()));
    table.rows.push_back(std::move(row));
  }
  return format_ruled_table(table);
}

std::string format_wal_report_json(std::span<const TimelineReport> report) {
  repository::JsonWriter json;
  json.begin_array();
  for (const TimelineReport& timeline : report) write_timeline(timeline, json);
  json.end_array();
  return json.take();
}

}  // namespace cairn::engine
