// SPDX-License-Identifier: Apache-2.0
// The size and checksum of every file a restore has written, to be held against the manifest.
//
// 24 bytes a file: paths are kept as 64-bit hashes. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/stream.h"

namespace cairn::engine {

class RestoredFiles {
 public:
  void add(std::string_view in_pgdata, std::uint64_t size_bytes, std::uint32_t crc32c);
  // A file that an increment changed: it is there, but what was written is not all of it.
  void add_unchecked(std::string_view in_pgdata);
  std::uint64_t count() const;

  // Corrupt, naming the first few files, unless each file of the backup manifest in `manifest` was
  // restored with its size and checksum.
  Result<> check_against(Source& manifest) const;

 private:
  struct Facts {
    std::uint64_t size_bytes;
    std::uint32_t crc32c;
    bool is_checked;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::size_t, Facts> files_;
};

}  // namespace cairn::engine
