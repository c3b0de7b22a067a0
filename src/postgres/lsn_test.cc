// SPDX-License-Identifier: Apache-2.0
#include "postgres/lsn.h"

#include <gtest/gtest.h>

#include <optional>

namespace cairn::postgres {
namespace {

TEST(LsnTest, ReadsAndPrintsWhatPostgresqlPrints) {
  struct Case {
    std::string_view text;
    std::uint64_t value;
  };
  const Case cases[] = {
      {"0/0", 0},
      {"0/2000028", 0x2000028},
      {"16/B374D848", 0x16B374D848},
      {"FFFFFFFF/FFFFFFFF", 0xffffffffffffffff},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    ASSERT_TRUE(parse_lsn(c.text).ok());
    EXPECT_EQ(parse_lsn(c.text).value().value, c.value);
    EXPECT_EQ(Lsn{c.value}.text(), c.text);
  }
  EXPECT_EQ(parse_lsn("16/b374d848").value().text(), "16/B374D848");
}

TEST(LsnTest, RefusesWhatIsNoPosition) {
  for (const std::string_view text : {"", "/", "0", "0/", "/0", "0/2000028 ", " 0/1", "0x1/1",
                                      "-1/1", "123456789/0", "0/123456789", "G/0", "1/2/3"}) {
    SCOPED_TRACE(text);
    ASSERT_FALSE(parse_lsn(text).ok());
    EXPECT_EQ(parse_lsn(text).error().code(), ErrorCode::InvalidArgument);
  }
}

TEST(LsnTest, OnlyZeroIsNone) {
  EXPECT_FALSE(Lsn{}.is_valid());
  EXPECT_TRUE(Lsn{1}.is_valid());
  EXPECT_FALSE(TimelineId{}.is_valid());
}

TEST(TimelineIdTest, IsReadInDecimalOrWithAPrefix) {
  struct Case {
    std::string_view text;
    std::optional<std::uint32_t> expected;
  };
  const Case cases[] = {
      {"1", 1},
      {"0010", 10},  // Not octal.
      {"0x1F", 31},
      {"0X1f", 31},
      {"4294967295", 4294967295},
      {"4294967296", std::nullopt},
      {"0", std::nullopt},
      {"0x", std::nullopt},
      {"A", std::nullopt},
      {"-1", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto timeline = parse_timeline(c.text);
    ASSERT_EQ(timeline.ok(), c.expected.has_value());
    if (timeline.ok()) {
      EXPECT_EQ(timeline.value().value, *c.expected);
    }
  }
}

}  // namespace
}  // namespace cairn::postgres
