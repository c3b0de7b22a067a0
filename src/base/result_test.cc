// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace cairn {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return invalid_argument("{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  const int once = TRY(half(number));
  return half(once).context("the second time");
}

Result<std::unique_ptr<int>> boxed_half(int number) {
  return std::make_unique<int>(TRY(half(number)));
}

TEST(ResultTest, TryYieldsTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(7).error().message(), "7 is odd");
  EXPECT_EQ(quarter(6).error().message(), "the second time: 3 is odd");
  EXPECT_EQ(quarter(6).error().code(), ErrorCode::InvalidArgument);
}

TEST(ResultTest, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = boxed_half(4);
  const std::unique_ptr<int> box = std::move(result).value();
  EXPECT_EQ(*box, 2);
  EXPECT_FALSE(boxed_half(3).ok());
}

TEST(ResultTest, ContextLeavesASuccessAlone) {
  EXPECT_EQ(half(4).context("never seen").value(), 2);
}

TEST(ResultTest, OnlyUnavailableIsWorthARetry) {
  EXPECT_TRUE(unavailable("later").retryable());
  EXPECT_FALSE(denied("never").retryable());
  EXPECT_FALSE(no_space("full").retryable());
}

TEST(ResultTest, SystemErrorsSayWhatACallerCanDo) {
  struct Case {
    int errno_value;
    ErrorCode expected;
  };
  const Case cases[] = {
      {ENOENT, ErrorCode::NotFound}, {EEXIST, ErrorCode::AlreadyExists},
      {EACCES, ErrorCode::Denied},   {ENOSPC, ErrorCode::NoSpace},
      {EDQUOT, ErrorCode::NoSpace},  {EROFS, ErrorCode::Denied},
      {EIO, ErrorCode::Internal},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.errno_value);
    EXPECT_EQ(system_error(c.errno_value, "open /x").code(), c.expected);
  }
  EXPECT_EQ(system_error(ENOENT, "open /x").message(), "open /x: No such file or directory");
}

TEST(ResultTest, EveryCodeHasAName) {
  EXPECT_EQ(error_code_name(ErrorCode::NotFound), "NotFound");
  EXPECT_EQ(error_code_name(ErrorCode::Internal), "Internal");
}

TEST(ResultDeathTest, ReadingTheWrongHalfAborts) {
  EXPECT_DEATH({ (void)half(3).value(); }, "assertion failed");
  EXPECT_DEATH({ (void)half(4).error(); }, "assertion failed");
}

}  // namespace
}  // namespace cairn
