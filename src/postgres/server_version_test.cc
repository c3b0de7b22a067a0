// SPDX-License-Identifier: Apache-2.0
#include "postgres/server_version.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

TEST(ServerVersionTest, ThirteenToEighteenAreSupported) {
  EXPECT_EQ(ServerVersion{150004}.major(), 15);
  EXPECT_FALSE(ServerVersion{120022}.is_supported());
  EXPECT_TRUE(ServerVersion{130000}.is_supported());
  EXPECT_TRUE(ServerVersion{180004}.is_supported());
  EXPECT_FALSE(ServerVersion{190000}.is_supported());
}

TEST(ServerVersionTest, TheVersionFileHoldsTheMajorVersion) {
  EXPECT_EQ(parse_version_file("15\n").value(), 15);
  EXPECT_EQ(parse_version_file("18").value(), 18);
  for (const std::string_view text :
       {"", "\n", "9.6\n", "15 ", "fifteen", "0\n", "99999999999\n"}) {
    SCOPED_TRACE(text);
    ASSERT_FALSE(parse_version_file(text).ok());
    EXPECT_EQ(parse_version_file(text).error().code(), ErrorCode::Corrupt);
  }
}

}  // namespace
}  // namespace cairn::postgres
