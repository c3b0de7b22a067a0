// SPDX-License-Identifier: Apache-2.0
#include "http/url.h"

#include <gtest/gtest.h>

#include <optional>

namespace cairn::http {
namespace {

TEST(UrlTest, TakesAddressesApart) {
  struct Case {
    std::string_view text;
    std::string origin;
    std::string path;
    std::string query;
  };
  const Case cases[] = {
      {"http://127.0.0.1:9000", "http://127.0.0.1:9000", "/", ""},
      {"https://S3.Example.com/a/b%20c?x=1&y=%2F", "https://s3.example.com", "/a/b%20c",
       "x=1&y=%2F"},
      {"HTTPS://host:443/", "https://host", "/", ""},  // The scheme's own port is not named.
      {"http://host:443/", "http://host:443", "/", ""},
      {"http://[::1]:80/x", "http://[::1]", "/x", ""},
      {"http://[fe80::1]:8080", "http://[fe80::1]:8080", "/", ""},
      {"https://host?list", "https://host", "/", "list"},
      {"https://host/a@b:c", "https://host", "/a@b:c", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Result<Url> url = parse_url(c.text);
    ASSERT_TRUE(url.ok());
    EXPECT_EQ(url.value().origin(), c.origin);
    EXPECT_EQ(url.value().path, c.path);
    EXPECT_EQ(url.value().query, c.query);
  }
}

TEST(UrlTest, PutsThemTogetherAgain) {
  for (const std::string text : {"https://host:8443/a/b%2Fc?x=1", "http://[::1]/", "http://h/?a"}) {
    EXPECT_EQ(parse_url(text).value().text(), text);
  }
}

TEST(UrlTest, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"",
                                      "host",
                                      "/path",
                                      "ftp://host/",
                                      "http://",
                                      "http:///path",
                                      "http://host:/",
                                      "http://host:0/",
                                      "http://host:65536/",
                                      "http://host:8x/",
                                      "http://host:-1/",
                                      "http://ho st/",
                                      "http://host/a b",
                                      "http://host/\r\nX: y",
                                      "http://host/#fragment",
                                      "http://host#f",
                                      "http://[::1/",
                                      "http://[]/",
                                      "http://[host]/",
                                      "http://ho\xc3\xa4st/",
                                      "http://a_b%/"}) {
    SCOPED_TRACE(text);
    const Result<Url> url = parse_url(text);
    ASSERT_FALSE(url.ok());
    EXPECT_EQ(url.error().code(), ErrorCode::InvalidArgument);
  }
}

TEST(UrlTest, RefusesPasswordsWithoutRepeatingThem) {
  const Result<Url> url = parse_url("https://user:pass@word@host/");
  ASSERT_FALSE(url.ok());
  EXPECT_FALSE(url.error().message().contains("pass")) << url.error().message();
  EXPECT_FALSE(url.error().message().contains("word")) << url.error().message();
  EXPECT_TRUE(url.error().message().contains("\"host/\"")) << url.error().message();
}

TEST(UrlTest, EncodesAllButTheUnreserved) {
  EXPECT_EQ(percent_encode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(percent_encode("a b+c%d/e"), "a%20b%2Bc%25d%2Fe");
  EXPECT_EQ(percent_encode("a/b$", Slash::Keep), "a/b%24");
  EXPECT_EQ(percent_encode("\xc3\xa4"), "%C3%A4");
  EXPECT_EQ(percent_encode(std::string_view("\0", 1)), "%00");
}

TEST(UrlTest, DecodesWhatItEncoded) {
  struct Case {
    std::string_view text;
    Plus plus;
    std::optional<std::string> expected;
  };
  const Case cases[] = {
      {"a%20b%2Bc", Plus::IsPlus, "a b+c"}, {"a+b", Plus::IsPlus, "a+b"},
      {"a+b%2b", Plus::IsSpace, "a b+"},    {"%c3%A4", Plus::IsPlus, "\xc3\xa4"},
      {"%", Plus::IsPlus, std::nullopt},    {"%2", Plus::IsPlus, std::nullopt},
      {"%2g", Plus::IsPlus, std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Result<std::string> decoded = percent_decode(c.text, c.plus);
    EXPECT_EQ(decoded.ok() ? std::optional(decoded.value()) : std::nullopt, c.expected);
  }
}

}  // namespace
}  // namespace cairn::http
