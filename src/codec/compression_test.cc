// SPDX-License-Identifier: Apache-2.0
#include "codec/compression.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <zlib.h>

#include "codec/digest.h"
#include "tests/support/streams.h"

namespace cairn::codec {
namespace {

using tests::ChunkedSource;
using tests::random_bytes;
using tests::text_bytes;

constexpr std::size_t kUnlimited = std::size_t{1} << 40;
constexpr Compression kWritten[] = {Compression::None, Compression::Lz4, Compression::Zstd,
                                    Compression::Brotli, Compression::Lzma};
constexpr Compression kFramed[] = {Compression::Lz4, Compression::Zstd, Compression::Brotli,
                                   Compression::Lzma, Compression::Gzip};

Bytes gzip(std::string_view plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<unsigned>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<unsigned>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Bytes compressed(Compression compression, std::string_view plain,
                 const CompressorOptions& options = {}, std::size_t bytes_each = kUnlimited) {
  if (compression == Compression::Gzip) return gzip(plain);
  StringSink out;
  const auto sink = make_compressor(compression, options, out).value();
  for (std::size_t at = 0; at < plain.size(); at += bytes_each) {
    EXPECT_TRUE(sink->write(plain.substr(at, bytes_each)).ok());
    if (bytes_each == kUnlimited) break;
  }
  EXPECT_TRUE(sink->finish().ok());
  return out.take();
}

Result<Bytes> decompressed(Compression compression, std::string_view packed,
                           std::size_t bytes_each = kUnlimited) {
  ChunkedSource in(packed, bytes_each);
  const auto source = make_decompressor(compression, in).value();
  return read_all(*source, 1 << 30);
}

// Not EXPECT_EQ: nobody wants to read the difference of two times 10 MiB.
void expect_same(const Result<Bytes>& actual, std::string_view expected) {
  ASSERT_TRUE(actual.ok()) << actual.error().message();
  EXPECT_EQ(actual.value().size(), expected.size());
  EXPECT_TRUE(actual.value() == expected);
}

TEST(CompressionNameTest, IsWhatTheSettingSays) {
  for (const Compression compression : kWritten) {
    EXPECT_EQ(parse_compression(compression_name(compression)).value(), compression);
  }
  for (const std::string_view method : {"", "LZ4", "gzip", "lzo", "lz4 "}) {
    SCOPED_TRACE(method);
    EXPECT_EQ(parse_compression(method).error().code(), ErrorCode::InvalidArgument);
  }
}

TEST(CompressionSuffixTest, GoesBothWays) {
  struct Case {
    std::string_view suffix;
    std::optional<Compression> expected;
  };
  const Case cases[] = {
      {"lz4", Compression::Lz4},   {"zst", Compression::Zstd}, {"br", Compression::Brotli},
      {"lzma", Compression::Lzma}, {"gz", Compression::Gzip},  {"", Compression::None},
      {"tar", Compression::None},  // "part_001.tar" has no other suffix.
      {"lzo", std::nullopt},       {"zstd", std::nullopt},     {".lz4", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.suffix);
    EXPECT_EQ(compression_of_suffix(c.suffix), c.expected);
    if (c.expected && c.suffix != "tar") {
      EXPECT_EQ(compression_suffix(*c.expected), c.suffix);
    }
  }
}

TEST(CompressorTest, EverySizeComesBack) {
  for (const Compression compression : kWritten) {
    for (const std::size_t size : {0, 1, 2, 1000, 131'072, 4'194'303, 4'194'304, 4'194'305}) {
      if (size > 1'000'000 && compression == Compression::Lzma) continue;  // Slow, and no blocks.
      SCOPED_TRACE(fmt::format("{} {}", compression_name(compression), size));
      const Bytes text = text_bytes(size, size);
      expect_same(decompressed(compression, compressed(compression, text)), text);
    }
  }
}

TEST(CompressorTest, LargeInputComesBackWhateverThePortions) {
  const Bytes inputs[] = {random_bytes(10 * 1024 * 1024, 1), text_bytes(10 * 1024 * 1024, 2)};
  for (const Compression compression : kWritten) {
    if (compression == Compression::Lzma) continue;
    for (const Bytes& plain : inputs) {
      for (const std::size_t portion : {std::size_t{12'345}, std::size_t{5'000'001}, kUnlimited}) {
        SCOPED_TRACE(fmt::format("{} in {}", compression_name(compression), portion));
        const Bytes packed = compressed(compression, plain, {}, portion);
        expect_same(decompressed(compression, packed, portion), plain);
      }
    }
  }
}

TEST(CompressorTest, OneByteAtATimeIsTheSame) {
  const Bytes plain = text_bytes(3000, 3);
  for (const Compression compression : kWritten) {
    SCOPED_TRACE(compression_name(compression));
    const Bytes packed = compressed(compression, plain, {}, 1);
    expect_same(decompressed(compression, packed, 1), plain);
  }
}

TEST(CompressorTest, ThreadsChangeNothingThatIsReadBack) {
  Bytes plain = text_bytes(15'000'000, 4) + random_bytes(9'000'000, 5);
  for (const Compression compression : {Compression::Lz4, Compression::Zstd}) {
    for (int threads = 1; threads <= 4; ++threads) {
      SCOPED_TRACE(fmt::format("{} {}", compression_name(compression), threads));
      const Bytes packed =
          compressed(compression, plain, {.level = {}, .thread_count = threads}, 1'000'003);
      expect_same(decompressed(compression, packed), plain);
    }
  }
}

// The settings that WAL-G writes and the only ones for which its readers are known.
TEST(CompressorTest, HeadersAreThoseThatWalGWrites) {
  struct Case {
    Compression compression;
    std::string_view plain;
    std::string_view hex_start;
  };
  const Case cases[] = {
      {Compression::Lz4, "abc",
       "04224d18"
       "64"
       "70"
       "b9"
       "03000080"
       "616263"
       "00000000"
       "ff53d132"},
      {Compression::Lz4, "",
       "04224d18"
       "64"
       "70"
       "b9"
       "00000000"
       "055dcc02"},
      {Compression::Lzma, "abc",
       "5d"
       "00008000"
       "ffffffffffffffff"},
      {Compression::Zstd, "abc",
       "28b52ffd"
       "04"},  // content checksum; no content size
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.hex_start);
    const std::string hex = to_hex(compressed(c.compression, c.plain));
    EXPECT_EQ(hex.substr(0, c.hex_start.size()), c.hex_start);
  }
}

TEST(CompressorTest, LevelsAreCheckedAndMatter) {
  struct Case {
    Compression compression;
    int level;
    bool is_allowed;
  };
  const Case cases[] = {
      {Compression::Lz4, 1, true},      {Compression::Lz4, 0, false},
      {Compression::Lz4, 9, false},     {Compression::Zstd, 1, true},
      {Compression::Zstd, 19, true},    {Compression::Zstd, 0, false},
      {Compression::Zstd, 20, false},   {Compression::Zstd, -5, false},
      {Compression::Brotli, 0, true},   {Compression::Brotli, 11, true},
      {Compression::Brotli, 12, false}, {Compression::Brotli, -1, false},
      {Compression::Lzma, 0, true},     {Compression::Lzma, 9, true},
      {Compression::Lzma, 10, false},   {Compression::Lzma, -1, false},
  };
  const Bytes plain = text_bytes(20'000, 7);
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} {}", compression_name(c.compression), c.level));
    const CompressorOptions options{.level = c.level, .thread_count = 1};
    StringSink out;
    const auto made = make_compressor(c.compression, options, out);
    EXPECT_EQ(made.ok(), c.is_allowed);
    if (!made.ok()) {
      EXPECT_EQ(made.error().code(), ErrorCode::InvalidArgument);
    }
    if (made.ok()) {
      expect_same(decompressed(c.compression, compressed(c.compression, plain, options)), plain);
    }
  }
  const auto packed_size = [&](int level) {
    return compressed(Compression::Zstd, plain, {.level = level, .thread_count = 1}).size();
  };
  EXPECT_LT(packed_size(19), packed_size(1));
}

TEST(CompressorTest, RefusesWhatItCantDo) {
  StringSink out;
  for (const int threads : {-1, 0, 65}) {
    const auto made =
        make_compressor(Compression::Lz4, {.level = {}, .thread_count = threads}, out);
    EXPECT_EQ(made.error().code(), ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(make_compressor(Compression::Gzip, {}, out).error().code(), ErrorCode::InvalidArgument);
}

TEST(CompressorTest, AnErrorOfTheOtherSinkComesOut) {
  const Bytes plain = random_bytes(30'000'000, 8);
  for (const Compression compression : kWritten) {
    if (compression == Compression::Lzma) continue;
    for (const int threads : {1, 3}) {
      for (const std::uint64_t sink_bytes : {0, 7, 5'000'000, 29'000'000}) {
        SCOPED_TRACE(fmt::format("{} {} {}", compression_name(compression), threads, sink_bytes));
        tests::FailingSink out(sink_bytes);
        const auto sink =
            make_compressor(compression, {.level = {}, .thread_count = threads}, out).value();
        Result<> done = sink->write(plain);
        if (done.ok()) done = sink->finish();
        ASSERT_FALSE(done.ok());
        EXPECT_EQ(done.error().code(), ErrorCode::Unavailable);
      }
    }
  }
}

TEST(CompressorTest, CanBeAbandonedAtAnyTime) {
  const Bytes plain = text_bytes(9'000'000, 9);
  for (const Compression compression : kWritten) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, plain.size()}) {
      if (compression == Compression::Lzma && size > 1) continue;
      StringSink out;
      const auto sink = make_compressor(compression, {.level = {}, .thread_count = 3}, out).value();
      EXPECT_TRUE(sink->write(std::string_view(plain).substr(0, size)).ok());
    }
  }
}

// Fails when the library takes more memory than we announce. Sanitizers hide malloc's figures.
TEST(CompressorTest, TakesNoMoreMemoryThanItSays) {
  const Bytes plain = text_bytes(20 * 1024 * 1024, 10);
  struct NullSink final : Sink {
    Result<> write(std::string_view) override { return {}; }
    Result<> finish() override { return {}; }
  };
  const auto used = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  struct Case {
    Compression compression;
    CompressorOptions options;
  };
  const Case cases[] = {
      {Compression::None, {}},
      {Compression::Lz4, {}},
      {Compression::Lz4, {.level = {}, .thread_count = 2}},
      {Compression::Lz4, {.level = {}, .thread_count = 4}},
      {Compression::Zstd, {}},
      {Compression::Zstd, {.level = 1, .thread_count = 1}},
      {Compression::Zstd, {.level = 7, .thread_count = 1}},
      {Compression::Zstd, {.level = {}, .thread_count = 2}},
      {Compression::Zstd, {.level = {}, .thread_count = 4}},
      {Compression::Brotli, {}},
      {Compression::Brotli, {.level = 0, .thread_count = 1}},
      {Compression::Brotli, {.level = 5, .thread_count = 1}},
      {Compression::Lzma, {.level = 0, .thread_count = 1}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} level {} threads {}", compression_name(c.compression),
                             c.options.level.value_or(-1), c.options.thread_count));
    const std::uint64_t before = used();
    NullSink out;
    const auto sink = make_compressor(c.compression, c.options, out).value();
    const std::size_t size = c.compression == Compression::Lzma ? 1 << 20 : plain.size();
    for (std::size_t at = 0; at < size; at += 1 << 20) {
      ASSERT_TRUE(sink->write(std::string_view(plain).substr(at, 1 << 20)).ok());
    }
    const std::uint64_t taken = used() - before;
    EXPECT_LE(taken, compressor_memory_bytes(c.compression, c.options) + 64 * 1024);
  }
}

TEST(DecompressorTest, EveryTruncationIsCorrupt) {
  const Bytes plain = text_bytes(1000, 11);
  for (const Compression compression : kFramed) {
    const Bytes packed = compressed(compression, plain);
    for (std::size_t kept = 0; kept < packed.size(); ++kept) {
      SCOPED_TRACE(fmt::format("{} cut at {}", compression_name(compression), kept));
      const Result<Bytes> back = decompressed(compression, packed.substr(0, kept), 100);
      ASSERT_FALSE(back.ok());
      EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
      const std::string_view expected = kept == 0 ? "is empty" : "is cut short";
      EXPECT_TRUE(back.error().message().contains(expected)) << back.error().message();
    }
  }
}

TEST(DecompressorTest, LargeTruncationsAreCorrupt) {
  for (const Compression compression : kFramed) {
    const std::size_t size = compression == Compression::Lzma ? 600'000 : 6'000'000;
    const Bytes packed = compressed(compression, random_bytes(size, 12));
    for (const std::size_t cut : {std::size_t{1}, std::size_t{4}, std::size_t{8}, size / 2}) {
      SCOPED_TRACE(fmt::format("{} without {}", compression_name(compression), cut));
      const Result<Bytes> back = decompressed(compression, packed.substr(0, packed.size() - cut));
      ASSERT_FALSE(back.ok());
      EXPECT_TRUE(back.error().message().contains("is cut short")) << back.error().message();
    }
  }
}

// Formats with a checksum: no changed bit may pass.
TEST(DecompressorTest, EveryChangedBitIsFound) {
  const Bytes plain = text_bytes(600, 13);
  for (const Compression compression : {Compression::Lz4, Compression::Zstd}) {
    const Bytes packed = compressed(compression, plain);
    for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
      Bytes changed = packed;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
      const Result<Bytes> back = decompressed(compression, changed);
      // Some bits have no meaning: then what comes out is still right.
      if (back.ok()) {
        EXPECT_EQ(back.value(), plain) << compression_name(compression) << " bit " << bit;
      } else {
        EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
      }
    }
  }
}

