// SPDX-License-Identifier: Apache-2.0
// Streaming compression in the containers WAL-G reads and writes.
//
// lz4: one frame, independent 4 MiB blocks, content checksum; blocks are compressed in parallel.
// zstd: one frame with content checksum. lzma: the .lzma ("alone") container. brotli: one stream.
// gzip is only read. Readers detect truncation and bytes after the end of what the format allows
// (zstd, gzip and lz4 may hold several frames or members; all are read).
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/stream.h"

namespace cairn::codec {

enum class Compression { None, Lz4, Zstd, Brotli, Lzma, Gzip };

// As WALG_COMPRESSION_METHOD says it: lz4, lzma, zstd, brotli, none.
Result<Compression> parse_compression(std::string_view method);
std::string_view compression_name(Compression compression);

// The suffix of stored objects without the dot: lz4, zst, br, lzma, gz; "" for None.
std::string_view compression_suffix(Compression compression);
// From the last suffix of an object's name: also "tar" and "" (None). Nothing for an unknown one.
std::optional<Compression> compression_of_suffix(std::string_view suffix);

struct CompressorOptions {
  std::optional<int> level = {};  // absent: what WAL-G uses
  int thread_count = 1;           // most threads that compress one stream
};

// Bytes written to the compressor come out of `out` compressed. finish() ends the frame and leaves
// `out` unfinished. Both must outlive the compressor.
Result<std::unique_ptr<Sink>> make_compressor(Compression compression,
                                              const CompressorOptions& options, Sink& out);

// What the options above cost at most, in bytes, for the memory budget printed at start.
std::uint64_t compressor_memory_bytes(Compression compression, const CompressorOptions& options);

// Reads `in` decompressed. Corrupt on damage, truncation or trailing garbage.
Result<std::unique_ptr<Source>> make_decompressor(Compression compression, Source& in);

}  // namespace cairn::codec
