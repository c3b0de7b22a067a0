// SPDX-License-Identifier: Apache-2.0
// What the store asks, and what it makes of answers that no honest server gives in a test. The
// contract itself is tests/contract.
#include "object_store/s3/s3_store.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/log.h"
#include "codec/digest.h"
#include "tests/support/expect_ok.h"
#include "tests/support/scripted_http.h"

namespace cairn::object_store {
namespace {

using tests::outcome;
using tests::ScriptedHttp;
using tests::SentRequest;

const std::stop_token kNever;
const ObjectKey kKey("a/b");
constexpr std::string_view kLastModified = "Thu, 20 Aug 2026 10:00:05 GMT";

std::string error_body(const std::string& code, const std::string& more = "") {
  return "<Error><Code>" + code + "</Code>" + more + "</Error>";
}

class S3StoreTest : public testing::Test {
 protected:
  S3StoreTest() {
    redirect_log([this](LogLevel, std::string_view line) { log_ += std::string(line) + "\n"; });
  }
  ~S3StoreTest() override { redirect_log(nullptr); }

  S3Settings settings_{.bucket = "bucket",
                       .prefix = "root",
                       .endpoint = "http://host:9000",
                       .access_key_id = "AKID",
                       .secret_access_key = Secret("secret")};

  ObjectStore& store() {
    if (!store_) store_ = make_s3_store(settings_, http_, clock_).value();
    return *store_;
  }
  void answer(int status, std::map<std::string, std::string> headers = {}, std::string body = "") {
    http_.answer({.status = status, .headers = std::move(headers), .body = std::move(body)});
  }
  void answer_object(int status, const std::string& body, const std::string& range = "") {
    answer(status,
           {{"content-length", std::to_string(body.size())},
            {"content-range", range},
            {"last-modified", std::string(kLastModified)},
            {"etag", "\"e\""}},
           body);
  }
  SentRequest last() const { return http_.requests().back(); }
  std::size_t count() const { return http_.requests().size(); }

  std::unique_ptr<Upload> started_upload() {
    answer(200, {},
           "<InitiateMultipartUploadResult><UploadId>id/1</UploadId>"
           "</InitiateMultipartUploadResult>");
    return store().start_upload(kKey, {{{"n", "v"}}, 5}, kNever).value();
  }

  ScriptedHttp http_;
  ManualClock clock_{parse_rfc3339("2026-08-20T10:00:05Z").value()};
  std::string log_;
  std::unique_ptr<ObjectStore> store_;
};

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
  EXPECT_OK(store().put(kKey, "hello", {{"digest", "x y"}}, kNever));
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

// A list of its own for each way of protecting a body, so that none is left out or doubled.
TEST_F(S3StoreTest, BodiesAreProtectedOnTheWay) {
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
    EXPECT_OK(store().put(kKey, "123456789", {}, kNever));
    EXPECT_EQ(last().header("x-amz-content-sha256"), c.hash);
    EXPECT_EQ(last().header("content-md5"), c.md5);
    EXPECT_EQ(last().header("x-amz-checksum-crc32c"), c.crc32c);
  }
}

TEST_F(S3StoreTest, PutRefusesWhatCannotBeStored) {
  for (const Metadata& metadata :
       {Metadata{{"Upper", "v"}}, Metadata{{"", "v"}}, Metadata{{"n", "line\nbreak"}},
        Metadata{{"n", "\xc3\xa4"}}, Metadata{{"n", " v"}}, Metadata{{"n", "v "}},
        Metadata{{"n", std::string(2048, 'v')}}}) {
    EXPECT_EQ(outcome(store().put(kKey, "x", metadata, kNever)), "InvalidArgument");
    EXPECT_EQ(outcome(store().put_if_absent(kKey, "x", metadata, kNever)), "InvalidArgument");
    EXPECT_EQ(outcome(store().start_upload(kKey, {metadata, 5}, kNever)), "InvalidArgument");
  }
  const ObjectKey long_key(std::string(1020, 'k'));
  EXPECT_EQ(outcome(store().put(long_key, "x", {}, kNever)), "InvalidArgument");
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
    EXPECT_EQ(outcome(store().put_if_absent(kKey, "x", {}, kNever)), c.expected);
    EXPECT_EQ(last().header("if-none-match"), "*");
  }
}

