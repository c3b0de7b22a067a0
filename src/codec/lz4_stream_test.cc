// SPDX-License-Identifier: Apache-2.0
#include "codec/lz4_stream.h"

#include <gtest/gtest.h>
#include <lz4frame.h>

#include "codec/digest.h"
#include "codec/lz4_block.h"
#include "tests/support/streams.h"

namespace cairn::codec {
namespace {

using tests::random_bytes;
using tests::text_bytes;

Bytes compressed(std::string_view plain, int thread_count) {
  StringSink out;
  const auto sink = make_lz4_compressor({.level = {}, .thread_count = thread_count}, out).value();
  EXPECT_TRUE(sink->write(plain).ok());
  EXPECT_TRUE(sink->finish().ok());
  return out.take();
}

Result<Bytes> decompressed(std::string_view packed, std::size_t bytes_each = 1 << 30) {
  tests::ChunkedSource in(packed, bytes_each);
  DecodingSource source(make_lz4_decoder(), in);
  return read_all(source, 1 << 30);
}

// The size in a block's header, with the bit that says that it is stored as it is.
std::uint32_t header_of(std::string_view block) {
  std::uint32_t header = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    header |= std::uint32_t{static_cast<unsigned char>(block[i])} << (8 * i);
  }
  return header;
}

TEST(Lz4BlockTest, IsPackedOnlyIfThatMakesItSmaller) {
  Bytes packed(lz4_packed_bytes_max(), '\0');
  const Bytes text = text_bytes(kLz4BlockBytes, 1);
  const std::size_t text_size = pack_lz4_block(text, packed);
  EXPECT_LT(text_size, text.size());
  EXPECT_EQ(header_of(packed), text_size - 4);

  const Bytes noise = random_bytes(kLz4BlockBytes, 2);
  EXPECT_EQ(pack_lz4_block(noise, packed), noise.size() + 4);
  EXPECT_EQ(header_of(packed), noise.size() | 0x80000000);
  EXPECT_TRUE(std::string_view(packed).substr(4, noise.size()) == noise);
}

TEST(Lz4BlockTest, ASlotTakesNoMoreThanABlock) {
  Lz4Slot slot;
  EXPECT_EQ(slot.append(Bytes(kLz4BlockBytes - 1, 'x')), kLz4BlockBytes - 1);
  EXPECT_FALSE(slot.is_full());
  EXPECT_EQ(slot.append("xy"), 1u);
  EXPECT_TRUE(slot.is_full());
  EXPECT_EQ(slot.append("y"), 0u);
  slot.pack();
  EXPECT_LT(slot.packed().size(), kLz4BlockBytes / 100);
}

TEST(Lz4CompressorTest, MakesBlocksOf4MebibytesAndARest) {
  const Bytes packed = compressed(random_bytes(2 * kLz4BlockBytes + 5, 3), 2);
  const std::size_t block = 4 + kLz4BlockBytes;
  ASSERT_EQ(packed.size(), 7 + 2 * block + 9 + 8);
  EXPECT_EQ(header_of(packed.substr(7, 4)), kLz4BlockBytes | 0x80000000);
  EXPECT_EQ(header_of(packed.substr(7 + block, 4)), kLz4BlockBytes | 0x80000000);
  EXPECT_EQ(header_of(packed.substr(7 + 2 * block, 4)), 5u | 0x80000000);
  EXPECT_EQ(header_of(packed.substr(packed.size() - 8, 4)), 0u);
}

TEST(Lz4CompressorTest, IsTheSameForAnyNumberOfThreads) {
  const Bytes plain = text_bytes(15'000'000, 6);
  const Bytes serial = compressed(plain, 1);
  for (int threads = 2; threads <= 4; ++threads) {
    EXPECT_TRUE(compressed(plain, threads) == serial);
  }
}

// Frames of the lz4 tool: what WAL-G accepts, we must.
TEST(Lz4DecoderTest, ReadsOtherKindsOfFrames) {
  struct Case {
    std::string_view what;
    std::string_view hex;
  };
  const Case cases[] = {
      {"content size",
       "04224d186c401800000000000000350f00000069636169726e200600506169726e0a00000000ed88d304"},
      {"block checksums",
       "04224d187440bd0f00000069636169726e200600506169726e0ac45b307200000000ed88d304"},
      {"no content checksum", "04224d186040820f00000069636169726e200600506169726e0a00000000"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(decompressed(from_hex(c.hex).value()).value(), "cairn cairn cairn cairn\n");
  }
}

TEST(Lz4DecoderTest, ReadsLinkedBlocks) {
  const Bytes plain = text_bytes(300'000, 16);
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  Bytes packed(LZ4F_compressFrameBound(plain.size(), &preferences), '\0');
  const std::size_t size =
      LZ4F_compressFrame(packed.data(), packed.size(), plain.data(), plain.size(), &preferences);
  ASSERT_FALSE(LZ4F_isError(size));
  packed.resize(size);
  ASSERT_EQ(packed[4] & 0x20, 0);  // FLG without "independent".
  EXPECT_TRUE(decompressed(packed).value() == plain);
  EXPECT_TRUE(decompressed(packed, 999).value() == plain);
}

TEST(Lz4DecoderTest, NamesTheLegacyFrame) {
  const Bytes legacy = from_hex(
                           "02214c18"
                           "05000000"
                           "5061626361")
                           .value();
  const Result<Bytes> back = decompressed(legacy);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
  EXPECT_TRUE(back.error().message().contains("legacy lz4 frame"));
}

}  // namespace
}  // namespace cairn::codec
