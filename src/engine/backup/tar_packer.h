// SPDX-License-Identifier: Apache-2.0
// Packs the files of a walk into tars, one tar after the other per reader.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "concurrency/channel.h"
#include "engine/backup/backup_record.h"
#include "engine/backup/file_copy.h"
#include "engine/backup/pgdata_walk.h"
#include "engine/backup/tar_stream.h"
#include "engine/progress.h"
#include "repository/names.h"

namespace cairn::engine {

// What all readers of a backup share; outlives them.
struct PackerWorld {
  Uploader& uploader;
  const repository::Sealing& sealing;
  const repository::BackupName& name;
  BackupRecord& record;
  ProgressSink& progress;
  RateLimiter& disk_rate;
  Clock& clock;
  PageCheck pages;
  std::uint64_t tar_bytes_max;
  std::atomic<int>& next_part;
};

// Takes items until the channel is closed. Run as many as tars are to be filled at once.
Result<> pack_stage(const PackerWorld& world, Channel<WalkItem>& items, std::stop_token stop);

// The header of a tar member for a file or directory of the cluster, named as WAL-G does.
codec::TarEntry tar_entry(const std::string& in_pgdata, const files::FileStat& stat);

}  // namespace cairn::engine