TEST_F(S3StoreTest, OpenAsksForTheRangeOfTheSameVersion) {
  answer_object(206, "345", "bytes 3-5/10");
  const OpenOptions options{.range = {.offset = 3, .length = 3}, .if_match = "e"};
  const Result<OpenObject> opened = store().open(kKey, options, kNever);
  ASSERT_OK(opened);
  EXPECT_EQ(last().header("range"), "bytes=3-5");
  EXPECT_EQ(last().header("if-match"), "\"e\"");
  EXPECT_EQ(opened.value().info.size_bytes, 10U);
  EXPECT_EQ(opened.value().info.etag, "e");
  EXPECT_EQ(read_all(*opened.value().body, 100).value(), "345");

  answer(412, {}, error_body("PreconditionFailed"));
  EXPECT_EQ(outcome(store().open(kKey, options, kNever)), "Conflict");
  // A server that ignores If-Match.
  answer_object(206, "345", "bytes 3-5/10");
  EXPECT_EQ(outcome(store().open(kKey, {.range = {3, 3}, .if_match = "f"}, kNever)), "Conflict");
  EXPECT_EQ(outcome(store().open(kKey, {.range = {3, 0}}, kNever)), "InvalidArgument");
  EXPECT_EQ(count(), 3U);
}

TEST_F(S3StoreTest, OpenCutsTheRangeOutOfAWholeAnswer) {
  answer_object(200, "0123456789");
  const Result<OpenObject> opened = store().open(kKey, {.range = {3, 3}}, kNever);
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
  const Result<OpenObject> opened = store().open(kKey, {}, kNever);
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
    const Result<ObjectInfo> info = store().head(kKey, kNever);
    EXPECT_EQ(outcome(info), c.expected);
    EXPECT_TRUE(info.error().message().contains(c.code)) << info.error().message();
    EXPECT_EQ(last().method, "GET");
  }
  // The bucket is known to exist by now: a missing object costs one request.
  const std::size_t before = count();
  answer(404);
  EXPECT_EQ(outcome(store().head(kKey, kNever)), "NotFound");
  EXPECT_EQ(count(), before + 1);
  // A server in trouble is not asked twice.
  answer(503);
  EXPECT_EQ(outcome(store().head(kKey, kNever)), "Unavailable");
  EXPECT_EQ(count(), before + 2);
}

TEST_F(S3StoreTest, HeadBelievesTheSecondAnswer) {
  answer(404);
  answer_object(200, "0123456789");
  EXPECT_EQ(store().head(kKey, kNever).value().size_bytes, 10U);
}

TEST_F(S3StoreTest, ListAsksForWhatIsWanted) {
  const std::string empty = "<ListBucketResult/>";
  answer(200, {}, empty);
  EXPECT_OK(store().list({.prefix = "p", .recursive = false, .start_after = "p/5"}, kNever));
  EXPECT_EQ(last().url,
            "http://host:9000/bucket/?delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000"
            "&prefix=root%2Fp&start-after=root%2Fp%2F5");
  answer(200, {}, empty);
  EXPECT_OK(store().list({.start_after = "x", .page_token = "t/+", .page_max = 7}, kNever));
  EXPECT_EQ(last().url,
            "http://host:9000/bucket/?continuation-token=t%2F%2B&encoding-type=url&list-type=2"
            "&max-keys=7&prefix=root%2F");
  EXPECT_EQ(outcome(store().list({.page_max = 0}, kNever)), "InvalidArgument");
  answer(200, {}, "not xml");
  EXPECT_EQ(outcome(store().list({}, kNever)), "Corrupt");
  answer(200, {}, std::string(17 << 20, ' '));
  EXPECT_EQ(outcome(store().list({}, kNever)), "Corrupt");
}

TEST_F(S3StoreTest, RemovingWhatIsNotThereSucceeds) {
  answer(204);
  EXPECT_OK(store().remove(kKey, kNever));
  EXPECT_EQ(last().method, "DELETE");
  answer(404, {}, error_body("NoSuchKey"));
  EXPECT_OK(store().remove(kKey, kNever));
  answer(404, {}, error_body("NoSuchBucket"));
  EXPECT_EQ(outcome(store().remove(kKey, kNever)), "InvalidArgument");
  answer(403, {}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(store().remove(kKey, kNever)), "Denied");
}

TEST_F(S3StoreTest, RemovesInBatchesOfAThousand) {
  std::vector<ObjectKey> keys;
  for (int i = 0; i < 2001; ++i) keys.emplace_back("k&" + std::to_string(i));
  for (int i = 0; i < 3; ++i) answer(200, {}, "<DeleteResult/>");
  EXPECT_TRUE(store().remove_batch(keys, kNever).value().empty());
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
  const auto failures = store().remove_batch(keys, kNever);
  ASSERT_OK(failures);
  ASSERT_EQ(failures.value().size(), 1U);
  EXPECT_EQ(failures.value()[0].key, "b");
  EXPECT_EQ(failures.value()[0].error.code(), ErrorCode::Denied);
  EXPECT_TRUE(failures.value()[0].error.message().contains("locked"));

  for (const char* body : {"", "<Other/>",
                           "<DeleteResult><Error><Key>else</Key></Error>"
                           "</DeleteResult>"}) {
    answer(200, {}, body);
    EXPECT_EQ(outcome(store().remove_batch(keys, kNever)), "Corrupt");
  }
  answer(403, {}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(store().remove_batch(keys, kNever)), "Denied");
}

