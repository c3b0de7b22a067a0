// SPDX-License-Identifier: Apache-2.0
#include "postgres/page.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "codec/digest.h"

namespace cairn::postgres {
namespace {

constexpr std::uint32_t kBlock = 7;
constexpr Lsn kPageLsn = {0x100000203};

template <class T>
void put(std::string& page, std::size_t offset, T value) {
  std::memcpy(page.data() + offset, &value, sizeof(value));
}

void seal(std::string& page, std::uint32_t block) {
  put(page, 8, page_checksum(page, block));
}

// A page with an ordinary header and some content, right for kBlock.
std::string sample_page() {
  std::string page(kPageBytes, '\0');
  put<std::uint32_t>(page, 0, 1);      // LSN, high half
  put<std::uint32_t>(page, 4, 0x203);  // LSN, low half
  put<std::uint16_t>(page, 12, 24);    // lower
  put<std::uint16_t>(page, 14, 8192);  // upper
  put<std::uint16_t>(page, 16, 8192);  // special
  put<std::uint16_t>(page, 18, 8196);  // size and version
  for (std::size_t i = 24; i < kPageBytes; ++i) page[i] = static_cast<char>(i * 7 + i / 256);
  seal(page, kBlock);
  return page;
}

// The expected values were computed by the function page_checksum() of PostgreSQL's pageinspect.
TEST(PageTest, TheChecksumIsPostgresqls) {
  // The checksum field, 9999 here, does not count.
  std::string page = codec::from_hex("000000000102030499990000180000200020042000000000").value();
  const std::string pattern = codec::from_hex("0123456789abcdef").value();
  while (page.size() < kPageBytes) page += pattern;
  EXPECT_EQ(page_checksum(page, 0), 39194);
  EXPECT_EQ(page_checksum(page, 1), 39195);
  EXPECT_EQ(page_checksum(page, 131072), 39192);
  EXPECT_EQ(page_checksum(page, 3 * 131072), 39196);
}

TEST(PageTest, IsJudged) {
  struct Case {
    std::string_view name;
    std::size_t offset;  // of the 16 bits that are set
    std::uint16_t value;
    bool is_sealed;  // the checksum made right again
    PageVerdict expected;
  };
  const Case cases[] = {
      {"untouched", 18, 8196, false, PageVerdict::Good},
      {"a changed byte", 5000, 1, false, PageVerdict::BadChecksum},
      {"a last byte changed", 8190, 1, false, PageVerdict::BadChecksum},
      {"no checksum", 8, 0, false, PageVerdict::BadChecksum},
      {"unknown flags", 10, 0x0008, true, PageVerdict::BadHeader},
      {"known flags", 10, 0x0007, true, PageVerdict::Good},
      {"lower above upper", 12, 8200, true, PageVerdict::BadHeader},
      {"upper above special", 14, 8193, true, PageVerdict::BadHeader},
      {"special beyond the page", 16, 8200, true, PageVerdict::BadHeader},
      {"special not aligned", 16, 8195, true, PageVerdict::BadHeader},
      {"no upper, but not empty", 14, 0, true, PageVerdict::BadHeader},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string page = sample_page();
    put(page, c.offset, c.value);
    if (c.is_sealed) seal(page, kBlock);
    EXPECT_EQ(check_page(page, kBlock, Lsn{}), c.expected);
    EXPECT_EQ(check_page(page, kBlock, Lsn{kPageLsn.value + 1}), c.expected);
    // Written after the start of the backup: what is bad will be replayed, what is good stays good.
    EXPECT_EQ(check_page(page, kBlock, kPageLsn),
              is_bad(c.expected) ? PageVerdict::Changed : c.expected);
  }
}

TEST(PageTest, BelongsToItsBlock) {
  const std::string page = sample_page();
  EXPECT_EQ(check_page(page, kBlock, Lsn{}), PageVerdict::Good);
  EXPECT_EQ(check_page(page, kBlock + 1, Lsn{}), PageVerdict::BadChecksum);
  EXPECT_EQ(page_lsn(page), kPageLsn);
}

TEST(PageTest, EveryByteCounts) {
  const std::string whole = sample_page();
  for (std::size_t i = 0; i < kPageBytes; ++i) {
    std::string page = whole;
    page[i] = static_cast<char>(page[i] ^ 0x01);
    if (i == 14 || i == 15) continue;  // Moves `upper`, which is judged first.
    ASSERT_EQ(check_page(page, kBlock, Lsn{}), PageVerdict::BadChecksum) << i;
  }
}

TEST(PageTest, AnEmptyPageIsNew) {
  std::string page(kPageBytes, '\0');
  EXPECT_EQ(check_page(page, 0, Lsn{}), PageVerdict::New);
  page.back() = 1;
  EXPECT_EQ(check_page(page, 0, Lsn{}), PageVerdict::BadHeader);
}

TEST(PageTest, VerdictsHaveNames) {
  EXPECT_EQ(page_verdict_name(PageVerdict::BadChecksum), "bad checksum");
  EXPECT_FALSE(is_bad(PageVerdict::New));
  EXPECT_FALSE(is_bad(PageVerdict::Changed));
}

}  // namespace
}  // namespace cairn::postgres
