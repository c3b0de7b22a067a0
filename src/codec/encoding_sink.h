// SPDX-License-Identifier: Apache-2.0
// What the streaming compressors have in common: bytes in, an output buffer, bytes out.
//
// An Encoder wraps one library; EncodingSink turns it into a Sink. Not thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/stream.h"

namespace cairn::codec {

inline constexpr std::size_t kEncoderOutputBytes = 128 * 1024;

class Encoder {
 public:
  virtual ~Encoder() = default;

  enum class Mode { Continue, End };
  struct Step {
    std::size_t consumed_bytes = 0;
    std::size_t produced_bytes = 0;
    bool is_done = false;  // all input taken and, for End, everything put out
  };
  // Takes from `in` and puts into `out` (not empty) as much as it can.
  virtual Result<Step> encode(std::string_view in, std::span<char> out, Mode mode) = 0;
};

class EncodingSink final : public Sink {
 public:
  EncodingSink(std::unique_ptr<Encoder> encoder, Sink& out)
      : encoder_(std::move(encoder)), out_(out), buffer_(kEncoderOutputBytes) {}

  Result<> write(std::string_view bytes) override {
    if (bytes.empty()) return {};
    return encode_all(bytes, Encoder::Mode::Continue);
  }
  Result<> finish() override { return encode_all({}, Encoder::Mode::End); }

 private:
  Result<> encode_all(std::string_view bytes, Encoder::Mode mode);

  std::unique_ptr<Encoder> encoder_;
  Sink& out_;
  std::vector<char> buffer_;
};

}  // namespace cairn::codec
