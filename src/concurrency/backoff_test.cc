// SPDX-License-Identifier: Apache-2.0
#include "concurrency/backoff.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, DoublesWithJitterUpToTheMaximum) {
  SeededRandom random(1);
  Backoff backoff(random, 100ms, 1s);
  const std::chrono::milliseconds limits[] = {100ms, 200ms, 400ms, 800ms, 1s, 1s, 1s};
  for (const auto limit : limits) {
    SCOPED_TRACE(limit.count());
    const auto wait = backoff.next();
    EXPECT_GE(wait, limit / 2);
    EXPECT_LE(wait, limit);
  }
  EXPECT_EQ(backoff.tries(), 7);
}

TEST(BackoffTest, NeverOverflows) {
  SeededRandom random(1);
  Backoff backoff(random, 1s, 30s);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(backoff.next(), 30s);
}

}  // namespace
}  // namespace cairn
