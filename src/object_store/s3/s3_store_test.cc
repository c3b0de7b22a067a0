// SPDX-License-Identifier: Apache-2.0
// What the store asks, and what it makes of answers that no honest server gives in a test. The
// contract itself is tests/contract.
#include "object_store/s3/s3_store.h"

#include <gtest/gtest.h>

#include "codec/digest.h"
#include "tests/support/expect_ok.h"
#include "tests/support/scripted_s3.h"

namespace cairn::object_store {
namespace {

using tests::error_body;
using tests::kLastModified;
using tests::outcome;

class S3StoreTest : public tests::ScriptedS3Test {};

TEST_F(S3StoreTest, SettingsThatCannotWorkAreRefusedAtOnce) {
  settings_.bucket = "";
  EXPECT_EQ(outcome(make_s3_store(settings_, http_, clock_)), "InvalidArgument");
  settings_.bucket = "bucket";
  settings_.endpoint = "nonsense://x";
  EXPECT_EQ(outcome(make_s3_store(settings_, http_, clock_)), "InvalidArgument");
  EXPECT_EQ(count(), 0U);
}

TEST_F(S3StoreTest, PutSendsEverythingSigned) {
  settings_.storage_class = "STANDARD_IA";
  settings_.sse = "aws:kms";
  settings_.sse_kms_id = "key-1";
  settings_.session_token = Secret("token");
  answer(200);
  EXPECT_OK(store().put(key_, "hello", {{"digest", "x y"}}, never_));
  EXPECT_EQ(last().method, "PUT");
  EXPECT_EQ(last().url, "http://host:9000/bucket/root/a/b");
  EXPECT_EQ(last().body, "hello");
  EXPECT_EQ(last().header("x-amz-meta-digest"), "x y");
  EXPECT_EQ(last().header("x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(last().header("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(last().header("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
  EXPECT_EQ(last().header("x-amz-security-token"), "token");
  EXPECT_EQ(last().header("x-amz-date"), "20260820T100005Z");
  EXPECT_EQ(last().header("if-none-match"), "");
  EXPECT_EQ(last().timeout, settings_.request_timeout);
  EXPECT_TRUE(last()
                  .header("authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=AKID/20260820/"
                               "us-east-1/s3/aws4_request"));
}

TEST_F(S3StoreTest, PutRefusesWhatCannotBeStored) {
  for (const Metadata& metadata :
       {Metadata{{"Upper", "v"}}, Metadata{{"", "v"}}, Metadata{{"n", "line\nbreak"}},
        Metadata{{"n", "\xc3\xa4"}}, Metadata{{"n", " v"}}, Metadata{{"n", "v "}},
        Metadata{{"n", std::string(2048, 'v')}}}) {
    EXPECT_EQ(outcome(store().put(key_, "x", metadata, never_)), "InvalidArgument");
    EXPECT_EQ(outcome(store().put_if_absent(key_, "x", metadata, never_)), "InvalidArgument");
    EXPECT_EQ(outcome(store().start_upload(key_, {metadata, 5}, never_)), "InvalidArgument");
  }
  const ObjectKey long_key(std::string(1020, 'k'));
  EXPECT_EQ(outcome(store().put(long_key, "x", {}, never_)), "InvalidArgument");
  EXPECT_EQ(count(), 0U);
}

TEST_F(S3StoreTest, PutIfAbsentTellsItsOutcomesApart) {
  struct Case {
    int status;
    std::string code;
    std::string expected;
  };
  const Case cases[] = {
      {200, "", "ok"},
      {412, "PreconditionFailed", "AlreadyExists"},
      {412, "", "AlreadyExists"},
      {409, "ConditionalRequestConflict", "Unavailable"},
      {501, "NotImplemented", "InvalidArgument"},
      {503, "SlowDown", "Unavailable"},
      {403, "AccessDenied", "Denied"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.status);
    answer(c.status, {}, c.code.empty() ? "" : error_body(c.code));
    EXPECT_EQ(outcome(store().put_if_absent(key_, "x", {}, never_)), c.expected);
    EXPECT_EQ(last().header("if-none-match"), "*");
  }
}

TEST_F(S3StoreTest, OpenAsksForTheRangeOfTheSameVersion) {
  answer_object(206, "345", "bytes 3-5/10");
  const OpenOptions options{.range = {.offset = 3, .length = 3}, .if_match = "e"};
  const Result<OpenObject> opened = store().open(key_, options, never_);
  ASSERT_OK(opened);
  EXPECT_EQ(last().header("range"), "bytes=3-5");
  EXPECT_EQ(last().header("if-match"), "\"e\"");
  EXPECT_EQ(opened.value().info.size_bytes, 10U);
  EXPECT_EQ(opened.value().info.etag, "e");
  EXPECT_EQ(read_all(*opened.value().body, 100).value(), "345");

  answer(412, {}, error_body("PreconditionFailed"));
  EXPECT_EQ(outcome(store().open(key_, options, never_)), "Conflict");
  // A server that ignores If-Match.
  answer_object(206, "345", "bytes 3-5/10");
  EXPECT_EQ(outcome(store().open(key_, {.range = {3, 3}, .if_match = "f"}, never_)), "Conflict");
  EXPECT_EQ(outcome(store().open(key_, {.range = {3, 0}}, never_)), "InvalidArgument");
  EXPECT_EQ(count(), 3U);
}

TEST_F(S3StoreTest, OpenCutsTheRangeOutOfAWholeAnswer) {
  answer_object(200, "0123456789");
  const Result<OpenObject> opened = store().open(key_, {.range = {3, 3}}, never_);
  ASSERT_OK(opened);
  EXPECT_EQ(opened.value().info.size_bytes, 10U);
  EXPECT_EQ(read_all(*opened.value().body, 100).value(), "345");
}

TEST_F(S3StoreTest, ABrokenBodyNamesTheObject) {
  http_.answer(
      {.status = 200,
       .headers = {{"content-length", "10"}, {"last-modified", std::string(kLastModified)}},
       .body = "01234",
       .cut = true});
  const Result<OpenObject> opened = store().open(key_, {}, never_);
  ASSERT_OK(opened);
  const Result<Bytes> bytes = read_all(*opened.value().body, 100);
  ASSERT_EQ(outcome(bytes), "Unavailable");
  EXPECT_TRUE(bytes.error().message().starts_with("get s3://bucket/root/a/b: "))
      << bytes.error().message();
}

TEST_F(S3StoreTest, HeadAsksAgainWhereItGetsNoReason) {
  struct Case {
    std::string name;
    int status;
    std::string code;
    std::string expected;
  };
  const Case cases[] = {
      {"no bucket", 404, "NoSuchBucket", "InvalidArgument"},
      {"wrong key", 403, "InvalidAccessKeyId", "Denied"},
      {"no object", 404, "NoSuchKey", "NotFound"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    answer(c.status);
    answer(c.status, {}, error_body(c.code));
    const Result<ObjectInfo> info = store().head(key_, never_);
    EXPECT_EQ(outcome(info), c.expected);
    EXPECT_TRUE(info.error().message().contains(c.code)) << info.error().message();
    EXPECT_EQ(last().method, "GET");
  }
  // The bucket is known to exist by now: a missing object costs one request.
  const std::size_t before = count();
  answer(404);
  EXPECT_EQ(outcome(store().head(key_, never_)), "NotFound");
  EXPECT_EQ(count(), before + 1);
  // A server in trouble is not asked twice.
  answer(503);
  EXPECT_EQ(outcome(store().head(key_, never_)), "Unavailable");
  EXPECT_EQ(count(), before + 2);
}

TEST_F(S3StoreTest, HeadBelievesTheSecondAnswer) {
  answer(404);
  answer_object(200, "0123456789");
  EXPECT_EQ(store().head(key_, never_).value().size_bytes, 10U);
}

TEST_F(S3StoreTest, ListAsksForWhatIsWanted) {
  const std::string empty = "<ListBucketResult/>";
  answer(200, {}, empty);
  EXPECT_OK(store().list({.prefix = "p", .recursive = false, .start_after = "p/5"}, never_));
  EXPECT_EQ(last().url,
            "http://host:9000/bucket/?delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000"
            "&prefix=root%2Fp&start-after=root%2Fp%2F5");
  answer(200, {}, empty);
  EXPECT_OK(store().list({.start_after = "x", .page_token = "t/+", .page_max = 7}, never_));
  EXPECT_EQ(last().url,
            "http://host:9000/bucket/?continuation-token=t%2F%2B&encoding-type=url&list-type=2"
            "&max-keys=7&prefix=root%2F");
  EXPECT_EQ(outcome(store().list({.page_max = 0}, never_)), "InvalidArgument");
  answer(200, {}, "not xml");
  EXPECT_EQ(outcome(store().list({}, never_)), "Corrupt");
  answer(200, {}, std::string(17 << 20, ' '));
  EXPECT_EQ(outcome(store().list({}, never_)), "Corrupt");
}

TEST_F(S3StoreTest, RemovingWhatIsNotThereSucceeds) {
  answer(204);
  EXPECT_OK(store().remove(key_, never_));
  EXPECT_EQ(last().method, "DELETE");
  answer(404, {}, error_body("NoSuchKey"));
  EXPECT_OK(store().remove(key_, never_));
  answer(404, {}, error_body("NoSuchBucket"));
  EXPECT_EQ(outcome(store().remove(key_, never_)), "InvalidArgument");
  answer(403, {}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(store().remove(key_, never_)), "Denied");
}

TEST_F(S3StoreTest, RemovesInBatchesOfAThousand) {
  std::vector<ObjectKey> keys;
  for (int i = 0; i < 2001; ++i) keys.emplace_back("k&" + std::to_string(i));
  for (int i = 0; i < 3; ++i) answer(200, {}, "<DeleteResult/>");
  EXPECT_TRUE(store().remove_batch(keys, never_).value().empty());
  EXPECT_EQ(count(), 3U);
  EXPECT_EQ(last().url, "http://host:9000/bucket/?delete=");
  EXPECT_EQ(last().body,
            "<Delete><Quiet>true</Quiet><Object><Key>root/k&amp;2000</Key></Object></Delete>");
  EXPECT_EQ(last().header("content-md5"), codec::to_base64(codec::md5(last().body)));
}

TEST_F(S3StoreTest, RemovalsThatFailedAreReported) {
  const std::vector<ObjectKey> keys = {ObjectKey("a"), ObjectKey("b"), ObjectKey("c")};
  answer(200, {},
         "<DeleteResult><Deleted><Key>root/a</Key></Deleted>"
         "<Error><Key>root/b</Key><Code>AccessDenied</Code><Message>locked</Message></Error>"
         "<Error><Key>root/c</Key><Code>NoSuchKey</Code></Error></DeleteResult>");
  const auto failures = store().remove_batch(keys, never_);
  ASSERT_OK(failures);
  ASSERT_EQ(failures.value().size(), 1U);
  EXPECT_EQ(failures.value()[0].key, "b");
  EXPECT_EQ(failures.value()[0].error.code(), ErrorCode::Denied);
  EXPECT_TRUE(failures.value()[0].error.message().contains("locked"));

  for (const char* body : {"", "<Other/>",
                           "<DeleteResult><Error><Key>else</Key></Error>"
                           "</DeleteResult>"}) {
    answer(200, {}, body);
    EXPECT_EQ(outcome(store().remove_batch(keys, never_)), "Corrupt");
  }
  answer(403, {}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(store().remove_batch(keys, never_)), "Denied");
}

TEST_F(S3StoreTest, CollectsOnlyOldUploadsBelowItsPrefix) {
  const auto upload = [](const std::string& name, const std::string& day) {
    return "<Upload><Key>" + name + "</Key><UploadId>" + name + "</UploadId><Initiated>2026-08-" +
           day + "T00:00:00Z</Initiated></Upload>";
  };
  answer(200, {},
         "<ListMultipartUploadsResult>" + upload("root/p1", "10") + upload("root/p2", "20") +
             upload("else/p3", "10") +
             "<IsTruncated>true</IsTruncated><NextKeyMarker>root/p2</NextKeyMarker>"
             "<NextUploadIdMarker>m</NextUploadIdMarker></ListMultipartUploadsResult>");
  answer(204);
  answer(
      200, {},
      "<ListMultipartUploadsResult>" + upload("root/p4", "10") + "</ListMultipartUploadsResult>");
  answer(204);
  const WallTime limit = parse_rfc3339("2026-08-15T00:00:00Z").value();
  EXPECT_EQ(store().collect_unfinished("p", limit, never_).value(), 2U);
  const auto requests = http_.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[0].url, "http://host:9000/bucket/?prefix=root%2Fp&uploads=");
  EXPECT_EQ(requests[1].method, "DELETE");
  EXPECT_EQ(requests[1].url, "http://host:9000/bucket/root/p1?uploadId=root%2Fp1");
  EXPECT_EQ(requests[2].url,
            "http://host:9000/bucket/?key-marker=root%2Fp2&prefix=root%2Fp&upload-id-marker=m"
            "&uploads=");
  EXPECT_EQ(requests[3].url, "http://host:9000/bucket/root/p4?uploadId=root%2Fp4");
}

TEST_F(S3StoreTest, CollectingEndsWhenPagesRepeat) {
  const std::string page =
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker>"
      "</ListMultipartUploadsResult>";
  answer(200, {}, page);
  answer(200, {}, page);
  EXPECT_EQ(outcome(store().collect_unfinished("", WallTime::max(), never_)), "Corrupt");
}

}  // namespace
}  // namespace cairn::object_store
