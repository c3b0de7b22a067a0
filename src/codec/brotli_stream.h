// SPDX-License-Identifier: Apache-2.0
// The brotli library as Encoder and Decoder.
#pragma once

#include "codec/compression.h"
#include "codec/decoding_source.h"
#include "codec/encoding_sink.h"

namespace cairn::codec {

Result<std::unique_ptr<Encoder>> make_brotli_encoder(const CompressorOptions& options);
std::uint64_t brotli_encoder_memory_bytes(const CompressorOptions& options);
std::unique_ptr<Decoder> make_brotli_decoder();

}  // namespace cairn::codec
