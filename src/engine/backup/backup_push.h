// SPDX-License-Identifier: Apache-2.0
// Takes a full base backup of the cluster in a local data directory.
//
// pg_backup_start, copy, control file, pg_backup_stop, label, wait for the WAL, metadata, sentinel
// last: the backup exists only when everything it needs is durable in the store, WAL included.
// Whatever happens before, nothing is listed; what was uploaded is removed as far as possible, and
// collected by `delete garbage` otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "concurrency/rate_limiter.h"
#include "engine/parted_upload.h"
#include "engine/progress.h"
#include "object_store/object_store.h"
#include "postgres/session.h"
#include "repository/names.h"
#include "repository/sealing.h"

namespace cairn::engine {

struct BackupSettings {
  std::string pgdata = {};
  std::string hostname = {};
  bool is_permanent = false;
  std::string user_data_json = {};  // "" for none
  bool has_files_metadata = true;
  // A page whose checksum is wrong fails the backup instead of being recorded.
  bool fails_on_corruption = false;
  bool is_fast_checkpoint = true;
  std::uint64_t tar_bytes_max = 1'073'741'823;  // a tar is closed once it holds more than this
  int reader_count = 1;                         // tars filled at once
  UploaderSettings upload = {};                 // its stream_count is set from reader_count
  std::string spool_directory = "/tmp";
  std::chrono::milliseconds start_deadline = std::chrono::hours(1);
  std::chrono::milliseconds stop_deadline = std::chrono::hours(6);
  // How long WAL may take to appear in this repository after the server called it archived.
  std::chrono::milliseconds wal_deadline = std::chrono::minutes(5);
  std::chrono::milliseconds ping_interval = std::chrono::seconds(15);
};

// The world of a backup; all outlive it.
struct BackupWorld {
  object_store::ObjectStore& store;
  postgres::PostgresSession& session;
  Clock& clock;
  RateLimiter& disk_rate;
  ProgressSink& progress;
  repository::Sealing sealing;
};

struct BackupReport {
  std::string name = {};
  std::uint64_t file_count = 0;
  std::uint64_t uncompressed_bytes = 0;
  std::uint64_t compressed_bytes = 0;
  std::uint64_t corrupt_page_count = 0;
};

// The buffers a backup with these settings allocates, in bytes.
std::uint64_t backup_memory_bytes(const BackupSettings& settings,
                                  const repository::Sealing& sealing);

Result<BackupReport> push_backup(const BackupWorld& world, const BackupSettings& settings,
                                 std::stop_token stop);

}  // namespace cairn::engine
