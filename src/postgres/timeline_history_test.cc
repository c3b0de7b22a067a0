// SPDX-License-Identifier: Apache-2.0
#include "postgres/timeline_history.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

// 1 was left at 0/5000000 for 2, and 2 within segment 8 for 4; 3 is a dead branch.
constexpr std::string_view kText =
    "1\t0/5000000\tno recovery target specified\n\n2\t0/80000A0\tbefore 2026-08-20 10:00:00+00\n";

TimelineHistory sample() {
  return TimelineHistory::parse({4}, kText).value();
}

TEST(TimelineHistoryTest, IsReadAndPrintedAsPostgresqlWritesIt) {
  const TimelineHistory history = sample();
  ASSERT_EQ(history.ancestors().size(), 2U);
  EXPECT_EQ(history.ancestors()[0],
            (TimelineSwitch{{1}, {0x5000000}, "no recovery target specified"}));
  EXPECT_EQ(history.ancestors()[1],
            (TimelineSwitch{{2}, {0x80000A0}, "before 2026-08-20 10:00:00+00"}));
  EXPECT_EQ(history.timeline(), TimelineId{4});
  EXPECT_EQ(history.text(), kText);
}

TEST(TimelineHistoryTest, GrowsByBranching) {
  const TimelineHistory second =
      TimelineHistory({1}).branch({2}, {0x5000000}, "no recovery target specified").value();
  const auto third = second.branch({4}, {0x80000A0}, "before 2026-08-20 10:00:00+00");
  EXPECT_EQ(third.value().text(), kText);
  EXPECT_FALSE(second.branch({2}, {0x80000A0}, "").ok());  // Not a younger timeline.
  EXPECT_FALSE(second.branch({3}, {0x4000000}, "").ok());  // Left before it began.
}

TEST(TimelineHistoryTest, IgnoresCommentsAndBlankLines) {
  const auto history = TimelineHistory::parse({2}, "# comment\n  \n 1 0/10  why it was \r\n# end");
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history.value().ancestors().size(), 1U);
  EXPECT_EQ(history.value().ancestors()[0], (TimelineSwitch{{1}, {0x10}, "why it was"}));
  EXPECT_TRUE(TimelineHistory::parse({1}, "").value().ancestors().empty());
}

TEST(TimelineHistoryTest, RefusesWhatIsNoHistory) {
  struct Case {
    std::string text;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"one\t0/1\tx\n", "line 1"},
      {"1\n", "line 1"},
      {"1\tnowhere\n", "line 1"},
      {"\n2\t0/1\n1\t0/2\n", "line 3: timeline 1 follows 2"},
      {"2\t0/1\n2\t0/2\n", "must ascend"},
      {"4\t0/1\n", "cannot descend from 4"},
      {"5\t0/1\n", "cannot descend from 5"},
      {"1\t0/5\tx\n2\t0/4\tx\n", "ends at 0/4, before it begins"},
      {std::string(kTimelineHistoryBytesMax + 1, '\n'), "more than any history"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.complaint);
    const auto history = TimelineHistory::parse({4}, c.text);
    ASSERT_FALSE(history.ok());
    EXPECT_EQ(history.error().code(), ErrorCode::Corrupt);
    EXPECT_NE(history.error().message().find("00000004.history"), std::string::npos);
    EXPECT_NE(history.error().message().find(c.complaint), std::string::npos)
        << history.error().message();
  }
}

TEST(TimelineHistoryTest, AnswersWhereItPasses) {
  const TimelineHistory history = sample();
  struct Case {
    std::uint64_t lsn;
    std::uint32_t timeline;
  };
  const Case cases[] = {{0, 1},         {0x4ffffff, 1}, {0x5000000, 2},
                        {0x800009f, 2}, {0x80000a0, 4}, {0xffffffffff, 4}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.lsn);
    EXPECT_EQ(history.timeline_at({c.lsn}).value, c.timeline);
  }
  EXPECT_EQ(history.begin_of({1}), Lsn{});
  EXPECT_EQ(history.begin_of({2}), Lsn{0x5000000});
  EXPECT_EQ(history.begin_of({4}), Lsn{0x80000a0});
  EXPECT_EQ(history.begin_of({3}), std::nullopt);
  EXPECT_EQ(history.end_of({2}), Lsn{0x80000a0});
  EXPECT_EQ(history.end_of({4}), std::nullopt);
  EXPECT_TRUE(history.has_ancestor({1}));
  EXPECT_FALSE(history.has_ancestor({3}));
  EXPECT_FALSE(history.has_ancestor({4}));
}

TEST(TimelineHistoryTest, ContainsItsAncestorsOnlyUpToWhereItLeftThem) {
  const TimelineHistory history = sample();
  EXPECT_TRUE(history.contains({1}, {0x5000000}));
  EXPECT_FALSE(history.contains({1}, {0x5000001}));
  EXPECT_TRUE(history.contains({2}, {0x80000a0}));
  EXPECT_FALSE(history.contains({2}, {0x80000a1}));
  EXPECT_TRUE(history.contains({4}, {0xffffffff}));
  EXPECT_FALSE(history.contains({3}, {1}));
}

TEST(TimelineHistoryTest, ReadsTheYoungerCopyOfASharedSegment) {
  const TimelineHistory history = sample();
  const WalSegmentSize size = WalSegmentSize::standard();
  struct Case {
    std::uint64_t number;
    std::uint32_t timeline;
  };
  const Case cases[] = {
      {0, 1}, {4, 1}, {5, 2},  // Timeline 1 ends exactly where this segment begins.
      {7, 2}, {8, 4},          // Timeline 2 ends inside of it.
      {9, 4},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.number);
    EXPECT_EQ(history.segment(c.number, size), (WalSegment{{c.timeline}, c.number}));
  }
  EXPECT_EQ(TimelineHistory({1}).segment(3, size), (WalSegment{{1}, 3}));
}

}  // namespace
}  // namespace cairn::postgres
