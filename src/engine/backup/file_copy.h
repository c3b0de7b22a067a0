// SPDX-License-Identifier: Apache-2.0
// One file of a running cluster, copied into a tar member: its pages judged, its checksum taken.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/stream.h"
#include "concurrency/rate_limiter.h"
#include "files/file.h"
#include "postgres/lsn.h"

namespace cairn::engine {

struct PageCheck {
  bool is_on = false;  // the cluster has data checksums
  postgres::Lsn backup_start = {};
  std::uint32_t relation_segment_pages = 131072;
};

struct CopiedFile {
  std::uint32_t crc32c = 0;
  std::vector<std::uint32_t> corrupt_blocks = {};  // the first few, counted from the file's start
  std::uint64_t corrupt_block_count = 0;
};

// Copies files one after the other; belongs to one thread. The others outlive it.
class FileCopier {
 public:
  FileCopier(const PageCheck& pages, RateLimiter& disk_rate, Clock& clock);

  // Writes exactly `size_bytes` of `file` to `out`: growth since its size was taken is cut,
  // shrinkage filled with zeros; WAL replay repairs both. `in_pgdata` decides whether it holds
  // pages. A bad page is read again a few times, because it may be torn by a write that is under
  // way; one that stays bad is copied as it is and reported.
  Result<CopiedFile> copy(files::File& file, const std::string& in_pgdata, std::uint64_t size_bytes,
                          const std::function<Result<>(std::string_view)>& out,
                          std::stop_token stop);

 private:
  Result<> check_pages(files::File& file, std::uint64_t offset, std::size_t count,
                       std::uint32_t first_block, CopiedFile& copied, std::stop_token stop);
  Result<bool> is_bad_for_good(files::File& file, std::uint64_t offset, std::span<char> page,
                               std::uint32_t block, bool is_patient, std::stop_token stop);

  const PageCheck pages_;
  RateLimiter& disk_rate_;
  Clock& clock_;
  std::vector<char> chunk_;
};

}  // namespace cairn::engine
