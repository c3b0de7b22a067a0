// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_reply.h"

#include <gtest/gtest.h>

namespace cairn::object_store {
namespace {

std::string contents(const std::string& key, const std::string& size = "5",
                     const std::string& time = "2026-08-20T10:00:05.123Z") {
  return "<Contents><Key>" + key + "</Key><LastModified>" + time + "</LastModified><ETag>&quot;e" +
         "&quot;</ETag><Size>" + size + "</Size></Contents>";
}
std::string list_of(const std::string& inner) {
  return "<ListBucketResult>" + inner + "</ListBucketResult>";
}

TEST(S3ReplyTest, ReadsAListing) {
  const Result<ListPage> page =
      parse_list(list_of("<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>" +
                         contents("root%2Fa+b%2Bc%25") + contents("root%2F%C3%A4") +
                         contents("root%2Fdir%2F") +
                         "<CommonPrefixes><Prefix>root%2Fx+y%2F</Prefix></CommonPrefixes>"
                         "<NextContinuationToken>to ken</NextContinuationToken>"),
                 "root/", "");
  ASSERT_TRUE(page.ok()) << page.error().message();
  ASSERT_EQ(page.value().objects.size(), 2u);  // Without the folder marker.
  const ObjectInfo& first = page.value().objects[0];
  EXPECT_EQ(first.key, "a b+c%");
  EXPECT_EQ(first.size_bytes, 5u);
  EXPECT_EQ(first.etag, "e");
  EXPECT_EQ(format_rfc3339(first.modified), "2026-08-20T10:00:05.123Z");
  EXPECT_EQ(page.value().objects[1].key, "\xc3\xa4");
  EXPECT_EQ(page.value().prefixes, std::vector<std::string>{"x y/"});
  EXPECT_EQ(page.value().next_page_token, "to ken");
}

TEST(S3ReplyTest, DecodesNamesOnlyWhenTheServerEncodedThem) {
  EXPECT_EQ(parse_list(list_of(contents("a+b%41")), "", "").value().objects[0].key, "a+b%41");
}

TEST(S3ReplyTest, ALastPageHasNoToken) {
  EXPECT_EQ(parse_list(list_of("<IsTruncated>false</IsTruncated><NextContinuationToken>x"
                               "</NextContinuationToken>"),
                       "", "")
                .value()
                .next_page_token,
            "");
}

TEST(S3ReplyTest, RefusesListingsThatCannotBeTrue) {
  struct Case {
    std::string body;
    std::string_view part;
  };
  const Case cases[] = {
      {"<Other/>", "<Other> instead of a <ListBucketResult>"},
      {"", "not the XML"},
      {list_of(contents("other/a")), "contains \"other/a\""},
      {list_of(contents("root/other")), "contains \"root/other\""},
      {list_of("<CommonPrefixes><Prefix>else/</Prefix></CommonPrefixes>"), "contains \"else/\""},
      {list_of(contents("root/pre1", "-5")), "the size \"-5\""},
      {list_of(contents("root/pre1", "99999999999999999999999")), "the size"},
      {list_of(contents("root/pre1", "5", "yesterday")), "the time \"yesterday\""},
      {list_of("<IsTruncated>true</IsTruncated>"), "ListObjectsV2"},
      {list_of("<EncodingType>url</EncodingType>" + contents("root/pre%2")), "percent-encoded"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.body);
    const Result<ListPage> page = parse_list(c.body, "root/", "pre");
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().code(), ErrorCode::Corrupt);
    EXPECT_TRUE(page.error().message().contains(c.part)) << page.error().message();
  }
}

TEST(S3ReplyTest, ReadsUploadIds) {
  EXPECT_EQ(parse_upload_id("<InitiateMultipartUploadResult><UploadId>i&amp;d</UploadId>"
                            "</InitiateMultipartUploadResult>")
                .value(),
            "i&d");
  EXPECT_EQ(parse_upload_id("<InitiateMultipartUploadResult/>").error().code(), ErrorCode::Corrupt);
}

TEST(S3ReplyTest, ReadsUnfinishedUploads) {
  const std::string upload =
      "<Upload><Key>a b</Key><UploadId>1</UploadId><Initiated>2026-08-20T10:00:05Z</Initiated>"
      "</Upload>";
  const auto list = [](const std::string& inner) {
    return parse_unfinished("<ListMultipartUploadsResult>" + inner +
                            "</ListMultipartUploadsResult>");
  };
  const Result<UnfinishedPage> page =
      list(upload +
           "<IsTruncated>true</IsTruncated><NextKeyMarker>a b</NextKeyMarker>"
           "<NextUploadIdMarker>1</NextUploadIdMarker>");
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page.value().uploads.size(), 1u);
  EXPECT_EQ(page.value().uploads[0].name, "a b");
  EXPECT_EQ(page.value().uploads[0].upload_id, "1");
  EXPECT_EQ(format_rfc3339(page.value().uploads[0].started), "2026-08-20T10:00:05Z");
  EXPECT_EQ(page.value().key_marker, "a b");
  EXPECT_EQ(page.value().upload_id_marker, "1");

  EXPECT_EQ(list("<NextKeyMarker>a</NextKeyMarker>").value().key_marker, "");
  EXPECT_EQ(list("<IsTruncated>true</IsTruncated>").error().code(), ErrorCode::Corrupt);
  EXPECT_EQ(list("<Upload><Key>a</Key><UploadId>1</UploadId></Upload>").error().code(),
            ErrorCode::Corrupt);
  EXPECT_EQ(list("<Upload><Key>a</Key><Initiated>2026-08-20T10:00:05Z</Initiated></Upload>")
                .error()
                .code(),
            ErrorCode::Corrupt);
}

TEST(S3ReplyTest, ReadsHeadersOfObjects) {
  http::HttpResponse response{.status = 200,
                              .headers = {{"content-length", "7"},
                                          {"last-modified", "Thu, 20 Aug 2026 10:00:05 GMT"},
                                          {"etag", "\"e\""},
                                          {"x-amz-meta-digest", "abc"},
                                          {"x-amz-other", "x"}}};
  const ObjectInfo info = parse_object_headers(response, "k").value();
  EXPECT_EQ(info.key, "k");
  EXPECT_EQ(info.size_bytes, 7u);
  EXPECT_EQ(info.etag, "e");
  EXPECT_EQ(info.metadata, (Metadata{{"digest", "abc"}}));
  for (const char* missing : {"content-length", "last-modified"}) {
    http::HttpResponse broken{.status = 200, .headers = response.headers};
    broken.headers.erase(missing);
    EXPECT_EQ(parse_object_headers(broken, "k").error().code(), ErrorCode::Corrupt);
  }
}

}  // namespace
}  // namespace cairn::object_store