TEST_F(S3StoreTest, AnUploadIsStartedFilledAndCompleted) {
  const auto upload = started_upload();
  EXPECT_EQ(last().url, "http://host:9000/bucket/root/a/b?uploads=");
  EXPECT_EQ(last().header("x-amz-meta-n"), "v");
  answer(200, {{"etag", "\"two\""}});
  EXPECT_OK(upload->put_part(2, "xx", kNever));
  EXPECT_EQ(last().url, "http://host:9000/bucket/root/a/b?partNumber=2&uploadId=id%2F1");
  answer(200, {{"etag", "\"one\""}});
  EXPECT_OK(upload->put_part(1, "01234", kNever));
  answer(200, {}, "<CompleteMultipartUploadResult/>");
  EXPECT_OK(upload->complete(2, kNever));
  EXPECT_EQ(last().body,
            "<CompleteMultipartUpload>"
            "<Part><PartNumber>1</PartNumber><ETag>&quot;one&quot;</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>&quot;two&quot;</ETag></Part>"
            "</CompleteMultipartUpload>");
}

TEST_F(S3StoreTest, AmazonChecksEachPart) {
  settings_.endpoint = "https://s3.eu-west-1.amazonaws.com";
  const auto upload = started_upload();
  EXPECT_EQ(last().header("x-amz-checksum-algorithm"), "CRC32C");
  answer(200, {{"etag", "e"}});
  EXPECT_OK(upload->put_part(1, "01234", kNever));
  const std::string checksum = last().header("x-amz-checksum-crc32c");
  EXPECT_EQ(checksum.size(), 8U);
  EXPECT_EQ(last().header("content-md5"), "");
  answer(200, {}, "<CompleteMultipartUploadResult/>");
  EXPECT_OK(upload->complete(1, kNever));
  EXPECT_TRUE(last().body.contains("<ChecksumCRC32C>" + checksum + "</ChecksumCRC32C>"));
}

