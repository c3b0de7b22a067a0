// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_address.h"

#include <gtest/gtest.h>

namespace cairn::object_store {
namespace {

std::string address_of(const S3Settings& settings) {
  const Result<S3Address> address = S3Address::parse(settings);
  return address.ok() ? address.value().url("eu-west-1", "a/b", {}).text()
                      : std::string(error_code_name(address.error().code()));
}

TEST(S3AddressTest, PutsTheBucketWhereItBelongs) {
  struct Case {
    std::string bucket;
    std::string endpoint;
    std::optional<bool> force_path_style;
    std::string expected;
  };
  const Case cases[] = {
      {"bucket", "", {}, "https://bucket.s3.eu-west-1.amazonaws.com/a/b"},
      {"bucket", "", true, "https://s3.eu-west-1.amazonaws.com/bucket/a/b"},
      // No wildcard certificate covers two labels, and host names have no capitals.
      {"my.bucket", "", {}, "https://s3.eu-west-1.amazonaws.com/my.bucket/a/b"},
      {"My_Bucket", "", {}, "https://s3.eu-west-1.amazonaws.com/My_Bucket/a/b"},
      {"my.bucket", "", false, "https://my.bucket.s3.eu-west-1.amazonaws.com/a/b"},
      {"bucket",
       "https://s3.us-west-2.amazonaws.com",
       {},
       "https://bucket.s3.us-west-2.amazonaws.com/a/b"},
      {"bucket", "http://127.0.0.1:9000", {}, "http://127.0.0.1:9000/bucket/a/b"},
      {"bucket", "http://store.local:9000/", false, "http://bucket.store.local:9000/a/b"},
      {"bucket", "store.local", {}, "https://store.local/bucket/a/b"},
      {"bucket", "https://host/storage/s3", {}, "https://host/storage/s3/bucket/a/b"},
      {"My_Bucket", "http://host", false, "InvalidArgument"},
      {"bucket", "ftp://host", {}, "InvalidArgument"},
      {"bucket", "http://host/?x=1", {}, "InvalidArgument"},
      {"bucket", "http://user:password@host", {}, "InvalidArgument"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.bucket + " at " + c.endpoint);
    EXPECT_EQ(
        address_of(
            {.bucket = c.bucket, .endpoint = c.endpoint, .force_path_style = c.force_path_style}),
        c.expected);
  }
}

TEST(S3AddressTest, KnowsAmazonsOtherDomain) {
  const S3Address address = S3Address::parse({.bucket = "bucket"}).value();
  EXPECT_EQ(address.url("cn-north-1", "", {}).text(),
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/");
  EXPECT_EQ(address.regionless_url().text(), "https://bucket.s3.amazonaws.com/");
  EXPECT_TRUE(address.is_amazon());
  EXPECT_FALSE(S3Address::parse({.bucket = "bucket", .endpoint = "https://amazonaws.com.evil.org"})
                   .value()
                   .is_amazon());
}

TEST(S3AddressTest, EncodesNamesAndParameters) {
  const S3Address address =
      S3Address::parse({.bucket = "bucket", .endpoint = "http://host"}).value();
  EXPECT_EQ(address.url("r", "a b+c/%/\xc3\xa4", {{"prefix", "a/b c"}, {"delete", ""}}).text(),
            "http://host/bucket/a%20b%2Bc/%25/%C3%A4?delete=&prefix=a%2Fb%20c");
  EXPECT_EQ(address.url("r", "", {}).text(), "http://host/bucket/");
}

}  // namespace
}  // namespace cairn::object_store
