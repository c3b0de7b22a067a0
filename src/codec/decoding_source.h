// SPDX-License-Identifier: Apache-2.0
// What the decompressors have in common: an input buffer, and the same severity about where a
// compressed input may end.
//
// A Decoder wraps one library and one frame after another; DecodingSource feeds it, and tells
// truncation, trailing garbage and the end apart. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/stream.h"

namespace cairn::codec {

class Decoder {
 public:
  virtual ~Decoder() = default;

  // For messages: "zstd".
  virtual std::string_view name() const = 0;
  // Makes ready for a frame. False if the format has no second one in an input.
  virtual Result<bool> start_next_frame() = 0;

  struct Step {
    std::size_t consumed_bytes = 0;
    std::size_t produced_bytes = 0;
    bool is_frame_done = false;
  };
  // Takes from `in` and puts into `out` (not empty) as much as it can. `in` may be empty: to put
  // out what is held back. Corrupt says what is wrong with the input, without the format's name.
  virtual Result<Step> decode(std::string_view in, std::span<char> out) = 0;
};

class DecodingSource final : public Source {
 public:
  // `decoder` is ready for its first frame.
  DecodingSource(std::unique_ptr<Decoder> decoder, Source& in);

  Result<std::size_t> read(std::span<char> out) override;

 private:
  Result<> fill();
  Result<bool> enter_frame();
  Result<Decoder::Step> decode_some(std::span<char> out);

  std::unique_ptr<Decoder> decoder_;
  Source& in_;
  std::vector<char> buffer_;
  std::string_view rest_ = {};  // of the buffer, not yet decoded
  std::uint64_t read_bytes_ = 0;
  bool is_input_over_ = false;
  bool is_between_frames_ = true;
  bool has_had_a_frame_ = false;
  bool may_hold_output_ = false;  // the last step filled `out`: the decoder may have more already
};

}  // namespace cairn::codec
