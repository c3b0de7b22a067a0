// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_body.h"

#include <gtest/gtest.h>

namespace cairn::object_store {
namespace {

std::string read(std::string_view sent, BodyPlan plan) {
  const auto body = make_s3_body(std::make_unique<ViewSource>(sent), std::move(plan));
  Result<Bytes> bytes = read_all(*body, 1000);
  return bytes.ok() ? bytes.value() : std::string(error_code_name(bytes.error().code()));
}

TEST(S3BodyTest, DeliversExactlyWhatIsPlanned) {
  EXPECT_EQ(read("0123456789", {.length = 10}), "0123456789");
  EXPECT_EQ(read("0123456789", {.skip_bytes = 3, .length = 7}), "3456789");
  EXPECT_EQ(read("0123456789", {.skip_bytes = 3, .length = 2, .has_rest = true}), "34");
  EXPECT_EQ(read("", {.length = 0}), "");
  EXPECT_EQ(read("012345678", {.length = 10}), "Unavailable");
  EXPECT_EQ(read("01", {.skip_bytes = 3, .length = 7}), "Unavailable");
  EXPECT_EQ(read("0123456789x", {.length = 10}), "Corrupt");
}

}  // namespace
}  // namespace cairn::object_store
