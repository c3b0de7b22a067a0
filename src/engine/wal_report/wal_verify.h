// SPDX-License-Identifier: Apache-2.0
// wal-verify: is the WAL there that leads from the oldest backup to now, and is the cluster on the
// newest timeline of the archive? Judged by names alone. Output is WAL-G's, byte for byte, but the
// integrity check always comes before the timeline check.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/cipher.h"
#include "engine/wal_report/wal_listing.h"
#include "object_store/object_store.h"
#include "postgres/lsn.h"
#include "postgres/wal_segment.h"
#include "repository/list_output.h"

namespace cairn::engine {

enum class CheckStatus { Ok, Warning, Failure };
std::string_view check_status_name(CheckStatus status);  // OK, WARNING, FAILURE

enum class SegmentStatus { Found, Lost, Uploading, Delayed };
std::string_view segment_status_name(SegmentStatus status);  // FOUND, MISSING_LOST, …

// Neighbouring segments of one timeline and one status.
struct SegmentRun {
  postgres::WalSegment first = {};
  postgres::WalSegment last = {};
  std::uint64_t count = 0;
  SegmentStatus status = SegmentStatus::Found;
  bool operator==(const SegmentRun&) const = default;
};

struct IntegrityCheck {
  CheckStatus status = CheckStatus::Ok;
  std::vector<SegmentRun> runs = {};  // oldest first
  postgres::WalSegmentSize segment_size = postgres::WalSegmentSize::standard();
};

struct TimelineCheck {
  CheckStatus status = CheckStatus::Ok;
  postgres::TimelineId current = {};
  postgres::TimelineId highest = {};  // of the archive; none if it is empty
};

struct WalVerification {
  std::optional<IntegrityCheck> integrity = {};
  std::optional<TimelineCheck> timeline = {};
};

struct WalVerifyRequest {
  bool checks_integrity = false;
  bool checks_timeline = false;
  // Where the cluster is now.
  postgres::TimelineId timeline = {};
  postgres::Lsn lsn = {};
  // Look back to this backup; "" for the oldest that is not permanent.
  std::string backup_name = {};
  // How many of the newest segments may be missing because they are on their way:
  // WALG_INTEGRITY_MAX_DELAYED_WALS and WALG_UPLOAD_CONCURRENCY.
  std::uint64_t delayed_segments_max = 0;
  std::uint64_t uploading_segments_max = 16;
  postgres::WalSegmentSize segment_size = postgres::WalSegmentSize::standard();
};

// The parts, pure.
TimelineCheck check_timeline(const WalListing& listing, postgres::TimelineId current);

// Looks back from the segment before the one that holds the byte before `request.lsn` to `oldest`
// (both included), along `history`. `has_no_backups`: `oldest` is only a guess, and WAL missing
// before the first found is a warning.
IntegrityCheck check_integrity(const WalListing& listing, const postgres::TimelineHistory& history,
                               const WalVerifyRequest& request, std::uint64_t oldest,
                               bool has_no_backups);

// The oldest segment to look for: where the oldest eligible backup on `history` starts. Eligible:
// not permanent, and on this history. Nothing if there is none; reasons go to `warnings`.
std::optional<std::uint64_t> oldest_wanted_segment(
    std::span<const repository::ListedBackup> backups, const postgres::TimelineHistory& history,
    postgres::WalSegmentSize size, std::vector<std::string>& warnings);

struct WalVerifyOutcome {
  WalVerification verification = {};
  std::vector<std::string> infos = {};
  std::vector<std::string> warnings = {};
};

// NotFound or InvalidArgument if the backup named does not exist or is not on the cluster's
// history.
Result<WalVerifyOutcome> run_wal_verify(object_store::ObjectStore& store,
                                        const WalVerifyRequest& request,
                                        const codec::Cipher* cipher, std::stop_token stop);

std::string format_verification(const WalVerification& verification);
// Without a newline at the end, as WAL-G prints it.
std::string format_verification_json(const WalVerification& verification);

}  // namespace cairn::engine
