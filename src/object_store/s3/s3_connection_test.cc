// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_connection.h"

#include <gtest/gtest.h>

#include "codec/digest.h"
#include "tests/support/expect_ok.h"
#include "tests/support/scripted_s3.h"

namespace cairn::object_store {
namespace {

using tests::error_body;
using tests::outcome;

class S3ConnectionTest : public tests::ScriptedS3Test {};

// A list of its own for each way of protecting a body, so that none is left out or doubled.
TEST_F(S3ConnectionTest, BodiesAreProtectedOnTheWay) {
  struct Case {
    std::string endpoint;
    std::string hash;
    std::string md5;
    std::string crc32c;
  };
  const Case cases[] = {
      {"http://host", codec::sha256_hex("123456789"), "", ""},
      {"https://host", "UNSIGNED-PAYLOAD", codec::to_base64(codec::md5("123456789")), ""},
      // The check value of CRC-32C is e3069283.
      {"https://s3.eu-west-1.amazonaws.com", "UNSIGNED-PAYLOAD", "", "4waSgw=="},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.endpoint);
    settings_.endpoint = c.endpoint;
    store_ = nullptr;
    answer(200);
    EXPECT_OK(store().put(key_, "123456789", {}, never_));
    EXPECT_EQ(last().header("x-amz-content-sha256"), c.hash);
    EXPECT_EQ(last().header("content-md5"), c.md5);
    EXPECT_EQ(last().header("x-amz-checksum-crc32c"), c.crc32c);
  }
}

TEST_F(S3ConnectionTest, AsksAmazonForTheRegionOnce) {
  settings_.endpoint = "";
  answer(403, {{"x-amz-bucket-region", "eu-west-1"}});
  answer(200);
  answer(200);
  EXPECT_OK(store().put(key_, "x", {}, never_));
  EXPECT_OK(store().put(key_, "x", {}, never_));
  const auto requests = http_.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].method, "HEAD");
  EXPECT_EQ(requests[0].url, "https://bucket.s3.amazonaws.com/");
  EXPECT_EQ(requests[0].header("authorization"), "");
  EXPECT_EQ(requests[1].url, "https://bucket.s3.eu-west-1.amazonaws.com/root/a/b");
  EXPECT_TRUE(requests[1].header("authorization").contains("/eu-west-1/s3/"));
}

TEST_F(S3ConnectionTest, ARegionThatIsNotToldIsAmazonsFirst) {
  settings_.endpoint = "";
  answer(403, {{"x-amz-bucket-region", "evil.org/?"}});
  answer(200);
  EXPECT_OK(store().put(key_, "x", {}, never_));
  EXPECT_EQ(last().url, "https://bucket.s3.us-east-1.amazonaws.com/root/a/b");

  store_ = nullptr;
  answer(503);
  EXPECT_EQ(outcome(store().put(key_, "x", {}, never_)), "Unavailable");
  http_.fail(unavailable("HEAD https://bucket.s3.amazonaws.com: refused"));
  const Result<> failed = store().put(key_, "x", {}, never_);
  EXPECT_TRUE(failed.error().message().starts_with("find the region of bucket \"bucket\": "));
}

TEST_F(S3ConnectionTest, ACorrectedRegionIsUsedAndRemembered) {
  settings_.region = "us-west-2";
  for (const bool in_body : {true, false}) {
    store_ = nullptr;
    if (in_body) {
      answer(400, {}, error_body("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
    } else {
      answer(301, {{"x-amz-bucket-region", "eu-west-1"}});
    }
    answer(200);
    answer(200);
    const std::size_t before = count();
    EXPECT_OK(store().put(key_, "x", {}, never_));
    EXPECT_TRUE(last().header("authorization").contains("/eu-west-1/s3/"));
    EXPECT_TRUE(log_.contains("bucket \"bucket\" is in region eu-west-1, not us-west-2")) << log_;
    EXPECT_OK(store().put(key_, "x", {}, never_));
    EXPECT_EQ(count(), before + 3);
  }
}

TEST_F(S3ConnectionTest, RegionsAreCorrectedOncePerCall) {
  for (const char* region : {"eu-west-1", "eu-west-2"}) {
    answer(400, {},
           error_body("AuthorizationHeaderMalformed", fmt::format("<Region>{}</Region>", region)));
  }
  const Result<> failed = store().put(key_, "x", {}, never_);
  EXPECT_EQ(outcome(failed), "InvalidArgument");
  EXPECT_TRUE(failed.error().message().contains("\"eu-west-2\", not \"eu-west-1\""))
      << failed.error().message();
  EXPECT_EQ(http_.left(), 0U);
}

// Neither a region that is none nor an answer about something else moves the store.
TEST_F(S3ConnectionTest, AServerCannotSendUsElsewhere) {
  answer(301, {{"x-amz-bucket-region", "x.evil.org"}});
  EXPECT_EQ(outcome(store().put(key_, "x", {}, never_)), "InvalidArgument");
  answer(403, {{"x-amz-bucket-region", "eu-west-1"}}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(store().put(key_, "x", {}, never_)), "Denied");
  EXPECT_EQ(count(), 2U);
}

TEST_F(S3ConnectionTest, NetworkErrorsKeepTheirCodeAndNameTheObject) {
  http_.fail(denied("PUT http://host:9000: the certificate does not verify"));
  const Result<> failed = store().put(key_, "x", {}, never_);
  EXPECT_EQ(outcome(failed), "Denied");
  EXPECT_TRUE(failed.error().message().starts_with("put s3://bucket/root/a/b: PUT http://host"))
      << failed.error().message();
}

TEST_F(S3ConnectionTest, NoErrorContainsASecret) {
  settings_.secret_access_key = Secret("hidden-secret");
  settings_.session_token = Secret("hidden-token");
  for (const char* code : {"SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}) {
    answer(403, {}, error_body(code));
    const Result<> failed = store().put(key_, "x", {}, never_);
    EXPECT_FALSE(failed.error().message().contains("hidden")) << failed.error().message();
  }
}

}  // namespace
}  // namespace cairn::object_store
