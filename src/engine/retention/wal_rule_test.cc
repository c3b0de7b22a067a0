// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/wal_rule.h"

#include <gtest/gtest.h>

namespace cairn::engine {
namespace {

using postgres::WalSegment;

constexpr postgres::WalSegmentSize kSize = postgres::WalSegmentSize::standard();

WalSpan one(std::uint32_t timeline, std::uint64_t number) {
  return {.timeline = {timeline}, .first = number, .last = number};
}

TEST(WalSpanTest, ReadsTheSegmentsOfAnObjectFromItsName) {
  struct Case {
    std::string_view name;
    std::optional<WalSpan> expected;
  };
  const Case cases[] = {
      {"00000001000000000000000A.lz4", one(1, 10)},
      {"00000001000000000000000A", one(1, 10)},
      {"00000001000000000000000A.partial.lz4", one(1, 10)},
      {"00000001000000000000000A.00000028.backup.lz4", one(1, 10)},
      {"00000001000000000000000A.json", one(1, 10)},
      {"000000010000000000000010_delta.lz4", WalSpan{.timeline = {1}, .first = 16, .last = 31}},
      {"00000002.history.lz4", std::nullopt},
      {"00000001000000000000000.json", std::nullopt},  // 23 digits: WAL-G's bulk metadata
      {"000000010000000000000100.lz4", std::nullopt},  // not with 16 MiB segments
      {"x00000001000000000000000A.lz4", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(wal_span_of(c.name, kSize), c.expected);
  }
}

TEST(WalRuleTest, OnlyWhatIsOlderAndNotNeededMayGo) {
  const WalRule rule{.before = WalSegment{.timeline = {2}, .number = 20},
                     .kept = {{.timeline = {1}, .first = 10, .last = 11}}};
  EXPECT_TRUE(may_delete_wal(rule, one(1, 9)));
  EXPECT_FALSE(may_delete_wal(rule, one(1, 10)));
  EXPECT_FALSE(may_delete_wal(rule, one(1, 11)));
  EXPECT_TRUE(may_delete_wal(rule, one(1, 12)));
  EXPECT_TRUE(may_delete_wal(rule, one(1, 99)));  // lower timelines go entirely
  EXPECT_TRUE(may_delete_wal(rule, one(2, 19)));
  EXPECT_FALSE(may_delete_wal(rule, one(2, 20)));
  EXPECT_FALSE(may_delete_wal(rule, one(3, 1)));
  // A continuation of what is kept.
  EXPECT_FALSE(may_delete_wal(rule, one(2, 10)));
}

TEST(WalRuleTest, WhatABackupNeedsReachesIntoHigherTimelinesOnly) {
  const WalRule rule{.before = WalSegment{.timeline = {9}, .number = 0},
                     .kept = {{.timeline = {2}, .first = 10}}};
  EXPECT_TRUE(may_delete_wal(rule, one(1, 50)));
  EXPECT_TRUE(may_delete_wal(rule, one(2, 9)));
  EXPECT_FALSE(may_delete_wal(rule, one(2, 10)));
  EXPECT_FALSE(may_delete_wal(rule, one(5, 10)));
  EXPECT_TRUE(may_delete_wal(rule, one(5, 9)));
}

TEST(WalRuleTest, TimeOrderLooksAtNumbersAlone) {
  const WalRule rule{.before = WalSegment{.timeline = {1}, .number = 20}, .ignores_timeline = true};
  EXPECT_TRUE(may_delete_wal(rule, one(7, 19)));
  EXPECT_FALSE(may_delete_wal(rule, one(1, 20)));
}

TEST(WalRuleTest, ABlockMapGoesWithTheLastOfItsSegments) {
  const WalSpan map{.timeline = {1}, .first = 16, .last = 31};
  EXPECT_FALSE(may_delete_wal({.before = WalSegment{.timeline = {1}, .number = 31}}, map));
  EXPECT_TRUE(may_delete_wal({.before = WalSegment{.timeline = {1}, .number = 32}}, map));
  EXPECT_FALSE(may_delete_wal({.before = WalSegment{.timeline = {1}, .number = 32},
                               .kept = {{.timeline = {1}, .first = 31, .last = 31}}},
                              map));
}

TEST(WalRuleTest, WithoutABoundEverythingNotKeptMayGo) {
  const WalRule rule{.kept = {{.timeline = {1}, .first = 10, .last = 10}}};
  EXPECT_TRUE(may_delete_wal(rule, one(1, 11)));
  EXPECT_FALSE(may_delete_wal(rule, one(1, 10)));
}

TEST(WalRuleTest, SimplifyingKeepsTheMeaning) {
  const WalRule rule{.kept = {{.timeline = {3}, .first = 5},
                              {.timeline = {1}, .first = 20},
                              {.timeline = {1}, .first = 30},
                              {.timeline = {2}, .first = 25, .last = 26},
                              {.timeline = {2}, .first = 7, .last = 8},
                              {.timeline = {3}, .first = 5}}};
  const WalRule fewer = simplified(rule);
  EXPECT_EQ(fewer.kept.size(), 3U);
  for (std::uint32_t timeline = 0; timeline < 5; ++timeline) {
    for (std::uint64_t number = 0; number < 40; ++number) {
      EXPECT_EQ(may_delete_wal(rule, one(timeline, number)),
                may_delete_wal(fewer, one(timeline, number)))
          << timeline << " " << number;
    }
  }
}

}  // namespace
}  // namespace cairn::engine
