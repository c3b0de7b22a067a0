// SPDX-License-Identifier: Apache-2.0
#include "codec/brotli_stream.h"

#include <brotli/decode.h>
#include <brotli/encode.h>

#include <array>
#include <cstdint>

namespace cairn::codec {

namespace {

// What WAL-G writes.
constexpr int kQualityDefault = 3;
constexpr unsigned kWindowLog = 22;

// The most that the encoder takes at each quality, rounded up; measured with brotli 1.0 and the
// window above, as the library does not say. A test compares.
constexpr std::array<std::uint8_t, BROTLI_MAX_QUALITY + 1> kStateMebibytes = {
    9, 10, 12, 12, 48, 48, 48, 50, 58, 76, 80, 80};

const std::uint8_t* as_octets(std::string_view bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

std::uint8_t* as_octets(std::span<char> bytes) {
  return reinterpret_cast<std::uint8_t*>(bytes.data());
}

class BrotliEncoder final : public Encoder {
 public:
  explicit BrotliEncoder(int quality) {
    ASSERT(state_ != nullptr);
    ASSERT(BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_QUALITY,
                                     static_cast<std::uint32_t>(quality)) == BROTLI_TRUE);
    ASSERT(BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_LGWIN, kWindowLog) == BROTLI_TRUE);
  }

  Result<Step> encode(std::string_view in, std::span<char> out, Mode mode) override {
    const BrotliEncoderOperation operation =
        mode == Mode::End ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS;
    std::size_t in_left = in.size();
    std::size_t out_left = out.size();
    const std::uint8_t* from = as_octets(in);
    std::uint8_t* to = as_octets(out);
    if (BrotliEncoderCompressStream(state_.get(), operation, &in_left, &from, &out_left, &to,
                                    nullptr) != BROTLI_TRUE) {
      return internal_error("brotli compression fails");
    }
    const bool is_done =
        mode == Mode::End
            ? BrotliEncoderIsFinished(state_.get()) == BROTLI_TRUE
            : in_left == 0 && BrotliEncoderHasMoreOutput(state_.get()) == BROTLI_FALSE;
    return Step{in.size() - in_left, out.size() - out_left, is_done};
  }

 private:
  struct Free {
    void operator()(BrotliEncoderState* state) const { BrotliEncoderDestroyInstance(state); }
  };
  std::unique_ptr<BrotliEncoderState, Free> state_{
      BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)};
};

class BrotliDecoder final : public Decoder {
 public:
  BrotliDecoder() { ASSERT(state_ != nullptr); }

  std::string_view name() const override { return "brotli"; }

  Result<bool> start_next_frame() override { return false; }

  Result<Step> decode(std::string_view in, std::span<char> out) override {
    std::size_t in_left = in.size();
    std::size_t out_left = out.size();
    const std::uint8_t* from = as_octets(in);
    std::uint8_t* to = as_octets(out);
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_.get(), &in_left, &from, &out_left, &to, nullptr);
    if (result == BROTLI_DECODER_RESULT_ERROR) {
      const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_.get());
      return corrupt("{}", BrotliDecoderErrorString(code));
    }
    return Step{in.size() - in_left, out.size() - out_left,
                result == BROTLI_DECODER_RESULT_SUCCESS};
  }

 private:
  struct Free {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  };
  std::unique_ptr<BrotliDecoderState, Free> state_{
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_brotli_encoder(const CompressorOptions& options) {
  const int quality = options.level.value_or(kQualityDefault);
  if (quality < BROTLI_MIN_QUALITY || quality > BROTLI_MAX_QUALITY) {
    return invalid_argument("brotli quality {} is not within {} to {}", quality, BROTLI_MIN_QUALITY,
                            BROTLI_MAX_QUALITY);
  }
  return std::unique_ptr<Encoder>(std::make_unique<BrotliEncoder>(quality));
}

std::uint64_t brotli_encoder_memory_bytes(const CompressorOptions& options) {
  const auto quality = static_cast<std::size_t>(options.level.value_or(kQualityDefault));
  ASSERT(quality < kStateMebibytes.size());
  return kStateMebibytes[quality] * std::uint64_t{1024 * 1024} + kEncoderOutputBytes;
}

std::unique_ptr<Decoder> make_brotli_decoder() {
  return std::make_unique<BrotliDecoder>();
}

}  // namespace cairn::codec
