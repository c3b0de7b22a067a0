// SPDX-License-Identifier: Apache-2.0
// WAL-G's increment files: the changed pages of a relation file in a delta backup.
//
// Layout, little endian: "wi1\x55", u64 size of the complete file, u32 page count, that many u32
// block numbers, then the pages of 8192 bytes in the same order.
#pragma once

#include <cstdint>

#include "base/stream.h"
#include "files/file.h"

namespace cairn::engine {

// Brings `file` (which holds the parent's version) to the state the increment describes; returns
// the size of the complete file. Corrupt for a bad header, a block beyond the size, or an increment
// that is cut. `increment_bytes` is the size of the tar member.
Result<std::uint64_t> apply_increment(Source& increment, std::uint64_t increment_bytes,
                                      files::File& file);

}  // namespace cairn::engine
