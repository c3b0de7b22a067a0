// SPDX-License-Identifier: Apache-2.0
// The zstd library as Encoder and Decoder.
#pragma once

#include "codec/compression.h"
#include "codec/decoding_source.h"
#include "codec/encoding_sink.h"

namespace cairn::codec {

Result<std::unique_ptr<Encoder>> make_zstd_encoder(const CompressorOptions& options);
std::uint64_t zstd_encoder_memory_bytes(const CompressorOptions& options);
std::unique_ptr<Decoder> make_zstd_decoder();

}  // namespace cairn::codec
