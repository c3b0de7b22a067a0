// SPDX-License-Identifier: Apache-2.0
#include "http/http_date.h"

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

TEST(HttpDateTest, ParsesTheOneFormThatServersMaySend) {
  EXPECT_EQ(format_rfc3339(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()),
            "1994-11-06T08:49:37Z");
  EXPECT_EQ(format_rfc3339(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT").value()),
            "2024-02-29T00:00:00Z");
}

TEST(HttpDateTest, RefusesOthers) {
  for (const std::string_view text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nob 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 28:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parse_http_date(text).error().code(), ErrorCode::InvalidArgument);
  }
}

}  // namespace
}  // namespace cairn::http
