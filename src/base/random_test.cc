// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(RandomTest, ASeedGivesTheSameNumbersAgain) {
  SeededRandom one(7);
  SeededRandom two(7);
  SeededRandom other(8);
  EXPECT_EQ(one.next(), two.next());
  EXPECT_NE(one.next(), other.next());
}

TEST(RandomTest, HexIsSixteenDigits) {
  SystemRandom random;
  const std::string hex = random_hex(random);
  EXPECT_EQ(hex.size(), 16U);
  EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(hex, random_hex(random));
}

}  // namespace
}  // namespace cairn
