// SPDX-License-Identifier: Apache-2.0
#include "codec/compression.h"

#include "codec/brotli_stream.h"
#include "codec/gzip_stream.h"
#include "codec/lz4_stream.h"
#include "codec/lzma_stream.h"
#include "codec/zstd_stream.h"

namespace cairn::codec {

namespace {

constexpr int kThreadsMax = 64;

class PassThroughSink final : public Sink {
 public:
  explicit PassThroughSink(Sink& out) : out_(out) {}
  Result<> write(std::string_view bytes) override { return out_.write(bytes); }
  Result<> finish() override { return {}; }

 private:
  Sink& out_;
};

class PassThroughSource final : public Source {
 public:
  explicit PassThroughSource(Source& in) : in_(in) {}
  Result<std::size_t> read(std::span<char> out) override { return in_.read(out); }

 private:
  Source& in_;
};

Result<std::unique_ptr<Encoder>> make_encoder(Compression compression,
                                              const CompressorOptions& options) {
  switch (compression) {
    case Compression::Zstd:
      return make_zstd_encoder(options);
    case Compression::Brotli:
      return make_brotli_encoder(options);
    case Compression::Lzma:
      return make_lzma_encoder(options);
    case Compression::Gzip:
      return invalid_argument("gzip is only read, not written");
    case Compression::None:
    case Compression::Lz4:
      break;
  }
  return internal_error("{} has no encoder", compression_name(compression));
}

std::unique_ptr<Decoder> make_decoder(Compression compression) {
  switch (compression) {
    case Compression::Lz4:
      return make_lz4_decoder();
    case Compression::Zstd:
      return make_zstd_decoder();
    case Compression::Brotli:
      return make_brotli_decoder();
    case Compression::Lzma:
      return make_lzma_decoder();
    case Compression::Gzip:
      return make_gzip_decoder();
    case Compression::None:
      break;
  }
  return nullptr;
}

}  // namespace

Result<Compression> parse_compression(std::string_view method) {
  for (const Compression compression : {Compression::Lz4, Compression::Lzma, Compression::Zstd,
                                        Compression::Brotli, Compression::None}) {
    if (method == compression_name(compression)) return compression;
  }
  return invalid_argument("compression method \"{}\" is none of lz4, lzma, zstd, brotli, none",
                          method);
}

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::None:
      return "none";
    case Compression::Lz4:
      return "lz4";
    case Compression::Zstd:
      return "zstd";
    case Compression::Brotli:
      return "brotli";
    case Compression::Lzma:
      return "lzma";
    case Compression::Gzip:
      return "gzip";
  }
  return "";
}

std::string_view compression_suffix(Compression compression) {
  switch (compression) {
    case Compression::None:
      return "";
    case Compression::Lz4:
      return "lz4";
    case Compression::Zstd:
      return "zst";
    case Compression::Brotli:
      return "br";
    case Compression::Lzma:
      return "lzma";
    case Compression::Gzip:
      return "gz";
  }
  return "";
}

std::optional<Compression> compression_of_suffix(std::string_view suffix) {
  if (suffix == "tar") return Compression::None;
  for (const Compression compression :
       {Compression::None, Compression::Lz4, Compression::Zstd, Compression::Brotli,
        Compression::Lzma, Compression::Gzip}) {
    if (suffix == compression_suffix(compression)) return compression;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Sink>> make_compressor(Compression compression,
                                              const CompressorOptions& options, Sink& out) {
  if (options.thread_count < 1 || options.thread_count > kThreadsMax) {
    return invalid_argument("{} compression threads are not within 1 to {}", options.thread_count,
                            kThreadsMax);
  }
  if (compression == Compression::Lz4) return make_lz4_compressor(options, out);
  if (compression == Compression::None) {
    return std::unique_ptr<Sink>(std::make_unique<PassThroughSink>(out));
  }
  std::unique_ptr<Encoder> encoder = TRY(make_encoder(compression, options));
  return std::unique_ptr<Sink>(std::make_unique<EncodingSink>(std::move(encoder), out));
}

std::uint64_t compressor_memory_bytes(Compression compression, const CompressorOptions& options) {
  switch (compression) {
    case Compression::Lz4:
      return lz4_compressor_memory_bytes(options);
    case Compression::Zstd:
      return zstd_encoder_memory_bytes(options);
    case Compression::Brotli:
      return brotli_encoder_memory_bytes(options);
    case Compression::Lzma:
      return lzma_encoder_memory_bytes(options);
    case Compression::None:
    case Compression::Gzip:
      break;
  }
  return 0;
}

Result<std::unique_ptr<Source>> make_decompressor(Compression compression, Source& in) {
  std::unique_ptr<Decoder> decoder = make_decoder(compression);
  if (decoder == nullptr) {
    return std::unique_ptr<Source>(std::make_unique<PassThroughSource>(in));
  }
  return std::unique_ptr<Source>(std::make_unique<DecodingSource>(std::move(decoder), in));
}

}  // namespace cairn::codec
