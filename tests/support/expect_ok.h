// SPDX-License-Identifier: Apache-2.0
// Results in assertions, saying the error when there is one.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/result.h"

namespace cairn::tests {

template <class T>
testing::AssertionResult is_ok(const Result<T>& result) {
  if (result.ok()) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << error_code_name(result.error().code()) << ": " << result.error().message();
}

// "ok", or the name of the error's code: reads better in a failure than a number.
template <class T>
std::string outcome(const Result<T>& result) {
  return result.ok() ? "ok" : std::string(error_code_name(result.error().code()));
}

}  // namespace cairn::tests

#define EXPECT_OK(...) EXPECT_TRUE(::cairn::tests::is_ok(__VA_ARGS__))
#define ASSERT_OK(...) ASSERT_TRUE(::cairn::tests::is_ok(__VA_ARGS__))
