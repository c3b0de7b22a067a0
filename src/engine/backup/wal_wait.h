// SPDX-License-Identifier: Apache-2.0
// Waits until the WAL that makes a backup consistent lies in the repository.
//
// The server's word that it archived the WAL is not enough: its archive_command may write somewhere
// else. A backup is listed only when its WAL is where a restore will look for it.
#pragma once

#include <chrono>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "object_store/object_store.h"
#include "postgres/lsn.h"
#include "postgres/wal_segment.h"

namespace cairn::engine {

struct WalSpan {
  postgres::TimelineId timeline;
  postgres::Lsn start;
  postgres::Lsn end;
  postgres::WalSegmentSize segment_size = postgres::WalSegmentSize::standard();
};

// NotFound, naming the first missing segment and what to look at, when `deadline` passes.
Result<> wait_for_wal(object_store::ObjectStore& store, const WalSpan& span,
                      std::chrono::milliseconds deadline, Clock& clock, std::stop_token stop);

}  // namespace cairn::engine
