// SPDX-License-Identifier: Apache-2.0
#include "codec/zstd_stream.h"

#include <zstd.h>

#include <array>
#include <cstdint>

namespace cairn::codec {

namespace {

// Level 3 is what WAL-G's default compares to. Above 19 a reader needs more memory than WAL-G
// gives.
constexpr int kLevelDefault = 3;
constexpr int kLevelMax = 19;
// The windows that WAL-G's reader accepts: 512 MiB.
constexpr int kWindowLogMax = 29;
// What one worker takes at a time. Smaller than the library's choice, which bounds memory.
constexpr int kJobBytes = 2 * 1024 * 1024;

// What a compression context takes at each level, rounded up; measured with zstd 1.5, whose header
// promises to say this only to programs linked statically. A test compares.
constexpr std::array<std::uint8_t, kLevelMax + 1> kContextMebibytes = {
    0, 2, 3, 4, 5, 6, 6, 9, 9, 17, 29, 29, 53, 53, 53, 69, 69, 69, 69, 90};

class ZstdEncoder final : public Encoder {
 public:
  Result<> set(ZSTD_cParameter parameter, int value) {
    const std::size_t status = ZSTD_CCtx_setParameter(context_.get(), parameter, value);
    if (ZSTD_isError(status) == 0) return {};
    return internal_error("zstd refuses a setting: {}", ZSTD_getErrorName(status));
  }

  Result<Step> encode(std::string_view in, std::span<char> out, Mode mode) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const ZSTD_EndDirective directive = mode == Mode::End ? ZSTD_e_end : ZSTD_e_continue;
    const std::size_t left = ZSTD_compressStream2(context_.get(), &to, &from, directive);
    if (ZSTD_isError(left) != 0) {
      return internal_error("zstd compression fails: {}", ZSTD_getErrorName(left));
    }
    const bool is_done = mode == Mode::End ? left == 0 : from.pos == from.size;
    return Step{from.pos, to.pos, is_done};
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_{ZSTD_createCCtx()};
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() {
    ASSERT(context_ != nullptr);
    ASSERT(ZSTD_isError(
               ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax)) == 0);
  }

  std::string_view name() const override { return "zstd"; }

  Result<bool> start_next_frame() override { return true; }

  Result<Step> decode(std::string_view in, std::span<char> out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t hint = ZSTD_decompressStream(context_.get(), &to, &from);
    if (ZSTD_isError(hint) != 0) return corrupt("{}", ZSTD_getErrorName(hint));
    return Step{from.pos, to.pos, hint == 0};
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_zstd_encoder(const CompressorOptions& options) {
  const int level = options.level.value_or(kLevelDefault);
  if (level < 1 || level > kLevelMax) {
    return invalid_argument("zstd level {} is not within 1 to {}", level, kLevelMax);
  }
  auto encoder = std::make_unique<ZstdEncoder>();
  TRY(encoder->set(ZSTD_c_compressionLevel, level));
  TRY(encoder->set(ZSTD_c_checksumFlag, 1));
  if (options.thread_count > 1) {
    TRY(encoder->set(ZSTD_c_nbWorkers, options.thread_count));
    TRY(encoder->set(ZSTD_c_jobSize, kJobBytes));
  }
  return std::unique_ptr<Encoder>(std::move(encoder));
}

// Each worker has a context as large as a lone one's. Around them: the input that is still needed
// and the output that is not yet taken, at most three jobs more of each than there are workers.
std::uint64_t zstd_encoder_memory_bytes(const CompressorOptions& options) {
  const auto level = static_cast<std::size_t>(options.level.value_or(kLevelDefault));
  ASSERT(level < kContextMebibytes.size());
  const std::uint64_t context = kContextMebibytes[level] * std::uint64_t{1024 * 1024};
  if (options.thread_count <= 1) return context + kEncoderOutputBytes;
  const auto threads = static_cast<std::uint64_t>(options.thread_count);
  return threads * context + (threads + 3) * 2 * kJobBytes + kEncoderOutputBytes;
}

std::unique_ptr<Decoder> make_zstd_decoder() {
  return std::make_unique<ZstdDecoder>();
}

}  // namespace cairn::codec
