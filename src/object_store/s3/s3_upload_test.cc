// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_upload.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/support/scripted_s3.h"

namespace cairn::object_store {
namespace {

using tests::error_body;
using tests::outcome;

class S3UploadTest : public tests::ScriptedS3Test {};

TEST_F(S3UploadTest, AnUploadIsStartedFilledAndCompleted) {
  const auto upload = started_upload();
  EXPECT_EQ(last().url, "http://host:9000/bucket/root/a/b?uploads=");
  EXPECT_EQ(last().header("x-amz-meta-n"), "v");
  answer(200, {{"etag", "\"two\""}});
  EXPECT_OK(upload->put_part(2, "xx", never_));
  EXPECT_EQ(last().url, "http://host:9000/bucket/root/a/b?partNumber=2&uploadId=id%2F1");
  answer(200, {{"etag", "\"one\""}});
  EXPECT_OK(upload->put_part(1, "01234", never_));
  answer(200, {}, "<CompleteMultipartUploadResult/>");
  EXPECT_OK(upload->complete(2, never_));
  EXPECT_EQ(last().body,
            "<CompleteMultipartUpload>"
            "<Part><PartNumber>1</PartNumber><ETag>&quot;one&quot;</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>&quot;two&quot;</ETag></Part>"
            "</CompleteMultipartUpload>");
}

TEST_F(S3UploadTest, AmazonChecksEachPart) {
  settings_.endpoint = "https://s3.eu-west-1.amazonaws.com";
  const auto upload = started_upload();
  EXPECT_EQ(last().header("x-amz-checksum-algorithm"), "CRC32C");
  answer(200, {{"etag", "e"}});
  EXPECT_OK(upload->put_part(1, "01234", never_));
  const std::string checksum = last().header("x-amz-checksum-crc32c");
  EXPECT_EQ(checksum.size(), 8U);
  EXPECT_EQ(last().header("content-md5"), "");
  answer(200, {}, "<CompleteMultipartUploadResult/>");
  EXPECT_OK(upload->complete(1, never_));
  EXPECT_TRUE(last().body.contains("<ChecksumCRC32C>" + checksum + "</ChecksumCRC32C>"));
}

TEST_F(S3UploadTest, APartWithoutReceiptIsNoPart) {
  const auto upload = started_upload();
  answer(200);
  EXPECT_EQ(outcome(upload->put_part(1, "x", never_)), "Corrupt");
  answer(500);
  EXPECT_EQ(outcome(upload->put_part(1, "x", never_)), "Unavailable");
  EXPECT_EQ(outcome(upload->complete(1, never_)), "InvalidArgument");
  EXPECT_EQ(outcome(upload->put_part(1, "too large", never_)), "InvalidArgument");
  EXPECT_EQ(outcome(upload->put_part(10'001, "x", never_)), "InvalidArgument");
}

TEST_F(S3UploadTest, CompletionIsBelievedOnlyWhenItIsSaid) {
  struct Case {
    std::string body;
    std::string expected;
  };
  const Case cases[] = {
      {error_body("InternalError"), "Unavailable"},
      {error_body("EntityTooSmall"), "InvalidArgument"},
      {error_body("NoSuchUpload"), "NotFound"},
      {"", "Unavailable"},
      {"<Something/>", "Unavailable"},
      {"<CompleteMultipartUploadResult>", "Unavailable"},
  };
  const auto upload = started_upload();
  answer(200, {{"etag", "e"}});
  EXPECT_OK(upload->put_part(1, "x", never_));
  for (const Case& c : cases) {
    SCOPED_TRACE(c.body);
    answer(200, {}, c.body);
    EXPECT_EQ(outcome(upload->complete(1, never_)), c.expected);
  }
}

TEST_F(S3UploadTest, AFailedCompletionAsksWhetherTheUploadIsGone) {
  const auto upload = started_upload();
  answer(200, {{"etag", "e"}});
  EXPECT_OK(upload->put_part(1, "x", never_));
  answer(500, {}, error_body("InternalError"));
  answer(200, {}, "<ListPartsResult/>");
  EXPECT_EQ(outcome(upload->complete(1, never_)), "Unavailable");
  EXPECT_EQ(last().method, "GET");
  answer(500, {}, error_body("InternalError"));
  answer(503, {}, error_body("SlowDown"));
  EXPECT_EQ(outcome(upload->complete(1, never_)), "Unavailable");
  answer(500, {}, error_body("InternalError"));
  answer(404, {}, error_body("NoSuchUpload"));
  EXPECT_EQ(outcome(upload->complete(1, never_)), "NotFound");
}

TEST_F(S3UploadTest, AbortIsIdempotent) {
  const auto upload = started_upload();
  answer(204);
  EXPECT_OK(upload->abort(never_));
  answer(404, {}, error_body("NoSuchUpload"));
  EXPECT_OK(upload->abort(never_));
  answer(403, {}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(upload->abort(never_)), "Denied");
}

}  // namespace
}  // namespace cairn::object_store
