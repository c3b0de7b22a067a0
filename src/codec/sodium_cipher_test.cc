// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "codec/cipher.h"
#include "codec/digest.h"
#include "tests/support/streams.h"

namespace cairn::codec {
namespace {

using tests::ChunkedSource;
using tests::random_bytes;

constexpr std::size_t kHeader = 24;
constexpr std::size_t kStored = 8209;
constexpr std::string_view kHexKey =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::unique_ptr<Cipher> cipher(std::string_view hex_key = kHexKey) {
  return make_sodium_cipher(Secret(std::string(hex_key)), "hex").value();
}

Bytes encrypted(const Cipher& cipher, std::string_view plain, std::size_t bytes_each = 1 << 30) {
  StringSink out;
  const auto sink = cipher.encrypt(out).value();
  for (std::size_t at = 0; at < plain.size(); at += bytes_each) {
    EXPECT_TRUE(sink->write(plain.substr(at, bytes_each)).ok());
  }
  EXPECT_TRUE(sink->finish().ok());
  return out.take();
}

Result<Bytes> decrypted(const Cipher& cipher, std::string_view stored,
                        std::size_t bytes_each = 1 << 30) {
  ChunkedSource in(stored, bytes_each);
  const auto source = cipher.decrypt(in).value();
  return read_all(*source, 1 << 30);
}

TEST(SodiumCipherTest, EverySizeComesBackInEveryPortion) {
  const auto secret = cipher();
  for (const std::size_t size : {0, 1, 8191, 8192, 8193, 16384, 131072, 1'000'003}) {
    const Bytes plain = random_bytes(size, size);
    for (const std::size_t portion : {7, 8191, 8192, 8193, 100'000, 1 << 30}) {
      if (portion < 100 && size > 100'000) continue;
      SCOPED_TRACE(fmt::format("{} bytes in portions of {}", size, portion));
      const Bytes stored = encrypted(*secret, plain, portion);
      EXPECT_EQ(decrypted(*secret, stored, portion).value(), plain);
    }
  }
}

// WAL-G reads 8209 bytes at a time and takes a full-sized final chunk for a premature end.
TEST(SodiumCipherTest, TheLastChunkIsAlwaysShort) {
  struct Case {
    std::size_t plain;
    std::size_t stored;
  };
  const Case cases[] = {{0, kHeader + 17},
                        {1, kHeader + 18},
                        {8191, kHeader + 8208},
                        {8192, kHeader + kStored + 17},
                        {8193, kHeader + kStored + 18},
                        {16384, kHeader + 2 * kStored + 17}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.plain);
    EXPECT_EQ(encrypted(*cipher(), Bytes(c.plain, 'x')).size(), c.stored);
  }
}

TEST(SodiumCipherTest, SmallReadsGetEverything) {
  const Bytes plain = random_bytes(20'000, 3);
  const Bytes stored = encrypted(*cipher(), plain);
  ViewSource in(stored);
  const auto secret = cipher();
  const auto source = secret->decrypt(in).value();
  Bytes back;
  std::array<char, 13> part{};
  while (const std::size_t count = source->read(part).value()) back.append(part.data(), count);
  EXPECT_EQ(back, plain);
  EXPECT_EQ(source->read(part).value(), 0u);
}

TEST(SodiumCipherTest, EveryTruncationIsCorrupt) {
  for (const std::size_t size : {0, 5, 8192, 16384}) {
    const Bytes stored = encrypted(*cipher(), random_bytes(size, 4));
    for (std::size_t kept = 0; kept < stored.size();
         kept += kept < 100 || kept + 100 > stored.size() ? 1 : 97) {
      const Result<Bytes> back = decrypted(*cipher(), stored.substr(0, kept));
      ASSERT_FALSE(back.ok()) << size << " " << kept;
      ASSERT_EQ(back.error().code(), ErrorCode::Corrupt);
    }
    // At a chunk's boundary, which WAL-G does not notice.
    if (size < 8192) continue;
    EXPECT_TRUE(decrypted(*cipher(), stored.substr(0, kHeader + kStored))
                    .error()
                    .message()
                    .contains("cut short"));
  }
}

TEST(SodiumCipherTest, EveryChangedByteIsCorrupt) {
  const Bytes stored = encrypted(*cipher(), random_bytes(100, 5));
  for (std::size_t at = 0; at < stored.size(); ++at) {
    Bytes changed = stored;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    ASSERT_EQ(decrypted(*cipher(), changed).error().code(), ErrorCode::Corrupt) << at;
  }
}

TEST(SodiumCipherTest, BytesAfterTheEndAreCorrupt) {
  for (const std::size_t size : {0, 100, 8192}) {
    const Bytes stored = encrypted(*cipher(), random_bytes(size, 6));
    for (const std::size_t more : {1, 17, 8192, 20'000}) {
      SCOPED_TRACE(fmt::format("{} {}", size, more));
      EXPECT_EQ(decrypted(*cipher(), stored + Bytes(more, '\0')).error().code(),
                ErrorCode::Corrupt);
    }
  }
}

TEST(SodiumCipherTest, AnotherKeyIsCorruptAndSaysSo) {
  const Bytes stored = encrypted(*cipher(), "text");
  const Result<Bytes> back = decrypted(*cipher(std::string(64, 'a')), stored);
  EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
  EXPECT_TRUE(back.error().message().contains("wrong key"));
}

TEST(SodiumCipherTest, TwoStreamsOfTheSameTextDiffer) {
  EXPECT_NE(encrypted(*cipher(), "text"), encrypted(*cipher(), "text"));
}

TEST(SodiumCipherTest, ErrorsOfTheOtherStreamsPass) {
  const auto secret = cipher();
  tests::FailingSink out(100'000);
  const auto sink = secret->encrypt(out).value();
  EXPECT_EQ(sink->write(Bytes(1'000'000, 'x')).error().code(), ErrorCode::Unavailable);

  const Bytes stored = encrypted(*secret, Bytes(1'000'000, 'x'));
  tests::FailingSource in(std::string_view(stored).substr(0, 500'000));
  const auto source = secret->decrypt(in).value();
  EXPECT_EQ(read_all(*source, 1 << 30).error().code(), ErrorCode::Unavailable);
}

TEST(SodiumKeyTest, IsTakenInEveryForm) {
  const std::string raw = from_hex(kHexKey).value();
  const std::string text = "abcdefghijklmnopqrstuvwxy";  // 25 bytes
  struct Case {
    std::string key;
    std::string_view transform;
    std::string same_in_hex;
  };
  const Case cases[] = {
      {raw, "none", std::string(kHexKey)},
      {raw + "ignored", "none", std::string(kHexKey)},
      {text, "none", to_hex(text) + std::string(14, '0')},
      {to_base64(raw), "base64", std::string(kHexKey)},
      {to_base64(raw).substr(0, 20) + "\n" + to_base64(raw).substr(20), "base64",
       std::string(kHexKey)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.same_in_hex);
    const auto made = make_sodium_cipher(Secret(c.key), c.transform).value();
    EXPECT_EQ(decrypted(*cipher(c.same_in_hex), encrypted(*made, "text")).value(), "text");
  }
}

TEST(SodiumKeyTest, IsRefusedWithoutBeingQuoted) {
  const std::string raw = from_hex(kHexKey).value();
  struct Case {
    std::string key;
    std::string_view transform;
  };
  const Case cases[] = {
      {"", "none"},
      {"tell-nobody-24-bytes-long", "rot13"},
      {"tell-nobody-24-bytes-lon", "none"},
      {"tell-nobody", "hex"},
      {std::string(kHexKey) + "00", "hex"},
      {std::string(kHexKey.substr(2)), "hex"},
      {std::string(kHexKey) + "0", "hex"},
      {"tell-nobody", "base64"},
      {to_base64(raw + "!"), "base64"},
      {to_base64(raw).substr(0, 43), "base64"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} {}", c.transform, c.key));
    const auto made = make_sodium_cipher(Secret(c.key), c.transform);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code(), ErrorCode::InvalidArgument);
    EXPECT_FALSE(made.error().message().contains("tell-nobody"));
  }
}

// Made with libsodium alone: guards against a change to both of our sides at once.
TEST(SodiumCipherTest, ReadsAKnownStream) {
  const Bytes stored = from_hex(
                           "7dee75fc197b855ec211c04ec2bc244b31a1f68e4ecb4027"
                           "a6eb8191447c37da76b24416ca243afd3ffbcccb4cbf")
                           .value();
  EXPECT_EQ(decrypted(*cipher(), stored).value(), "cairn");
}

}  // namespace
}  // namespace cairn::codec
