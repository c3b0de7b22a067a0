// SPDX-License-Identifier: Apache-2.0
#include "engine/wal_report/wal_verify.h"

#include <algorithm>

#include "repository/json_go.h"
#include "repository/text_table.h"

namespace cairn::engine {
namespace {

using postgres::Lsn;
using postgres::TimelineHistory;
using postgres::TimelineId;
using postgres::WalSegment;
using repository::ListedBackup;

const SegmentSet& segments_of(const WalListing& listing, TimelineId timeline) {
  static const SegmentSet kNone;
  const auto found = listing.segments.find(timeline);
  return found == listing.segments.end() ? kNone : found->second;
}

// Looks back through the archive, from the newest wanted segment to the oldest, and notes runs. The
// newest segments are judged one by one; the rest in ranges, however many there are.
class Scanner {
 public:
  Scanner(const WalListing& listing, const TimelineHistory& history, postgres::WalSegmentSize size,
          std::uint64_t oldest, std::uint64_t end)
      : listing_(listing), history_(history), size_(size), oldest_(oldest), end_(end) {}

  // At most `count_max` segments; what is missing has `status`.
  void scan_some(std::uint64_t count_max, SegmentStatus status, bool stops_when_found) {
    for (std::uint64_t i = 0; i < count_max && !is_done(); ++i) {
      const WalSegment segment = history_.segment(end_ - 1, size_);
      const bool is_found = segments_of(listing_, segment.timeline).contains(segment.number);
      note(segment.timeline, segment.number, is_found ? SegmentStatus::Found : status);
      if (is_found && stops_when_found) return;
    }
  }

  void scan_rest(SegmentStatus status) {
    while (!is_done()) {
      const WalSegment newest = history_.segment(end_ - 1, size_);
      const Lsn begin = history_.begin_of(newest.timeline).value_or(Lsn{});
      const std::uint64_t low = std::max(oldest_, begin.value / size_.bytes());
      const auto& ranges = segments_of(listing_, newest.timeline).ranges();
      const auto next = ranges.upper_bound(newest.number);
      if (next == ranges.begin()) {
        note(newest.timeline, low, status);
      } else if (const auto range = std::prev(next); range->second >= newest.number) {
        note(newest.timeline, std::max(low, range->first), SegmentStatus::Found);
      } else {
        note(newest.timeline, std::max(low, range->second + 1), status);
      }
    }
  }

  std::vector<SegmentRun> take() {
    std::ranges::reverse(runs_);
    return std::move(runs_);
  }

 private:
  bool is_done() const { return end_ <= oldest_; }

  // Segments `first` to end_ - 1; joins the run before if it goes on.
  void note(TimelineId timeline, std::uint64_t first, SegmentStatus status) {
    const WalSegment start{.timeline = timeline, .number = first};
    const std::uint64_t count = end_ - first;
    if (!runs_.empty() && runs_.back().status == status &&
        runs_.back().first.timeline == timeline) {
      runs_.back().first = start;
      runs_.back().count += count;
    } else {
      runs_.push_back({.first = start,
                       .last = {.timeline = timeline, .number = end_ - 1},
                       .count = count,
                       .status = status});
    }
    end_ = first;
  }

