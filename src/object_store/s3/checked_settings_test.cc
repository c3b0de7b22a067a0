// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/checked_settings.h"

#include <gtest/gtest.h>

#include <functional>

namespace cairn::object_store {
namespace {

S3Settings fine() {
  return {.bucket = "bucket", .access_key_id = "AKID", .secret_access_key = Secret("secret")};
}

TEST(S3SettingsTest, BringsThePrefixIntoForm) {
  for (const auto& [prefix, expected] :
       {std::pair("", ""), std::pair("/", ""), std::pair("a", "a/"), std::pair("/a/b//", "a/b/")}) {
    S3Settings settings = fine();
    settings.prefix = prefix;
    EXPECT_EQ(checked_settings(settings).value().prefix, expected);
  }
}

TEST(S3SettingsTest, NamesTheSettingThatCannotBeRight) {
  struct Case {
    std::string_view part;
    std::function<void(S3Settings&)> spoil;
  };
  const Case cases[] = {
      {"\"\" is not the name of a bucket", [](S3Settings& s) { s.bucket = ""; }},
      {"\"a/b\" is not the name of a bucket", [](S3Settings& s) { s.bucket = "a/b"; }},
      {"\"..\" is not the name of a bucket", [](S3Settings& s) { s.bucket = ".."; }},
      {"not the name of a bucket", [](S3Settings& s) { s.bucket = std::string(256, 'a'); }},
      {"the prefix", [](S3Settings& s) { s.prefix = "a//b"; }},
      {"the prefix", [](S3Settings& s) { s.prefix = "a/../b"; }},
      {"\"eu west\" is not the name of a region", [](S3Settings& s) { s.region = "eu west"; }},
      {"not the name of a region", [](S3Settings& s) { s.region = "evil.org/"; }},
      {"set AWS_ACCESS_KEY_ID", [](S3Settings& s) { s.access_key_id = ""; }},
      {"set AWS_SECRET_ACCESS_KEY", [](S3Settings& s) { s.secret_access_key = Secret(); }},
      {"AWS_ACCESS_KEY_ID contains", [](S3Settings& s) { s.access_key_id = "A\nB"; }},
      {"AWS_SESSION_TOKEN contains", [](S3Settings& s) { s.session_token = Secret("t t"); }},
      {"storage class", [](S3Settings& s) { s.storage_class = "COLD\r\n"; }},
      {"S3_SSE is \"rot13\"", [](S3Settings& s) { s.sse = "rot13"; }},
      {"S3_SSE_KMS_ID does not name", [](S3Settings& s) { s.sse = "aws:kms"; }},
      {"S3_SSE_KMS_ID is set but", [](S3Settings& s) { s.sse_kms_id = "key"; }},
      {"S3_SSE_KMS_ID contains",
       [](S3Settings& s) {
         s.sse = "aws:kms";
         s.sse_kms_id = "a b";
       }},
  };
  ASSERT_TRUE(checked_settings(fine()).ok());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.part);
    S3Settings settings = fine();
    c.spoil(settings);
    const Result<S3Settings> checked = checked_settings(settings);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().code(), ErrorCode::InvalidArgument);
    EXPECT_TRUE(checked.error().message().contains(c.part)) << checked.error().message();
  }
}

}  // namespace
}  // namespace cairn::object_store
