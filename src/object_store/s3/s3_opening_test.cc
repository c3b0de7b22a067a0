// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_opening.h"

#include <gtest/gtest.h>

#include <limits>

namespace cairn::object_store {
namespace {

constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();

TEST(S3OpeningTest, AsksForRanges) {
  EXPECT_EQ(range_header({}), "");
  EXPECT_EQ(range_header({.offset = 5}), "bytes=5-");
  EXPECT_EQ(range_header({.offset = 0, .length = 1}), "bytes=0-0");
  EXPECT_EQ(range_header({.offset = 5, .length = 5}), "bytes=5-9");
  EXPECT_EQ(range_header({.offset = 5, .length = kMax}), fmt::format("bytes=5-{}", kMax));
}

http::HttpResponse reply(int status, std::string_view length, std::string_view content_range) {
  http::HttpResponse response{.status = status,
                              .headers = {{"last-modified", "Thu, 20 Aug 2026 10:00:05 GMT"}}};
  response.headers["content-length"] = length;
  response.headers["content-range"] = content_range;
  return response;
}

TEST(S3OpeningTest, UnderstandsWhatCame) {
  struct Case {
    ByteRange asked;
    int status;
    std::string_view length;
    std::string_view content_range;
    std::string expected;  // "skip+length of total", or the error
  };
  const Case cases[] = {
      {{}, 200, "10", "", "0+10 of 10"},
      {{}, 200, "0", "", "0+0 of 0"},
      {{.offset = 3}, 206, "7", "bytes 3-9/10", "0+7 of 10"},
      {{.offset = 3, .length = 2}, 206, "2", "bytes 3-4/10", "0+2 of 10"},
      {{.offset = 8, .length = 5}, 206, "2", "bytes 8-9/10", "0+2 of 10"},
      // A server that ignores ranges.
      {{.offset = 3}, 200, "10", "", "3+7 of 10"},
      {{.offset = 3, .length = 2}, 200, "10", "", "3+2 of 10 and more"},
      {{.offset = 10}, 200, "10", "", "InvalidArgument"},
      // Other bytes than those asked for.
      {{.offset = 3}, 206, "7", "", "Corrupt"},
      {{.offset = 3}, 206, "7", "bytes 2-8/10", "Corrupt"},
      {{.offset = 3}, 206, "6", "bytes 3-8/10", "Corrupt"},
      {{.offset = 3}, 206, "6", "bytes 3-9/10", "Corrupt"},
      {{.offset = 3, .length = 2}, 206, "1", "bytes 3-3/10", "Corrupt"},
      {{.offset = 3, .length = 2}, 206, "3", "bytes 3-5/10", "Corrupt"},
      {{.offset = 3}, 206, "7", "bytes 3-9/*", "Corrupt"},
      {{.offset = 3}, 206, "7", "bytes 3-9/9", "Corrupt"},
      {{.offset = 3}, 206, "7", "bytes */10", "Corrupt"},
      {{.offset = 3}, 206, "7", "items 3-9/10", "Corrupt"},
      {{}, 200, "", "", "Corrupt"},
      {{}, 200, "-1", "", "Corrupt"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} {} \"{}\"", c.status, c.length, c.content_range));
    const Result<Opening> opening =
        parse_opening(reply(c.status, c.length, c.content_range), "k", c.asked);
    const std::string text =
        opening.ok() ? fmt::format("{}+{} of {}{}", opening.value().plan.skip_bytes,
                                   opening.value().plan.length, opening.value().info.size_bytes,
                                   opening.value().plan.has_rest ? " and more" : "")
                     : std::string(error_code_name(opening.error().code()));
    EXPECT_EQ(text, c.expected);
  }
}

}  // namespace
}  // namespace cairn::object_store
