// SPDX-License-Identifier: Apache-2.0
// Compressed objects of a hostile store; the first byte chooses the compression.
#include <array>

#include "base/stream.h"
#include "codec/compression.h"
#include "tests/fuzz/fuzz.h"

namespace {

// What a few kilobytes may unpack to without being a bomb that only costs the fuzzer time.
constexpr std::size_t kUnpackedBytesMax = 16 << 20;

constexpr std::array kCompressions = {
    cairn::codec::Compression::Lz4,    cairn::codec::Compression::Zstd,
    cairn::codec::Compression::Brotli, cairn::codec::Compression::Lzma,
    cairn::codec::Compression::Gzip,
};

}  // namespace

void fuzz(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input.front()) % kCompressions.size();
  cairn::ViewSource stored(input.substr(1));
  const auto source = cairn::codec::make_decompressor(kCompressions.at(choice), stored);
  if (source.ok()) (void)cairn::read_all(*source.value(), kUnpackedBytesMax);
}
