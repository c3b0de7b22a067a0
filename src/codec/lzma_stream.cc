// SPDX-License-Identifier: Apache-2.0
#include "codec/lzma_stream.h"

#include <lzma.h>

namespace cairn::codec {

namespace {

constexpr int kPresetDefault = 6;
constexpr int kPresetMax = 9;
// The dictionary that WAL-G writes, at every preset.
constexpr std::uint32_t kDictionaryBytes = 8 * 1024 * 1024;
// Reading takes a dictionary as large as the writer's. The format allows 4 GiB.
constexpr std::uint64_t kDictionaryBytesMax = 512 * 1024 * 1024;
constexpr std::uint64_t kDecoderMemoryBytesMax = kDictionaryBytesMax + 1024 * 1024;

lzma_options_lzma encoder_options(const CompressorOptions& options) {
  lzma_options_lzma chosen{};
  const int preset = options.level.value_or(kPresetDefault);
  ASSERT(!lzma_lzma_preset(&chosen, static_cast<std::uint32_t>(preset)));
  chosen.dict_size = kDictionaryBytes;
  return chosen;
}

// An lzma_stream with its end, fed with views.
class Stream {
 public:
  Stream() = default;
  ~Stream() { lzma_end(&stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  lzma_stream* get() { return &stream_; }

  lzma_ret run(std::string_view in, std::span<char> out, lzma_action action) {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    return lzma_code(&stream_, action);
  }
  std::size_t in_left() const { return stream_.avail_in; }
  std::size_t out_left() const { return stream_.avail_out; }
  std::uint64_t memory_bytes() { return lzma_memusage(&stream_); }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class LzmaEncoder final : public Encoder {
 public:
  explicit LzmaEncoder(const CompressorOptions& options) {
    const lzma_options_lzma chosen = encoder_options(options);
    ASSERT(lzma_alone_encoder(stream_.get(), &chosen) == LZMA_OK);
  }

  Result<Step> encode(std::string_view in, std::span<char> out, Mode mode) override {
    const lzma_ret status = stream_.run(in, out, mode == Mode::End ? LZMA_FINISH : LZMA_RUN);
    if (status != LZMA_OK && status != LZMA_STREAM_END) {
      return internal_error("lzma compression fails with code {}", static_cast<int>(status));
    }
    const bool is_done = mode == Mode::End ? status == LZMA_STREAM_END : stream_.in_left() == 0;
    return Step{in.size() - stream_.in_left(), out.size() - stream_.out_left(), is_done};
  }

 private:
  Stream stream_;
};

class LzmaDecoder final : public Decoder {
 public:
  LzmaDecoder() { ASSERT(lzma_alone_decoder(stream_.get(), kDecoderMemoryBytesMax) == LZMA_OK); }

  std::string_view name() const override { return "lzma"; }

  Result<bool> start_next_frame() override { return false; }

  Result<Step> decode(std::string_view in, std::span<char> out) override {
    const lzma_ret status = stream_.run(in, out, LZMA_RUN);
    const Step step{in.size() - stream_.in_left(), out.size() - stream_.out_left(),
                    status == LZMA_STREAM_END};
    switch (status) {
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_BUF_ERROR:  // No progress; the caller knows why.
        return step;
      case LZMA_MEMLIMIT_ERROR:
        return corrupt("its dictionary needs {} bytes of memory; at most {} are allowed",
                       stream_.memory_bytes(), kDecoderMemoryBytesMax);
      case LZMA_FORMAT_ERROR:
        return corrupt("no .lzma header");
      case LZMA_MEM_ERROR:
        return internal_error("out of memory");
      default:
        return corrupt("damaged");
    }
  }

 private:
  Stream stream_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_lzma_encoder(const CompressorOptions& options) {
  const int preset = options.level.value_or(kPresetDefault);
  if (preset < 0 || preset > kPresetMax) {
    return invalid_argument("lzma level {} is not within 0 to {}", preset, kPresetMax);
  }
  return std::unique_ptr<Encoder>(std::make_unique<LzmaEncoder>(options));
}

std::uint64_t lzma_encoder_memory_bytes(const CompressorOptions& options) {
  lzma_options_lzma chosen = encoder_options(options);
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &chosen}, {LZMA_VLI_UNKNOWN, nullptr}};
  return lzma_raw_encoder_memusage(filters) + kEncoderOutputBytes;
}

std::unique_ptr<Decoder> make_lzma_decoder() {
  return std::make_unique<LzmaDecoder>();
}

}  // namespace cairn::codec
