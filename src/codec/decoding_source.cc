// SPDX-License-Identifier: Apache-2.0
#include "codec/decoding_source.h"

namespace cairn::codec {

namespace {
constexpr std::size_t kInputBytes = 256 * 1024;
}

DecodingSource::DecodingSource(std::unique_ptr<Decoder> decoder, Source& in)
    : decoder_(std::move(decoder)), in_(in), buffer_(kInputBytes) {}

Result<std::size_t> DecodingSource::read(std::span<char> out) {
  ASSERT(!out.empty());
  while (true) {
    if (is_between_frames_ && !TRY(enter_frame())) return std::size_t{0};
    const bool held_output = may_hold_output_;
    if (!held_output) TRY(fill());
    const Decoder::Step step = TRY(decode_some(out));
    rest_.remove_prefix(step.consumed_bytes);
    is_between_frames_ = step.is_frame_done;
    may_hold_output_ = step.produced_bytes == out.size() && !step.is_frame_done;
    if (step.produced_bytes > 0) return step.produced_bytes;
    if (step.consumed_bytes > 0 || step.is_frame_done || held_output) continue;
    if (is_input_over_ && rest_.empty()) {
      return corrupt("{} data is cut short after {} bytes", decoder_->name(), read_bytes_);
    }
    return corrupt("{} data makes no progress at byte {}", decoder_->name(),
                   read_bytes_ - rest_.size());
  }
}

Result<> DecodingSource::fill() {
  if (!rest_.empty() || is_input_over_) return {};
  const std::size_t count = TRY(in_.read(buffer_));
  rest_ = {buffer_.data(), count};
  read_bytes_ += count;
  is_input_over_ = count == 0;
  return {};
}

// False when the input ends here, where it may.
Result<bool> DecodingSource::enter_frame() {
  TRY(fill());
  if (rest_.empty() && has_had_a_frame_) return false;
  if (rest_.empty()) return corrupt("{} data is empty", decoder_->name());
  if (has_had_a_frame_ && !TRY(decoder_->start_next_frame())) {
    return corrupt("{} data is followed by other bytes, from byte {}", decoder_->name(),
                   read_bytes_ - rest_.size());
  }
  has_had_a_frame_ = true;
  is_between_frames_ = false;
  return true;
}

Result<Decoder::Step> DecodingSource::decode_some(std::span<char> out) {
  const std::uint64_t at = read_bytes_ - rest_.size();
  return decoder_->decode(rest_, out)
      .context(fmt::format("{} data at byte {}", decoder_->name(), at));
}

}  // namespace cairn::codec
