// SPDX-License-Identifier: Apache-2.0
// Sends the segments that follow one that PostgreSQL has asked to archive.
//
// A segment is ready when PostgreSQL says so in archive_status. Only an unbroken run of ready
// segments is sent: one probe per call when there is no backlog, and no listing of a directory that
// may hold many thousand names.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/guarded.h"
#include "concurrency/task_group.h"
#include "engine/archive/archive_state.h"
#include "engine/archive/wal_upload.h"
#include "files/directory.h"
#include "postgres/wal_segment.h"

namespace cairn::engine {

struct SendAheadSettings {
  int parallel_max = 7;
  int count_max = 32;
  bool renames_ready = false;
  std::chrono::milliseconds drain_max{5'000};
};

// One run beside one foreground upload. Used by one thread.
class SendAhead {
 public:
  struct World {
    files::Directory& wal_directory;
    WalUploader& uploader;
    ArchiveState& state;
    Clock& clock;
    std::uint64_t system_identifier = 0;
    bool checks_other_suffixes = false;
  };

  // Starts sending what follows `segment`, if anything is ready.
  SendAhead(const World& world, postgres::WalSegment segment, postgres::WalSegmentSize size,
            const SendAheadSettings& settings, std::stop_token stop);

  // Starts no more files, waits up to drain_max for those on their way (not at all unless
  // `foreground_succeeded`) and returns how many were stored.
  int finish(bool foreground_succeeded);

 private:
  struct Progress {
    postgres::WalSegment last;  // the last one taken
    int taken = 0;
    int stored = 0;
    bool is_ending = false;
  };

  bool is_ready(const postgres::WalSegment& segment) const;
  int ready_count() const;
  std::optional<postgres::WalSegment> take();
  Result<> work(std::stop_token stop);
  Result<> send(const std::string& file, std::stop_token stop);

  const World world_;
  const postgres::WalSegmentSize size_;
  const SendAheadSettings settings_;
  Guarded<Progress> progress_;
  bool has_threads_ = false;
  TaskGroup threads_;
};

}  // namespace cairn::engine
