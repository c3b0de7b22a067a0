// SPDX-License-Identifier: Apache-2.0
#include "engine/verified_source.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/support/streams.h"

namespace cairn::engine {
namespace {

repository::ObjectDigest digest_of(const Bytes& bytes) {
  return {.size_bytes = bytes.size(), .sha256_hex = codec::sha256_hex(bytes)};
}

Result<Bytes> read_verified(std::string_view stored, const repository::ObjectDigest& expected,
                            std::uint64_t* counted = nullptr) {
  VerifiedSource source(std::make_unique<tests::ChunkedSource>(stored, 100), expected,
                        [counted](std::uint64_t count) {
                          if (counted != nullptr) *counted += count;
                        });
  return read_all(source, 1 << 20);
}

TEST(VerifiedSourceTest, PassesWhatWasWritten) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
    const Bytes bytes = tests::random_bytes(size, 1);
    std::uint64_t counted = 0;
    const auto read = read_verified(bytes, digest_of(bytes), &counted);
    ASSERT_OK(read);
    EXPECT_EQ(read.value(), bytes);
    EXPECT_EQ(counted, size);
  }
}

TEST(VerifiedSourceTest, NoticesEveryKindOfDamage) {
  const Bytes written = tests::random_bytes(1000, 1);
  Bytes flipped = written;
  flipped[500] = static_cast<char>(flipped[500] ^ 1);
  for (const Bytes& stored : {flipped, written.substr(0, 999), written + "x", Bytes()}) {
    EXPECT_EQ(tests::outcome(read_verified(stored, digest_of(written))), "Corrupt");
  }
}

TEST(VerifiedSourceTest, TheEndStaysTheEnd) {
  const Bytes bytes = "abc";
  VerifiedSource source(std::make_unique<ViewSource>(bytes), digest_of(bytes), {});
  char chunk[10];
  EXPECT_EQ(source.read(chunk).value(), 3U);
  EXPECT_EQ(source.read(chunk).value(), 0U);
  EXPECT_EQ(source.read(chunk).value(), 0U);
}

TEST(VerifiedSourceTest, AnErrorOfTheStoreStaysWhatItIs) {
  VerifiedSource source(std::make_unique<tests::FailingSource>("ab"), digest_of("abc"), {});
  EXPECT_EQ(tests::outcome(read_all(source, 100)), "Unavailable");
}

TEST(CountedSourceTest, TellsEveryChunk) {
  std::uint64_t counted = 0;
  CountedSource source(std::make_unique<tests::ChunkedSource>("abcdefg", 3),
                       [&](std::uint64_t count) { counted += count; });
  EXPECT_EQ(read_all(source, 100).value(), "abcdefg");
  EXPECT_EQ(counted, 7U);
}

}  // namespace
}  // namespace cairn::engine
