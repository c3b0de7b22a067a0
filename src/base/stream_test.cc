// SPDX-License-Identifier: Apache-2.0
#include "base/stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace cairn {
namespace {

// Gives its bytes one at a time, and fails where told.
class DripSource final : public Source {
 public:
  explicit DripSource(std::string_view bytes, bool fails_at_end = false)
      : rest_(bytes), fails_at_end_(fails_at_end) {}
  Result<std::size_t> read(std::span<char> out) override {
    if (rest_.empty() && fails_at_end_) return unavailable("cut");
    if (rest_.empty()) return std::size_t{0};
    out[0] = rest_[0];
    rest_.remove_prefix(1);
    return std::size_t{1};
  }

 private:
  std::string_view rest_;
  bool fails_at_end_;
};

TEST(StreamTest, ReadFullFillsUnlessTheInputEnds) {
  DripSource source("abcdef");
  std::vector<char> four(4);
  EXPECT_EQ(read_full(source, four).value(), 4U);
  EXPECT_EQ(read_full(source, four).value(), 2U);
  EXPECT_EQ(read_full(source, four).value(), 0U);
}

TEST(StreamTest, ReadAllHasALimit) {
  DripSource small("abc");
  EXPECT_EQ(read_all(small, 3).value(), "abc");
  DripSource large("abcd");
  EXPECT_EQ(read_all(large, 3).error().code(), ErrorCode::Corrupt);
}

TEST(StreamTest, ErrorsOfTheInputComeThrough) {
  DripSource source("abc", /*fails_at_end=*/true);
  EXPECT_EQ(read_all(source, 10).error().code(), ErrorCode::Unavailable);
  DripSource again("abc", /*fails_at_end=*/true);
  StringSink sink;
  EXPECT_EQ(copy_all(again, sink).error().code(), ErrorCode::Unavailable);
}

TEST(StreamTest, CopyAllMovesEverything) {
  ViewSource source("hello");
  StringSink sink;
  EXPECT_EQ(copy_all(source, sink).value(), 5U);
  EXPECT_EQ(sink.take(), "hello");
}

}  // namespace
}  // namespace cairn