TEST(DecompressorTest, BytesAfterTheEndAreCorrupt) {
  for (const Compression compression : kFramed) {
    const Bytes packed = compressed(compression, "text");
    for (const Bytes& garbage :
         {Bytes("x"), Bytes("garbage"), Bytes(1, '\0'), Bytes(600'000, 'x')}) {
      SCOPED_TRACE(fmt::format("{} and {} bytes", compression_name(compression), garbage.size()));
      const Result<Bytes> back = decompressed(compression, packed + garbage);
      ASSERT_FALSE(back.ok());
      EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
    }
  }
}

TEST(DecompressorTest, SecondFramesAreReadWhereTheFormatHasThem) {
  struct Case {
    Compression compression;
    bool has_many;
  };
  const Case cases[] = {{Compression::Lz4, true},
                        {Compression::Zstd, true},
                        {Compression::Gzip, true},
                        {Compression::Brotli, false},
                        {Compression::Lzma, false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(compression_name(c.compression));
    const Bytes packed = compressed(c.compression, "one ") + compressed(c.compression, "") +
                         compressed(c.compression, "two");
    const Result<Bytes> back = decompressed(c.compression, packed);
    ASSERT_EQ(back.ok(), c.has_many);
    if (back.ok()) {
      EXPECT_EQ(back.value(), "one two");
    } else {
      EXPECT_TRUE(back.error().message().contains("is followed by other bytes"));
    }
  }
}

TEST(DecompressorTest, SkippableFramesAreSkipped) {
  const Bytes skippable = from_hex(
                              "5a2a4d18"
                              "03000000"
                              "010203")
                              .value();
  for (const Compression compression : {Compression::Lz4, Compression::Zstd}) {
    const Bytes packed = skippable + compressed(compression, "text") + skippable;
    expect_same(decompressed(compression, packed), "text");
    expect_same(decompressed(compression, packed, 1), "text");
  }
}

TEST(DecompressorTest, NamesAnotherFormat) {
  for (const Compression compression : kFramed) {
    SCOPED_TRACE(compression_name(compression));
    const Result<Bytes> back = decompressed(compression, Bytes(1000, '\xff'));
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
    EXPECT_TRUE(back.error().message().contains(compression_name(compression)));
  }
}

// The header alone can ask for 4 GiB.
TEST(DecompressorTest, RefusesAnLzmaDictionaryThatIsTooLarge) {
  Bytes packed = compressed(Compression::Lzma, "text");
  packed.replace(1, 4, std::string_view("\0\0\0\x40", 4));  // 1 GiB
  const Result<Bytes> back = decompressed(Compression::Lzma, packed);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
  EXPECT_TRUE(back.error().message().contains("dictionary")) << back.error().message();
  packed.replace(1, 4, std::string_view("\0\0\0\x04", 4));  // 64 MiB
  expect_same(decompressed(Compression::Lzma, packed), "text");
}

TEST(DecompressorTest, ReadsALzmaFileThatSaysItsSize) {
  // `xz --format=lzma` never does; the original LZMA tools always did.
  const Bytes packed =
      from_hex("5d0000100018000000000000000031984972da2dcd2b7f279c87fffffcdd8000").value();
  expect_same(decompressed(Compression::Lzma, packed), "cairn cairn cairn cairn\n");
}

TEST(DecompressorTest, RefusesAZstdWindowThatIsTooLarge) {
  // Window descriptor 20 << 3: 2^30 bytes. Then one raw block of three bytes.
  const Bytes packed = from_hex(
                           "28b52ffd"
                           "00"
                           "a0"
                           "190000"
                           "616263")
                           .value();
  const Result<Bytes> back = decompressed(Compression::Zstd, packed);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
}

TEST(DecompressorTest, ReadsInSmallPieces) {
  const Bytes plain = text_bytes(300'000, 14);
  for (const Compression compression : kFramed) {
    SCOPED_TRACE(compression_name(compression));
    const Bytes packed = compressed(compression, plain);
    ViewSource in(packed);
    const auto source = make_decompressor(compression, in).value();
    Bytes back;
    std::array<char, 7> part{};
    while (const std::size_t count = source->read(part).value()) back.append(part.data(), count);
    EXPECT_TRUE(back == plain);
    EXPECT_EQ(source->read(part).value(), 0u);
  }
}

TEST(DecompressorTest, AnErrorOfTheOtherSourceComesOut) {
  const Bytes plain = random_bytes(600'000, 15);
  for (const Compression compression : kFramed) {
    SCOPED_TRACE(compression_name(compression));
    const Bytes packed = compressed(compression, plain);
    tests::FailingSource in(std::string_view(packed).substr(0, 500'000));
    const auto source = make_decompressor(compression, in).value();
    EXPECT_EQ(read_all(*source, 1 << 30).error().code(), ErrorCode::Unavailable);
  }
}

}  // namespace
}  // namespace cairn::codec
