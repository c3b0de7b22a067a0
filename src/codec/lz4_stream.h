// SPDX-License-Identifier: Apache-2.0
// Lz4 frames: the writer is ours, so that blocks are packed in parallel and still make one frame,
// which is all that WAL-G reads of an object. The reader is liblz4's.
#pragma once

#include "codec/compression.h"
#include "codec/decoding_source.h"

namespace cairn::codec {

Result<std::unique_ptr<Sink>> make_lz4_compressor(const CompressorOptions& options, Sink& out);
std::uint64_t lz4_compressor_memory_bytes(const CompressorOptions& options);
std::unique_ptr<Decoder> make_lz4_decoder();

}  // namespace cairn::codec