TEST_F(S3StoreTest, APartWithoutReceiptIsNoPart) {
  const auto upload = started_upload();
  answer(200);
  EXPECT_EQ(outcome(upload->put_part(1, "x", kNever)), "Corrupt");
  answer(500);
  EXPECT_EQ(outcome(upload->put_part(1, "x", kNever)), "Unavailable");
  EXPECT_EQ(outcome(upload->complete(1, kNever)), "InvalidArgument");
  EXPECT_EQ(outcome(upload->put_part(1, "too large", kNever)), "InvalidArgument");
  EXPECT_EQ(outcome(upload->put_part(10'001, "x", kNever)), "InvalidArgument");
}

TEST_F(S3StoreTest, CompletionIsBelievedOnlyWhenItIsSaid) {
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
  EXPECT_OK(upload->put_part(1, "x", kNever));
  for (const Case& c : cases) {
    SCOPED_TRACE(c.body);
    answer(200, {}, c.body);
    EXPECT_EQ(outcome(upload->complete(1, kNever)), c.expected);
  }
}

TEST_F(S3StoreTest, AFailedCompletionAsksWhetherTheUploadIsGone) {
  const auto upload = started_upload();
  answer(200, {{"etag", "e"}});
  EXPECT_OK(upload->put_part(1, "x", kNever));
  answer(500, {}, error_body("InternalError"));
  answer(200, {}, "<ListPartsResult/>");
  EXPECT_EQ(outcome(upload->complete(1, kNever)), "Unavailable");
  EXPECT_EQ(last().method, "GET");
  answer(500, {}, error_body("InternalError"));
  answer(503, {}, error_body("SlowDown"));
  EXPECT_EQ(outcome(upload->complete(1, kNever)), "Unavailable");
  answer(500, {}, error_body("InternalError"));
  answer(404, {}, error_body("NoSuchUpload"));
  EXPECT_EQ(outcome(upload->complete(1, kNever)), "NotFound");
}

TEST_F(S3StoreTest, AbortIsIdempotent) {
  const auto upload = started_upload();
  answer(204);
  EXPECT_OK(upload->abort(kNever));
  answer(404, {}, error_body("NoSuchUpload"));
  EXPECT_OK(upload->abort(kNever));
  answer(403, {}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(upload->abort(kNever)), "Denied");
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
  EXPECT_EQ(store().collect_unfinished("p", limit, kNever).value(), 2U);
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
  EXPECT_EQ(outcome(store().collect_unfinished("", WallTime::max(), kNever)), "Corrupt");
}

TEST_F(S3StoreTest, AsksAmazonForTheRegionOnce) {
  settings_.endpoint = "";
  answer(403, {{"x-amz-bucket-region", "eu-west-1"}});
  answer(200);
  answer(200);
  EXPECT_OK(store().put(kKey, "x", {}, kNever));
  EXPECT_OK(store().put(kKey, "x", {}, kNever));
  const auto requests = http_.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].method, "HEAD");
  EXPECT_EQ(requests[0].url, "https://bucket.s3.amazonaws.com/");
  EXPECT_EQ(requests[0].header("authorization"), "");
  EXPECT_EQ(requests[1].url, "https://bucket.s3.eu-west-1.amazonaws.com/root/a/b");
  EXPECT_TRUE(requests[1].header("authorization").contains("/eu-west-1/s3/"));
}

TEST_F(S3StoreTest, ARegionThatIsNotToldIsAmazonsFirst) {
  settings_.endpoint = "";
  answer(403, {{"x-amz-bucket-region", "evil.org/?"}});
  answer(200);
  EXPECT_OK(store().put(kKey, "x", {}, kNever));
  EXPECT_EQ(last().url, "https://bucket.s3.us-east-1.amazonaws.com/root/a/b");

  store_ = nullptr;
  answer(503);
  EXPECT_EQ(outcome(store().put(kKey, "x", {}, kNever)), "Unavailable");
  http_.fail(unavailable("HEAD https://bucket.s3.amazonaws.com: refused"));
  const Result<> failed = store().put(kKey, "x", {}, kNever);
  EXPECT_TRUE(failed.error().message().starts_with("find the region of bucket \"bucket\": "));
}

TEST_F(S3StoreTest, ACorrectedRegionIsUsedAndRemembered) {
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
    EXPECT_OK(store().put(kKey, "x", {}, kNever));
    EXPECT_TRUE(last().header("authorization").contains("/eu-west-1/s3/"));
    EXPECT_TRUE(log_.contains("bucket \"bucket\" is in region eu-west-1, not us-west-2")) << log_;
    EXPECT_OK(store().put(kKey, "x", {}, kNever));
    EXPECT_EQ(count(), before + 3);
  }
}

TEST_F(S3StoreTest, RegionsAreCorrectedOncePerCall) {
  for (const char* region : {"eu-west-1", "eu-west-2"}) {
    answer(400, {},
           error_body("AuthorizationHeaderMalformed", fmt::format("<Region>{}</Region>", region)));
  }
  const Result<> failed = store().put(kKey, "x", {}, kNever);
  EXPECT_EQ(outcome(failed), "InvalidArgument");
  EXPECT_TRUE(failed.error().message().contains("\"eu-west-2\", not \"eu-west-1\""))
      << failed.error().message();
  EXPECT_EQ(http_.left(), 0U);
}

// Neither a region that is none nor an answer about something else moves the store.
TEST_F(S3StoreTest, AServerCannotSendUsElsewhere) {
  answer(301, {{"x-amz-bucket-region", "x.evil.org"}});
  EXPECT_EQ(outcome(store().put(kKey, "x", {}, kNever)), "InvalidArgument");
  answer(403, {{"x-amz-bucket-region", "eu-west-1"}}, error_body("AccessDenied"));
  EXPECT_EQ(outcome(store().put(kKey, "x", {}, kNever)), "Denied");
  EXPECT_EQ(count(), 2U);
}

TEST_F(S3StoreTest, NetworkErrorsKeepTheirCodeAndNameTheObject) {
  http_.fail(denied("PUT http://host:9000: the certificate does not verify"));
  const Result<> failed = store().put(kKey, "x", {}, kNever);
  EXPECT_EQ(outcome(failed), "Denied");
  EXPECT_TRUE(failed.error().message().starts_with("put s3://bucket/root/a/b: PUT http://host"))
      << failed.error().message();
}

TEST_F(S3StoreTest, NoErrorContainsASecret) {
  settings_.secret_access_key = Secret("hidden-secret");
  settings_.session_token = Secret("hidden-token");
  for (const char* code : {"SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}) {
    answer(403, {}, error_body(code));
    const Result<> failed = store().put(kKey, "x", {}, kNever);
    EXPECT_FALSE(failed.error().message().contains("hidden")) << failed.error().message();
  }
}

}  // namespace
}  // namespace cairn::object_store
