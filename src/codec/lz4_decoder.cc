// SPDX-License-Identifier: Apache-2.0
#include <lz4frame.h>

#include <algorithm>

#include "codec/lz4_stream.h"

namespace cairn::codec {

namespace {

constexpr std::string_view kLegacyMagic("\x02\x21\x4c\x18", 4);

class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder() {
    LZ4F_dctx* context = nullptr;
    ASSERT(LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) == 0);
    context_.reset(context);
  }

  std::string_view name() const override { return "lz4"; }

  Result<bool> start_next_frame() override {
    magic_.clear();
    return true;
  }

  Result<Step> decode(std::string_view in, std::span<char> out) override {
    magic_ += in.substr(0, kLegacyMagic.size() - magic_.size());
    std::size_t in_bytes = in.size();
    std::size_t out_bytes = out.size();
    const std::size_t hint =
        LZ4F_decompress(context_.get(), out.data(), &out_bytes, in.data(), &in_bytes, nullptr);
    if (LZ4F_isError(hint) != 0) {
      if (magic_ == kLegacyMagic) return corrupt("legacy lz4 frame, which is not supported");
      return corrupt("{}", LZ4F_getErrorName(hint));
    }
    return Step{in_bytes, out_bytes, hint == 0};
  }

 private:
  struct Free {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
  };
  std::unique_ptr<LZ4F_dctx, Free> context_;
  std::string magic_;  // the first bytes of the frame, to name what we can't read
};

}  // namespace

std::unique_ptr<Decoder> make_lz4_decoder() {
  return std::make_unique<Lz4Decoder>();
}

}  // namespace cairn::codec
