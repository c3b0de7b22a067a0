// SPDX-License-Identifier: Apache-2.0
// The work behind restore_command: brings the file that PostgreSQL asks for, from what was fetched
// ahead if possible.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "codec/cipher.h"
#include "codec/compression.h"
#include "engine/archive/prefetch_directory.h"
#include "engine/archive/wal_download.h"
#include "files/directory.h"
#include "object_store/object_store.h"

namespace cairn::engine {

struct WalFetchSettings {
  codec::Compression expected = codec::Compression::Lz4;  // what the archive is written with
  int prefetch_count = 10;                                // segments to fetch ahead; 0: none
};

struct WalDestination {
  files::Directory& directory;
  std::string name = {};  // "RECOVERYXLOG"; replaced if it exists
  std::optional<std::uint64_t> system_identifier = {};
  // The root of the prefetch directory; may be `directory` itself.
  files::Directory& prefetch_root;
};

enum class WalFetchOutcome {
  Downloaded,
  Prefetched,
  Absent,  // proven: the store answered that no such object exists, under any suffix
};

struct WalFetchReport {
  WalFetchOutcome outcome = WalFetchOutcome::Absent;
  // Now is the time to start a WalPrefetcher for the segments after this one.
  bool wants_prefetch = false;
  std::uint64_t segment_bytes = 0;  // of a segment: for the prefetcher
};

// Thread-safe for different destinations.
class WalFetcher {
 public:
  // All outlive the fetcher.
  WalFetcher(object_store::ObjectStore& store, const codec::Cipher* cipher, Clock& clock,
             const WalFetchSettings& settings)
      : store_(store), cipher_(cipher), clock_(clock), settings_(settings) {}

  // An error never means absence. The destination appears only whole and judged.
  Result<WalFetchReport> fetch(const std::string& file, const WalDestination& destination,
                               std::stop_token stop);

 private:
  Result<bool> take_prefetched(const std::string& file, const WalDestination& destination,
                               std::stop_token stop);
  Result<> wait_for_running(PrefetchDirectory& prefetch, const std::string& file,
                            std::stop_token stop);
  Result<bool> download(const std::string& file, const WalDestination& destination,
                        PrefetchDirectory& prefetch, std::stop_token stop);
  bool wants_prefetch(const std::string& file, std::uint64_t segment_bytes,
                      const PrefetchDirectory& prefetch) const;

  object_store::ObjectStore& store_;
  const codec::Cipher* cipher_;
  Clock& clock_;
  const WalFetchSettings settings_;
};

}  // namespace cairn::engine
