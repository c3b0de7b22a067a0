// SPDX-License-Identifier: Apache-2.0
// Reads a whole backup as a restore would, without writing anything, and tells all that is wrong.
//
// Every object is read and held against its digest, every tar against its format, every file
// against the manifest, every page against its checksum; and the WAL that makes the backup
// consistent must be in the archive. What a backup lacks (WAL-G records no digests and no manifest)
// is not checked, and the report says so.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/cipher.h"
#include "engine/progress.h"
#include "object_store/object_store.h"

namespace cairn::engine {

inline constexpr std::size_t kFindingsMax = 1000;

struct VerifySettings {
  int thread_count = 4;
  std::string spool_directory = "/tmp";
};

struct VerifyWorld {
  object_store::ObjectStore& store;
  const codec::Cipher* cipher;  // nullptr: not encrypted
  Clock& clock;
  ProgressSink& progress;
};

struct VerifyReport {
  std::vector<std::string> backups = {};  // the chain, the full one first
  std::uint64_t object_count = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t file_count = 0;
  std::uint64_t page_count = 0;
  bool has_digests = false;
  bool has_manifest = false;
  bool has_page_checksums = false;
  std::vector<std::string> findings = {};  // the first kFindingsMax; one line each
  std::uint64_t finding_count = 0;

  bool is_good() const { return finding_count == 0; }
};

// `name` is that of a backup or LATEST. An error means that the backup could not be judged (it does
// not exist, the store can not be reached); what is wrong with it is in the report.
Result<VerifyReport> verify_backup(const VerifyWorld& world, const std::string& name,
                                   const VerifySettings& settings, std::stop_token stop);

}  // namespace cairn::engine
