// SPDX-License-Identifier: Apache-2.0
// What was compressed comes out again: the first bytes choose the compression, the number of
// threads, the portions and how often the rest is repeated.
#include <algorithm>
#include <array>

#include "base/stream.h"
#include "codec/compression.h"
#include "tests/fuzz/fuzz.h"

namespace {

using cairn::codec::Compression;

constexpr std::size_t kBytesMax = 1 << 20;
constexpr std::array kCompressions = {Compression::None, Compression::Lz4, Compression::Zstd,
                                      Compression::Brotli, Compression::Lzma};

}  // namespace

void fuzz(std::string_view input) {
  if (input.size() < 5) return;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
  const Compression compression = kCompressions.at(byte(0) % kCompressions.size());
  const int thread_count = compression == Compression::Lz4 ? byte(1) % 3 + 1 : 1;
  const std::size_t portion = std::size_t{byte(2)} * byte(2) + 1;
  cairn::Bytes plain;
  for (int i = 0; i <= byte(3); ++i) plain += input.substr(4);
  plain.resize(std::min(plain.size(), kBytesMax));

  cairn::StringSink packed;
  const auto sink = cairn::codec::make_compressor(
                        compression, {.level = {}, .thread_count = thread_count}, packed)
                        .value();
  for (std::string_view rest = plain; !rest.empty();
       rest.remove_prefix(std::min(portion, rest.size()))) {
    ASSERT(sink->write(rest.substr(0, portion)).ok());
  }
  ASSERT(sink->finish().ok());

  cairn::ViewSource in(packed.bytes());
  const auto source = cairn::codec::make_decompressor(compression, in).value();
  ASSERT(cairn::read_all(*source, kBytesMax).value() == plain);
}
