// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(SecretTest, MovesAndCopiesKeepTheText) {
  Secret one("key");
  Secret two = std::move(one);
  EXPECT_EQ(two.expose(), "key");
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move): that it is wiped is the point.
  const Secret three = two;
  two = Secret("other");
  EXPECT_EQ(three.expose(), "key");
  EXPECT_EQ(two.expose(), "other");
}

}  // namespace
}  // namespace cairn
