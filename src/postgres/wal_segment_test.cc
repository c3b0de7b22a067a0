// SPDX-License-Identifier: Apache-2.0
#include "postgres/wal_segment.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

constexpr std::uint64_t kMebibyte = 1U << 20;

WalSegmentSize mebibytes(std::uint64_t count) {
  return WalSegmentSize::of(count * kMebibyte).value();
}

TEST(WalSegmentSizeTest, IsAPowerOfTwoFromOneMebibyteToOneGibibyte) {
  for (std::uint64_t size = kMebibyte; size <= 1024 * kMebibyte; size *= 2) {
    EXPECT_EQ(WalSegmentSize::of(size).value().bytes(), size);
  }
  for (const std::uint64_t size : {std::uint64_t{0}, kMebibyte / 2, 3 * kMebibyte, kMebibyte + 1,
                                   2048 * kMebibyte, std::uint64_t{1} << 33}) {
    SCOPED_TRACE(size);
    ASSERT_FALSE(WalSegmentSize::of(size).ok());
    EXPECT_EQ(WalSegmentSize::of(size).error().code(), ErrorCode::InvalidArgument);
  }
}

TEST(WalSegmentTest, ParsesOnlyWholeSegmentNames) {
  struct Case {
    std::uint64_t size_mebibytes;
    std::string_view name;
    std::optional<WalSegment> expected;
  };
  const Case cases[] = {
      {16, "000000010000000000000001", WalSegment{{1}, 1}},
      {16, "00000002000000010000000A", WalSegment{{2}, 266}},
      {16, "0000000100000000000000FF", WalSegment{{1}, 255}},
      {16, "000000010000000000000100", std::nullopt},  // 16 MiB segments end at FF.
      {1, "000000010000000000000FFF", WalSegment{{1}, 4095}},
      {1, "000000010000000100000000", WalSegment{{1}, 4096}},
      {1, "000000010000000000001000", std::nullopt},
      {1024, "000000010000000200000003", WalSegment{{1}, 11}},
      {1024, "000000010000000000000004", std::nullopt},
      {16, "FFFFFFFFFFFFFFFF000000FF", WalSegment{{0xffffffff}, 0xffffffffff}},
      {16, "000000000000000000000001", std::nullopt},  // There is no timeline 0.
      {16, "00000002000000010000000a", std::nullopt},  // PostgreSQL writes upper case.
      {16, "00000001000000000000001", std::nullopt},
      {16, "0000000100000000000000010", std::nullopt},
      {16, "000000010000000000000001.partial", std::nullopt},
      {16, "00000002.history", std::nullopt},
      {16, "", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_wal_segment(c.name, mebibytes(c.size_mebibytes)), c.expected);
    if (c.expected) {
      EXPECT_EQ(c.expected->name(mebibytes(c.size_mebibytes)), c.name);
    }
  }
}

TEST(WalSegmentTest, KnowsItsBytes) {
  const WalSegmentSize size = WalSegmentSize::standard();
  EXPECT_EQ(size.bytes(), 16 * kMebibyte);
  const WalSegment segment{{3}, 257};
  EXPECT_EQ(segment.start_lsn(size).text(), "1/1000000");
  EXPECT_EQ(segment.end_lsn(size).text(), "1/2000000");
  EXPECT_EQ(segment.next(), (WalSegment{{3}, 258}));
  EXPECT_EQ(segment.previous(), (WalSegment{{3}, 256}));
  EXPECT_EQ((WalSegment{{3}, 0}.previous()), std::nullopt);
}

TEST(WalSegmentTest, APositionOnTheBoundaryBeginsTheNextSegment) {
  const WalSegmentSize size = WalSegmentSize::standard();
  struct Case {
    std::uint64_t lsn;
    std::uint64_t holds;
    std::uint64_t ends;
  };
  const Case cases[] = {
      {1, 0, 0},
      {0xffffff, 0, 0},
      {0x1000000, 1, 0},
      {0x1000001, 1, 1},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.lsn);
    EXPECT_EQ(WalSegment::of_lsn({7}, {c.lsn}, size), (WalSegment{{7}, c.holds}));
    EXPECT_EQ(WalSegment::before_lsn({7}, {c.lsn}, size), (WalSegment{{7}, c.ends}));
  }
}

}  // namespace
}  // namespace cairn::postgres
