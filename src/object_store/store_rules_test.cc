// SPDX-License-Identifier: Apache-2.0
#include "object_store/store_rules.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"

namespace cairn::object_store {
namespace {

using tests::outcome;

TEST(StoreRulesTest, RangesAreCutAtTheEnd) {
  struct Case {
    ByteRange range;
    std::uint64_t size;
    std::string expected;  // "offset+length", or the error
  };
  const Case cases[] = {
      {{.offset = 0, .length = {}}, 0, "0+0"},
      {{.offset = 0, .length = 5}, 0, "InvalidArgument"},
      {{.offset = 0, .length = 0}, 5, "InvalidArgument"},
      {{.offset = 2, .length = {}}, 5, "2+3"},
      {{.offset = 2, .length = 2}, 5, "2+2"},
      {{.offset = 2, .length = ~0ULL}, 5, "2+3"},
      {{.offset = 5, .length = {}}, 5, "InvalidArgument"},
      {{.offset = ~0ULL, .length = ~0ULL}, 5, "InvalidArgument"},
  };
  for (const Case& c : cases) {
    const Result<ResolvedRange> range = resolve_range(c.range, c.size);
    const std::string text = range.ok()
                                 ? fmt::format("{}+{}", range.value().offset, range.value().length)
                                 : outcome(range);
    EXPECT_EQ(text, c.expected) << c.range.offset << " of " << c.size;
  }
}

TEST(StoreRulesTest, MetadataIsWhatEveryStoreCanHold) {
  EXPECT_OK(check_metadata({}));
  EXPECT_OK(check_metadata({{"a-1", "any Text ~"}, {"b", ""}}));
  EXPECT_EQ(outcome(check_metadata({{"A", "x"}})), "InvalidArgument");
  EXPECT_EQ(outcome(check_metadata({{"", "x"}})), "InvalidArgument");
  EXPECT_EQ(outcome(check_metadata({{"a_b", "x"}})), "InvalidArgument");
  EXPECT_EQ(outcome(check_metadata({{"a", "line\nbreak"}})), "InvalidArgument");
  EXPECT_EQ(outcome(check_metadata({{"a", "ü"}})), "InvalidArgument");
  EXPECT_OK(check_metadata({{"a", std::string(2047, 'x')}}));
  EXPECT_EQ(outcome(check_metadata({{"a", std::string(2048, 'x')}})), "InvalidArgument");
}

TEST(StoreRulesTest, APositionSurvivesAsToken) {
  const ListPosition behind_key =
      list_position({.page_token = ListPosition{"a/b", false}.to_token()}).value();
  EXPECT_TRUE(behind_key.has_passed("a/b"));
  EXPECT_FALSE(behind_key.has_passed("a/b/c"));
  const ListPosition behind_prefix =
      list_position({.start_after = "x", .page_token = ListPosition{"a/", true}.to_token()})
          .value();
  EXPECT_TRUE(behind_prefix.has_passed("a/b/c"));
  EXPECT_FALSE(behind_prefix.has_passed("a0"));
  EXPECT_EQ(list_position({.start_after = "x"}).value().after, "x");
  EXPECT_EQ(outcome(list_position({.page_token = "zzz"})), "InvalidArgument");
  EXPECT_EQ(outcome(list_position({.page_token = "p"})), "InvalidArgument");
  EXPECT_EQ(outcome(list_position({.page_max = 0})), "InvalidArgument");
}

TEST(PartSizesTest, OnlyPartsThatFitTogetherMakeAnObject) {
  struct Case {
    std::map<int, std::uint64_t> sizes;
    int part_count;
    std::string expected;  // the size, or the error
  };
  const Case cases[] = {
      {{{1, 10}, {2, 10}, {3, 4}}, 3, "24"},
      {{{1, 10}, {2, 10}, {3, 4}}, 2, "20"},  // Later parts are left out.
      {{{1, 0}}, 1, "0"},
      {{{1, 10}, {3, 4}}, 3, "InvalidArgument"},
      {{{1, 9}, {2, 4}}, 2, "InvalidArgument"},
      {{}, 0, "InvalidArgument"},
      {{}, 1, "InvalidArgument"},
  };
  for (const Case& c : cases) {
    PartSizes sizes(10, 100);
    for (const auto& [number, size] : c.sizes) sizes.set(number, size);
    const Result<std::uint64_t> total = sizes.total(c.part_count);
    EXPECT_EQ(total.ok() ? std::to_string(total.value()) : outcome(total), c.expected)
        << c.part_count << " parts";
  }
  PartSizes sizes(10, 100);
  EXPECT_OK(sizes.check(1, 10));
  EXPECT_OK(sizes.check(100, 0));
  EXPECT_FALSE(sizes.check(101, 1).ok());
  EXPECT_FALSE(sizes.check(0, 1).ok());
  EXPECT_FALSE(sizes.check(1, 11).ok());
  sizes.set(1, 5);
  sizes.forget(1);
  EXPECT_FALSE(sizes.total(1).ok());
}

}  // namespace
}  // namespace cairn::object_store