  const WalListing& listing_;
  const TimelineHistory& history_;
  const postgres::WalSegmentSize size_;
  const std::uint64_t oldest_;
  std::uint64_t end_;  // everything from here on is judged
  std::vector<SegmentRun> runs_;
};

CheckStatus judge(std::span<const SegmentRun> runs, bool has_no_backups) {
  CheckStatus status = CheckStatus::Ok;
  bool was_found = false;
  for (const SegmentRun& run : runs) {
    if (run.status == SegmentStatus::Found) {
      was_found = true;
    } else if (run.status == SegmentStatus::Lost && (was_found || !has_no_backups)) {
      return CheckStatus::Failure;
    } else {
      status = CheckStatus::Warning;
    }
  }
  return status;
}

// Nothing if the backup starts on `history`, else why not.
std::optional<std::string> why_not_on(const TimelineHistory& history, const WalSegment& start,
                                      postgres::WalSegmentSize size) {
  const std::optional<Lsn> begin = history.begin_of(start.timeline);
  if (!begin) return "its timeline is not in the history of the cluster";
  if (start.number < begin->value / size.bytes()) {
    return "it starts before its timeline does";
  }
  const std::optional<Lsn> end = history.end_of(start.timeline);
  if (end && start.number >= end->value / size.bytes()) {
    return "it starts where the history of the cluster has left its timeline";
  }
  return std::nullopt;
}

std::optional<WalSegment> start_of(const ListedBackup& backup, postgres::WalSegmentSize size) {
  const auto name = repository::first_segment_name(backup.entry.name.text());
  return postgres::parse_wal_segment(name.value_or(""), size);
}

Result<std::uint64_t> named_backup_segment(std::span<const ListedBackup> backups,
                                           const TimelineHistory& history,
                                           const WalVerifyRequest& request) {
  const auto backup = std::ranges::find_if(backups, [&](const ListedBackup& listed) {
    return listed.entry.name.text() == request.backup_name;
  });
  if (backup == backups.end()) {
    return not_found("Backup with specified name \"{}\" was not found", request.backup_name);
  }
  const std::optional<WalSegment> start = start_of(*backup, request.segment_size);
  const std::optional<std::string> why =
      start ? why_not_on(history, *start, request.segment_size) : "its name says no segment";
  if (why) {
    return invalid_argument("Backup with specified name \"{}\" is incorrect: {}",
                            request.backup_name, *why);
  }
  return start->number;
}

Result<IntegrityCheck> run_integrity(object_store::ObjectStore& store, const WalListing& listing,
                                     const WalVerifyRequest& request, const codec::Cipher* cipher,
                                     WalVerifyOutcome& outcome, std::stop_token stop) {
  const TimelineHistory history = TRY(find_timeline_history(store, request.timeline, cipher, stop))
                                      .value_or(TimelineHistory(request.timeline));
  repository::BackupListing backups = TRY(repository::load_backup_listing(store, true, stop));
  outcome.warnings.insert(outcome.warnings.end(), backups.warnings.begin(), backups.warnings.end());
  if (!request.backup_name.empty()) {
    const std::uint64_t oldest = TRY(named_backup_segment(backups.backups, history, request));
    outcome.infos.push_back("Detected correct backup with specified name: " + request.backup_name);
    return check_integrity(listing, history, request, oldest, false);
  }
  const std::optional<std::uint64_t> oldest =
      oldest_wanted_segment(backups.backups, history, request.segment_size, outcome.warnings);
  if (!oldest) {
    outcome.warnings.push_back(
        "No backup on the history of the cluster: looking back to segment 1 of its first timeline");
  }
  return check_integrity(listing, history, request, oldest.value_or(1), !oldest);
}

void write_run(const SegmentRun& run, postgres::WalSegmentSize size, repository::JsonWriter& json) {
  json.begin_object();
  json.key("timeline_id").number(run.first.timeline.value);
  json.key("start_segment").string(run.first.name(size));
  json.key("end_segment").string(run.last.name(size));
  json.key("segments_count").number(run.count);
  json.key("status").string(segment_status_name(run.status));
  json.end_object();
}

void write_integrity(const IntegrityCheck& check, repository::JsonWriter& json) {
  json.key("integrity").begin_object();
  json.key("status").string(check_status_name(check.status));
  json.key("details");
  if (check.runs.empty()) {
    json.null();
  } else {
    json.begin_array();
    for (const SegmentRun& run : check.runs) write_run(run, check.segment_size, json);
    json.end_array();
  }
  json.end_object();
}

std::string format_integrity(const IntegrityCheck& check) {
  repository::TextTable table{.header = {"TLI", "Start", "End", "Segments count", "Status"},
                              .right_aligned = {0, 3, 4}};
  for (const SegmentRun& run : check.runs) {
    table.rows.push_back({std::to_string(run.first.timeline.value),
                          run.first.name(check.segment_size), run.last.name(check.segment_size),
                          std::to_string(run.count), std::string(segment_status_name(run.status))});
  }
  return fmt::format(
      "[wal-verify] integrity check status: {}\n[wal-verify] integrity check details:\n{}",
      check_status_name(check.status), format_ruled_table(table));
}

}  // namespace

std::string_view check_status_name(CheckStatus status) {
  switch (status) {
    case CheckStatus::Ok:
      return "OK";
    case CheckStatus::Warning:
      return "WARNING";
    case CheckStatus::Failure:
      return "FAILURE";
  }
  return "";
}

std::string_view segment_status_name(SegmentStatus status) {
  switch (status) {
    case SegmentStatus::Found:
      return "FOUND";
    case SegmentStatus::Lost:
      return "MISSING_LOST";
    case SegmentStatus::Uploading:
      return "MISSING_UPLOADING";
    case SegmentStatus::Delayed:
      return "MISSING_DELAYED";
  }
  return "";
}

TimelineCheck check_timeline(const WalListing& listing, TimelineId current) {
  TimelineCheck check{.current = current};
  if (!listing.segments.empty()) check.highest = listing.segments.rbegin()->first;
  if (!listing.histories.empty()) {
    check.highest = std::max(check.highest, *listing.histories.rbegin());
  }
  if (!check.highest.is_valid()) {
    check.status = CheckStatus::Warning;
  } else if (check.highest != current) {
    check.status = CheckStatus::Failure;
  }
  return check;
}

IntegrityCheck check_integrity(const WalListing& listing, const TimelineHistory& history,
                               const WalVerifyRequest& request, std::uint64_t oldest,
                               bool has_no_backups) {
  const postgres::WalSegmentSize size = request.segment_size;
  const WalSegment current = WalSegment::before_lsn(request.timeline, request.lsn, size);
  Scanner scanner(listing, history, size, oldest, current.number);
  scanner.scan_some(request.delayed_segments_max, SegmentStatus::Delayed, true);
  scanner.scan_some(request.uploading_segments_max, SegmentStatus::Uploading, false);
  scanner.scan_rest(SegmentStatus::Lost);
  IntegrityCheck check{.runs = scanner.take(), .segment_size = size};
  check.status = judge(check.runs, has_no_backups);
  return check;
}

std::optional<std::uint64_t> oldest_wanted_segment(std::span<const ListedBackup> backups,
                                                   const TimelineHistory& history,
                                                   postgres::WalSegmentSize size,
                                                   std::vector<std::string>& warnings) {
  std::optional<std::uint64_t> oldest;
  for (const ListedBackup& backup : backups) {
    const std::optional<WalSegment> start = start_of(backup, size);
    std::optional<std::string> why =
        start ? why_not_on(history, *start, size) : "its name says no segment";
    if (backup.metadata && backup.metadata->is_permanent) why = "it is permanent";
    if (why) {
      warnings.push_back(fmt::format("{} is not eligible as the earliest backup: {}",
                                     backup.entry.name.text(), *why));
      continue;
    }
    oldest = oldest ? std::min(*oldest, start->number) : start->number;
  }
  return oldest;
}

Result<WalVerifyOutcome> run_wal_verify(object_store::ObjectStore& store,
                                        const WalVerifyRequest& request,
                                        const codec::Cipher* cipher, std::stop_token stop) {
  if (!request.timeline.is_valid() || !request.lsn.is_valid()) {
    return invalid_argument("wal-verify needs the current timeline and LSN of the cluster");
  }
  const WalListing listing = TRY(load_wal_listing(store, request.segment_size, stop));
  WalVerifyOutcome outcome;
  if (request.checks_integrity) {
    outcome.verification.integrity =
        TRY(run_integrity(store, listing, request, cipher, outcome, stop));
  }
  if (request.checks_timeline) {
    outcome.verification.timeline = check_timeline(listing, request.timeline);
  }
  return outcome;
}

std::string format_verification(const WalVerification& verification) {
  std::string text;
  if (verification.integrity) text += format_integrity(*verification.integrity);
  if (verification.timeline) {
    const TimelineCheck& check = *verification.timeline;
    text += fmt::format(
        "[wal-verify] timeline check status: {}\n[wal-verify] timeline check details:\n"
        "Highest timeline found in storage: {}\nCurrent cluster timeline: {}\n",
        check_status_name(check.status), check.highest.value, check.current.value);
  }
  return text;
}

std::string format_verification_json(const WalVerification& verification) {
  repository::JsonWriter json;
  json.begin_object();
  if (verification.integrity) write_integrity(*verification.integrity, json);
  if (verification.timeline) {
    const TimelineCheck& check = *verification.timeline;
    json.key("timeline").begin_object();
    json.key("status").string(check_status_name(check.status));
    json.key("details").begin_object();
    json.key("current_timeline_id").number(check.current.value);
    json.key("highest_storage_timeline_id").number(check.highest.value);
    json.end_object().end_object();
  }
  json.end_object();
  return json.take();
}

}  // namespace cairn::engine
