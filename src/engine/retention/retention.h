// SPDX-License-Identifier: Apache-2.0
// Deletes backups and WAL that are no longer wanted, and nothing else.
//
// It decides everything first, from a complete picture of the repository, and fails closed: a
// listing that fails, or a sentinel or metadata.json that cannot be read, deletes nothing. What it
// never deletes, whatever was asked: permanent backups, the backups they are deltas of and the WAL
// that makes them consistent (but `everything FORCE` does); what any remaining backup needs,
// parents and WAL on every timeline included; backups that are being written.
//
// Order: a mark in the folder of each backup that goes, then sentinels (deltas before their
// parents), then the other objects, then WAL. So whenever it is killed, every listed backup is
// complete, and the next delete of any kind finishes what the marks say.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/retention/delete_request.h"
#include "object_store/object_store.h"
#include "postgres/wal_segment.h"

namespace cairn::engine {

struct RetentionSettings {
  // Of the cluster (WALG_PG_WAL_SIZE). A wrong one is noticed and refused.
  postgres::WalSegmentSize segment_size = postgres::WalSegmentSize::standard();
  // Objects of a backup without sentinel are leftovers once none of them is younger than this;
  // until then they may belong to a backup that is running, and the WAL it needs is kept.
  std::chrono::seconds leftover_age_min = std::chrono::hours(24);
  // Sentinels and metadata read at the same time.
  int thread_count = 8;
};

// What happened, or would happen without confirmation.
struct DeleteOutcome {
  std::uint64_t object_count = 0;  // removed, or marked for it
  // Objects that could not be removed; at most kDeleteFailuresMax of failure_count.
  std::vector<object_store::RemoveFailure> failures = {};
  std::uint64_t failure_count = 0;
  std::uint64_t unfinished_upload_count = 0;  // garbage: removed
};

inline constexpr std::size_t kDeleteFailuresMax = 1000;

// Runs `request`; without `is_confirmed` it only tells what it would do. `say` receives WAL-G's
// lines
// ("Object marked for deletion: …"), one per object, and our reasons for keeping things. When
// something could not be removed the outcome says what, and a repetition tries again; the caller
// must not exit with success. InvalidArgument for a request that cannot be carried out as it
// stands, NotFound for an unknown backup, Denied for a permanent one, Conflict if backups came or
// went meanwhile.
Result<DeleteOutcome> run_delete(object_store::ObjectStore& store, const DeleteRequest& request,
                                 const RetentionSettings& settings, bool is_confirmed, Clock& clock,
                                 const std::function<void(std::string_view)>& say,
                                 std::stop_token stop);

// "3 objects could not be removed: a (why), b (why), …": the error of an outcome with failures.
Error delete_failure(const DeleteOutcome& outcome);

}  // namespace cairn::engine
