// SPDX-License-Identifier: Apache-2.0
#include "codec/encoding_sink.h"

namespace cairn::codec {

Result<> EncodingSink::encode_all(std::string_view bytes, Encoder::Mode mode) {
  while (true) {
    const Encoder::Step step = TRY(encoder_->encode(bytes, buffer_, mode));
    bytes.remove_prefix(step.consumed_bytes);
    if (step.produced_bytes > 0) TRY(out_.write({buffer_.data(), step.produced_bytes}));
    if (step.is_done) return {};
  }
}

}  // namespace cairn::codec
