// SPDX-License-Identifier: Apache-2.0
// Reading gzip members with zlib.
#pragma once

#include "codec/decoding_source.h"

namespace cairn::codec {

std::unique_ptr<Decoder> make_gzip_decoder();

}  // namespace cairn::codec
