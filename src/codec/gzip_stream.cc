// SPDX-License-Identifier: Apache-2.0
#include "codec/gzip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace cairn::codec {

namespace {

// The largest window, and a gzip header and trailer instead of zlib's.
constexpr int kWindowBits = 15 + 16;

unsigned clamped(std::size_t bytes) {
  return static_cast<unsigned>(std::min<std::size_t>(bytes, std::numeric_limits<unsigned>::max()));
}

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() { ASSERT(inflateInit2(&stream_, kWindowBits) == Z_OK); }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  std::string_view name() const override { return "gzip"; }

  Result<bool> start_next_frame() override {
    ASSERT(inflateReset(&stream_) == Z_OK);
    return true;
  }

  Result<Step> decode(std::string_view in, std::span<char> out) override {
    const unsigned in_bytes = clamped(in.size());
    const unsigned out_bytes = clamped(out.size());
    // zlib's interface is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = in_bytes;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = out_bytes;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    const Step step{in_bytes - stream_.avail_in, out_bytes - stream_.avail_out,
                    status == Z_STREAM_END};
    switch (status) {
      case Z_OK:
      case Z_STREAM_END:
      case Z_BUF_ERROR:  // No progress; the caller knows why.
        return step;
      case Z_MEM_ERROR:
        return internal_error("out of memory");
      default:
        return corrupt("{}", stream_.msg != nullptr ? stream_.msg : "damaged");
    }
  }

 private:
  z_stream stream_{};
};

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder() {
  return std::make_unique<GzipDecoder>();
}

}  // namespace cairn::codec
