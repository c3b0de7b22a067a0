// SPDX-License-Identifier: Apache-2.0
// wal-show: the archive by timeline, with what is missing. Output is WAL-G's, byte for byte.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/cipher.h"
#include "engine/wal_report/wal_listing.h"
#include "object_store/object_store.h"
#include "postgres/lsn.h"
#include "postgres/wal_segment.h"
#include "repository/list_output.h"

namespace cairn::engine {

struct TimelineReport {
  postgres::TimelineId timeline = {};
  postgres::TimelineId parent = {};  // none without a history file
  postgres::Lsn switch_point = {};
  std::string start_segment = {};
  std::string end_segment = {};
  std::uint64_t segment_count = 0;
  std::uint64_t range_count = 0;  // how many there are from start to end
  // Newest first, as WAL-G lists them; at most kMissingSegmentsMax of them.
  std::vector<std::string> missing_segments = {};
  std::vector<repository::ListedBackup> backups = {};  // newest first
};

inline constexpr std::size_t kMissingSegmentsMax = 100'000;

// Every timeline with at least one segment, ascending. Pure.
std::vector<TimelineReport> make_wal_report(const WalListing& listing,
                                            std::span<const postgres::TimelineHistory> histories,
                                            std::span<const repository::ListedBackup> backups,
                                            postgres::WalSegmentSize size);

// Reads what make_wal_report() needs. A history file that cannot be read is left out and said so in
// `warnings`, since a report about damage must not fail on damage.
struct WalReport {
  std::vector<TimelineReport> timelines = {};
  std::vector<std::string> warnings = {};
};
Result<WalReport> load_wal_report(object_store::ObjectStore& store, postgres::WalSegmentSize size,
                                  const codec::Cipher* cipher, bool has_backups,
                                  std::stop_token stop);

// The table; `has_backups` adds the last column.
std::string format_wal_report(std::span<const TimelineReport> report, bool has_backups);
// --detailed-json; without a newline at the end, as WAL-G prints it.
std::string format_wal_report_json(std::span<const TimelineReport> report);

}  // namespace cairn::engine
