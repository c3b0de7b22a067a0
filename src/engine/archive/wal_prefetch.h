// SPDX-License-Identifier: Apache-2.0
// Fetches WAL ahead of a recovery that reads it one segment at a time.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "codec/cipher.h"
#include "codec/compression.h"
#include "files/directory.h"
#include "object_store/object_store.h"
#include "postgres/wal_segment.h"

namespace cairn::engine {

struct WalPrefetchSettings {
  codec::Compression expected = codec::Compression::Lz4;
  int count = 10;  // segments, all at once
};

struct WalPrefetchReport {
  int fetched_count = 0;
  // Another process fetches into this directory, or the disk has no room to spare.
  bool was_skipped = false;
};

// Fetches the segments after `last`, the last one that recovery has, into the prefetch directory
// below `root`, and removes from it what lies outside this window. Stops at the first segment that
// the archive does not have: that is the end of the WAL, not an error.
Result<WalPrefetchReport> prefetch_wal(object_store::ObjectStore& store,
                                       const codec::Cipher* cipher, files::Directory& root,
                                       postgres::WalSegment last, postgres::WalSegmentSize size,
                                       const WalPrefetchSettings& settings, std::stop_token stop);

}  // namespace cairn::engine
