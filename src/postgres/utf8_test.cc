// SPDX-License-Identifier: Apache-2.0
#include "postgres/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace cairn::postgres {
namespace {

TEST(Utf8Test, IsJudgedStrictly) {
  for (const std::string_view good :
       {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xe0\xa0\x80", "a\xc3\xa4z"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad :
       {"\x80", "\xc3", "\xc3z", "\xc0\xaf", "\xc1\xbf",  // overlong
        "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",               // overlong
        "\xed\xa0\x80",                                   // a surrogate
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",   // beyond Unicode
        "\xe2\x82", "\xe2\x82z", "\xf0\x9f\x98", "latin\xe4"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace cairn::postgres
