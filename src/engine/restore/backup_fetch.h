// SPDX-License-Identifier: Apache-2.0
// Restores a base backup into an empty directory: a full one, or a chain of deltas made by WAL-G.
//
// Reads in parallel, checks every object against its recorded digest and every file against the
// backup's manifest, makes everything durable with one barrier, and writes the control file last,
// so that Postgres can not start on half a restore. When it fails, the target is emptied again;
// when it is killed, a marker stays and the next try empties it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "codec/cipher.h"
#include "engine/progress.h"
#include "files/directory.h"
#include "object_store/object_store.h"
#include "repository/catalog.h"

namespace cairn::engine {

struct FetchSettings {
  std::string target_directory = {};
  // New places of tablespaces, by oid or by old location; the others go where they were.
  std::map<std::string, std::string> tablespace_mapping = {};
  std::string wal_directory = {};  // see TargetSettings
  int thread_count = 10;           // objects downloaded and unpacked at once
  // Called with the restored data directory before the restore counts as complete, so that what it
  // adds (recovery settings) is never missing from a directory that looks complete. May be empty.
  std::function<Result<>(files::Directory&)> complete = {};
};

// The world of a restore; all outlive it.
struct FetchWorld {
  object_store::ObjectStore& store;
  const codec::Cipher* cipher;  // nullptr: not encrypted
  ProgressSink& progress;
};

struct FetchReport {
  std::string name = {};
  std::uint64_t file_count = 0;
  std::uint64_t written_bytes = 0;
  // Whether every file was held against a manifest with checksums; WAL-G writes none.
  bool is_verified = false;
  repository::Sentinel sentinel = {};
};

// `name` is that of a backup or LATEST.
Result<FetchReport> fetch_backup(const FetchWorld& world, const std::string& name,
                                 const FetchSettings& settings, std::stop_token stop);

}  // namespace cairn::engine
