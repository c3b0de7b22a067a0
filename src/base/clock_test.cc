// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

#include <string_view>

namespace cairn {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 8 / 20} + 10h + 5s};

TEST(ClockTest, PrintsTimesAsGoDoes) {
  EXPECT_EQ(format_rfc3339(kStart), "2026-08-20T10:00:05Z");
  EXPECT_EQ(format_rfc3339(kStart + 100ms), "2026-08-20T10:00:05.1Z");
  EXPECT_EQ(format_rfc3339(kStart + 120'034us), "2026-08-20T10:00:05.120034Z");
  EXPECT_EQ(format_rfc3339(WallTime{}), "1970-01-01T00:00:00Z");
}

TEST(ClockTest, ReadsRfc3339) {
  struct Case {
    std::string_view text;
    WallTime expected;
  };
  const Case cases[] = {
      {"2026-08-20T10:00:05Z", kStart},
      {"2026-08-20t10:00:05z", kStart},
      {"2026-08-20T12:00:05+02:00", kStart},
      {"2026-08-20T04:30:05-05:30", kStart},
      {"2026-08-20T10:00:05.1Z", kStart + 100ms},
      {"2026-08-20T10:00:05.123456789Z", kStart + 123'456us},  // Cut, not rounded.
      {"2026-08-20 10:00:05Z", kStart},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Result<WallTime> time = parse_rfc3339(c.text);
    ASSERT_TRUE(time.ok());
    EXPECT_EQ(time.value(), c.expected);
  }
}

TEST(ClockTest, RefusesTimesThatAreNone) {
  const std::string_view texts[] = {"",
                                    "now",
                                    "2026-08-20T10:00:05",  // No zone.
                                    "2026-02-30T10:00:05Z",
                                    "2026-08-20T24:00:05Z",
                                    "2026-08-20T10:60:05Z",
                                    "2026-08-20T10:00:05.Z",
                                    "2026-08-20T10:00:05Zx",
                                    "2026-08-20T10:00:05+0200",
                                    "-026-08-20T10:00:05Z"};
  for (const std::string_view text : texts) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_rfc3339(text).ok());
  }
}

TEST(ClockTest, ManualTimeMovesOnlyWhenTold) {
  ManualClock clock(kStart);
  const SteadyTime before = clock.steady_now();
  clock.advance(3s);
  EXPECT_EQ(clock.now(), kStart + 3s);
  EXPECT_EQ(clock.steady_now() - before, 3s);
  EXPECT_TRUE(clock.wait_until(before + 2s, {}).ok());
}

TEST(ClockTest, SkippedWaitsPassAtOnceAndMoveTheTime) {
  ManualClock clock(kStart);
  clock.skip_waits();
  EXPECT_TRUE(clock.wait_for(1h, {}).ok());
  EXPECT_EQ(clock.now(), kStart + 1h);
}

TEST(ClockTest, AStoppedWaitIsCancelled) {
  std::stop_source stop;
  stop.request_stop();
  ManualClock manual(kStart);
  SystemClock system;
  EXPECT_EQ(manual.wait_for(1h, stop.get_token()).error().code(), ErrorCode::Cancelled);
  EXPECT_EQ(system.wait_for(1h, stop.get_token()).error().code(), ErrorCode::Cancelled);
}

TEST(ClockTest, TheSystemsWaitEnds) {
  SystemClock clock;
  const SteadyTime before = clock.steady_now();
  EXPECT_TRUE(clock.wait_for(2ms, {}).ok());
  EXPECT_GE(clock.steady_now() - before, 2ms);
}

}  // namespace
}  // namespace cairn
