// SPDX-License-Identifier: Apache-2.0
// The examples of Amazon's documentation of Signature Version 4 for S3, whose keys are made up:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#include "object_store/s3/s3_signature.h"

#include <gtest/gtest.h>

#include "codec/digest.h"

namespace cairn::object_store {
namespace {

constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

S3Credentials example_credentials() {
  return {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
          .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
}

WallTime example_time() {
  return parse_rfc3339("2013-05-24T00:00:00Z").value();
}

std::string header(const http::Headers& headers, std::string_view name) {
  for (const auto& [header_name, value] : headers) {
    if (header_name == name) return value;
  }
  return "";
}

struct Case {
  std::string_view name;
  std::string_view method;
  std::string_view url;
  http::Headers headers;
  std::string payload_hash;
  std::string_view signed_headers;
  std::string_view signature;
};

TEST(S3SignatureTest, AgreesWithAmazonsExamples) {
  const Case cases[] = {
      {"get object",
       "GET",
       "https://examplebucket.s3.amazonaws.com/test.txt",
       {{"Range", "bytes=0-9"}},
       std::string(kEmptyHash),
       "host;range;x-amz-content-sha256;x-amz-date",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"put object",
       "PUT",
       "https://examplebucket.s3.amazonaws.com/test%24file.text",
       {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
       codec::sha256_hex("Welcome to Amazon S3."),
       "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      // A parameter without a value is signed as if it had an empty one.
      {"bucket lifecycle",
       "GET",
       "https://examplebucket.s3.amazonaws.com/?lifecycle",
       {},
       std::string(kEmptyHash),
       "host;x-amz-content-sha256;x-amz-date",
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"list objects",
       "GET",
       "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
       {},
       std::string(kEmptyHash),
       "host;x-amz-content-sha256;x-amz-date",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
      {"parameters in another order",
       "GET",
       "https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2",
       {},
       std::string(kEmptyHash),
       "host;x-amz-content-sha256;x-amz-date",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const http::Headers headers =
        sign_s3_request({.method = std::string(c.method),
                         .url = http::parse_url(c.url).value(),
                         .headers = c.headers,
                         .payload_hash = c.payload_hash},
                        example_credentials(), "us-east-1", example_time());
    EXPECT_EQ(header(headers, "Authorization"),
              fmt::format("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                          "aws4_request,SignedHeaders={},Signature={}",
                          c.signed_headers, c.signature));
    EXPECT_EQ(header(headers, "x-amz-date"), "20130524T000000Z");
    EXPECT_EQ(header(headers, "x-amz-content-sha256"), c.payload_hash);
    for (const auto& [name, value] : c.headers) EXPECT_EQ(header(headers, name), value);
  }
}

std::string authorization(const http::Headers& headers, const S3Credentials& credentials,
                          std::string_view region, WallTime time) {
  return header(sign_s3_request({.method = "GET",
                                 .url = http::parse_url("http://127.0.0.1:9000/b/k").value(),
                                 .headers = headers,
                                 .payload_hash = std::string(kUnsignedPayload)},
                                credentials, region, time),
                "Authorization");
}

TEST(S3SignatureTest, SignsTheSessionToken) {
  S3Credentials credentials = example_credentials();
  credentials.session_token = Secret("token");
  const http::Headers headers =
      sign_s3_request({.method = "GET", .url = http::parse_url("http://h/").value()}, credentials,
                      "r", example_time());
  EXPECT_EQ(header(headers, "x-amz-security-token"), "token");
  EXPECT_TRUE(header(headers, "Authorization").contains("x-amz-date;x-amz-security-token,"));
}

TEST(S3SignatureTest, DependsOnRegionTimeAndValuesButNotOnBlanks) {
  const S3Credentials credentials = example_credentials();
  const WallTime time = example_time();
  const std::string one = authorization({{"x-amz-meta-a", "b c"}}, credentials, "r1", time);
  EXPECT_EQ(authorization({{"X-Amz-Meta-A", "  b   c "}}, credentials, "r1", time), one);
  EXPECT_NE(authorization({{"x-amz-meta-a", "bc"}}, credentials, "r1", time), one);
  EXPECT_NE(authorization({{"x-amz-meta-a", "b c"}}, credentials, "r2", time), one);
  EXPECT_NE(
      authorization({{"x-amz-meta-a", "b c"}}, credentials, "r1", time + std::chrono::seconds{1}),
      one);
  // Fractions of a second have no place in the stamp.
  EXPECT_EQ(authorization({{"x-amz-meta-a", "b c"}}, credentials, "r1",
                          time + std::chrono::microseconds{999'999}),
            one);
}

}  // namespace
}  // namespace cairn::object_store
