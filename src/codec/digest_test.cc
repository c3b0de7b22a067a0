// SPDX-License-Identifier: Apache-2.0
#include "codec/digest.h"

#include <gtest/gtest.h>

#include "codec/crc32c.h"
#include "tests/support/streams.h"

namespace cairn::codec {
namespace {

std::uint32_t crc32c(std::string_view bytes) {
  Crc32c sum;
  sum.update(bytes);
  return sum.value();
}

TEST(Crc32cTest, GivesThePublishedChecksums) {
  Bytes rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c(Bytes(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(Bytes(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Crc32cTest, HardwareAndSoftwareAgreeAtEveryLengthAndStart) {
  const Bytes bytes = tests::random_bytes(20'000, 1);
  for (const std::size_t start : {0, 1, 3, 7}) {
    for (std::size_t size = 0; size < 100; ++size) {
      const std::string_view part = std::string_view(bytes).substr(start, size);
      ASSERT_EQ(crc32c_hardware(~0u, part), crc32c_software(~0u, part)) << start << " " << size;
    }
    // Around the three interleaved lanes.
    for (std::size_t size = 6100; size < 6200; ++size) {
      const std::string_view part = std::string_view(bytes).substr(start, size);
      ASSERT_EQ(crc32c_hardware(7, part), crc32c_software(7, part)) << start << " " << size;
    }
    const std::string_view rest = std::string_view(bytes).substr(start);
    ASSERT_EQ(crc32c_hardware(~0u, rest), crc32c_software(~0u, rest));
  }
}

TEST(Crc32cTest, PiecesMakeTheWhole) {
  const Bytes bytes = tests::random_bytes(50'000, 2);
  Crc32c sum;
  std::string_view rest = bytes;
  for (std::size_t size = 1; !rest.empty(); size = size * 2 + 1) {
    sum.update(rest.substr(0, size));
    rest.remove_prefix(std::min(size, rest.size()));
  }
  EXPECT_EQ(sum.value(), crc32c(bytes));
}

TEST(Sha256Test, GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, PiecesMakeTheWhole) {
  Sha256 digest;
  digest.update("a");
  Sha256 moved = std::move(digest);
  moved.update("");
  moved.update("bc");
  EXPECT_EQ(moved.finish_hex(), sha256_hex("abc"));
}

TEST(HmacTest, GivesThePublishedDigests) {
  // RFC 4231, cases 2 and 1.
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

TEST(HmacTest, TakesAnEmptyKey) {
  const std::string expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  EXPECT_EQ(to_hex(hmac_sha256("", "")), expected);
  // Not the key of the call before.
  (void)hmac_sha256("other", "text");
  EXPECT_EQ(to_hex(hmac_sha256(std::string_view(), "")), expected);
}

TEST(Md5Test, GivesThePublishedDigests) {
  EXPECT_EQ(to_hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(HexTest, GoesBothWays) {
  const std::string_view bytes("\x00\x7f\x80\xff", 4);
  EXPECT_EQ(to_hex(bytes), "007f80ff");
  EXPECT_EQ(from_hex("007f80ff").value(), bytes);
  EXPECT_EQ(from_hex("007F80FF").value(), bytes);
  EXPECT_EQ(from_hex("").value(), "");
}

TEST(HexTest, RefusesWhatIsNotHexadecimal) {
  for (const std::string_view text : {"0", "000", "0g", "g0", " 0", "0x", "00 "}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(from_hex(text).error().code(), ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(from_hex("00zz").error().message(), "not hexadecimal: character 3 is no digit");
  EXPECT_EQ(from_hex("000z").error().message(), "not hexadecimal: character 4 is no digit");
}

TEST(Base64Test, GoesBothWays) {
  struct Case {
    std::string_view bytes;
    std::string_view text;
  };
  // RFC 4648, section 10, and both digits that differ between alphabets.
  const Case cases[] = {{"", ""},
                        {"f", "Zg=="},
                        {"fo", "Zm8="},
                        {"foo", "Zm9v"},
                        {"foob", "Zm9vYg=="},
                        {"fooba", "Zm9vYmE="},
                        {"foobar", "Zm9vYmFy"},
                        {"\xfb\xff", "+/8="}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(to_base64(c.bytes), c.text);
    EXPECT_EQ(from_base64(c.text).value(), c.bytes);
  }
  EXPECT_EQ(from_base64("Zm9v\r\nYmFy\n").value(), "foobar");
}

TEST(Base64Test, RefusesWhatIsNotBase64) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg==Zg==", "=",
                                      "====", "Z===", "Zm9v=", "Zm 9", "Zm-_", "Zh==", "Zm9="}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(from_base64(text).error().code(), ErrorCode::InvalidArgument);
  }
}

TEST(TextEncodingTest, ErrorsDoNotQuoteWhatMayBeAKey) {
  EXPECT_FALSE(from_hex("c0ffeeXX").error().message().contains("c0ffee"));
  EXPECT_FALSE(from_base64("c0ffee!!").error().message().contains("c0ff"));
}

}  // namespace
}  // namespace cairn::codec
