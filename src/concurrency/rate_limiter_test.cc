// SPDX-License-Identifier: Apache-2.0
#include "concurrency/rate_limiter.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::chrono_literals;

class RateLimiterTest : public testing::Test {
 protected:
  RateLimiterTest() { clock_.skip_waits(); }

  std::chrono::duration<double> time_for(RateLimiter& limiter, int takes, std::uint64_t bytes) {
    const SteadyTime before = clock_.steady_now();
    for (int i = 0; i < takes; ++i) EXPECT_TRUE(limiter.take(bytes, {}).ok());
    return clock_.steady_now() - before;
  }

  ManualClock clock_{WallTime{}};
};

TEST_F(RateLimiterTest, HoldsTheRate) {
  RateLimiter limiter(clock_, 1000);
  const double seconds = time_for(limiter, 100, 100).count();
  EXPECT_GE(seconds, 9.7);
  EXPECT_LE(seconds, 10.1);
}

TEST_F(RateLimiterTest, ZeroIsNoLimit) {
  RateLimiter limiter(clock_, 0);
  EXPECT_EQ(time_for(limiter, 100, 1 << 30).count(), 0);
}

TEST_F(RateLimiterTest, UnusedTimeIsCreditOnlyForAShortBurst) {
  RateLimiter limiter(clock_, 1000);
  clock_.advance(1h);
  EXPECT_EQ(time_for(limiter, 1, 250).count(), 0);
  EXPECT_GT(time_for(limiter, 1, 1000).count(), 0.9);
}

TEST_F(RateLimiterTest, TheRateCanChangeWhileRunning) {
  RateLimiter limiter(clock_, 1000);
  limiter.set_rate(0);
  EXPECT_EQ(time_for(limiter, 10, 100'000).count(), 0);
  limiter.set_rate(100);
  EXPECT_GE(time_for(limiter, 10, 100).count(), 9.7);
}

TEST_F(RateLimiterTest, AStopEndsTheWait) {
  RateLimiter limiter(clock_, 1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(limiter.take(1000, stop.get_token()).error().code(), ErrorCode::Cancelled);
}

}  // namespace
}  // namespace cairn
