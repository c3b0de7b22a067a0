// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_error.h"

#include <gtest/gtest.h>

namespace cairn::object_store {
namespace {

const S3Situation kSituation{.action = "put",
                             .resource = "s3://bucket/name",
                             .bucket = "bucket",
                             .origin = "https://host:9000",
                             .region = "us-east-1",
                             .access_key_id = "AKID"};

TEST(S3ErrorTest, EveryRefusalHasItsMeaningAndAWayOut) {
  struct Case {
    int status;
    std::string code;
    ErrorCode meaning;
    std::string_view part;
  };
  const Case cases[] = {
      {404, "NoSuchKey", ErrorCode::NotFound, "no such object"},
      {404, "NoSuchUpload", ErrorCode::NotFound, "aborted"},
      {404, "NoSuchBucket", ErrorCode::InvalidArgument,
       "bucket \"bucket\" does not exist at https://host:9000: create it"},
      // A web server that is no S3 service must not make an object look absent.
      {404, "", ErrorCode::InvalidArgument, "check the bucket"},
      {403, "AccessDenied", ErrorCode::Denied, "s3:PutObject"},
      {403, "InvalidAccessKeyId", ErrorCode::Denied, "access key id \"AKID\""},
      {403, "SignatureDoesNotMatch", ErrorCode::Denied, "AWS_SECRET_ACCESS_KEY"},
      {400, "ExpiredToken", ErrorCode::Denied, "expired"},
      {400, "InvalidToken", ErrorCode::Denied, "AWS_SESSION_TOKEN"},
      {403, "RequestTimeTooSkewed", ErrorCode::Denied, "synchronise the clock"},
      {403, "", ErrorCode::Denied, "credentials"},
      {401, "", ErrorCode::Denied, "credentials"},
      {403, "InvalidObjectState", ErrorCode::InvalidArgument, "archived"},
      {403, "QuotaExceeded", ErrorCode::NoSpace, "quota"},
      {507, "", ErrorCode::NoSpace, "full"},
      {400, "EntityTooLarge", ErrorCode::InvalidArgument, "so many bytes"},
      {400, "RequestTimeout", ErrorCode::Unavailable, "too long"},
      {400, "BadDigest", ErrorCode::Unavailable, "changed on their way"},
      {400, "SomethingElse", ErrorCode::InvalidArgument, "request wrong"},
      {405, "MethodNotAllowed", ErrorCode::InvalidArgument, "endpoint"},
      {405, "", ErrorCode::InvalidArgument, "does not allow"},
      {408, "", ErrorCode::Unavailable, "patience"},
      {409, "ConditionalRequestConflict", ErrorCode::Unavailable, "under way"},
      {409, "OperationAborted", ErrorCode::Unavailable, "under way"},
      {409, "BucketNotEmpty", ErrorCode::Conflict, "in the way"},
      {412, "PreconditionFailed", ErrorCode::Conflict, "another one"},
      {416, "InvalidRange", ErrorCode::InvalidArgument, "beyond the end"},
      {416, "", ErrorCode::InvalidArgument, "beyond"},
      {429, "", ErrorCode::Unavailable, "patience"},
      {500, "InternalError", ErrorCode::Unavailable, "fault of its own"},
      {200, "InternalError", ErrorCode::Unavailable, "fault of its own"},
      {501, "NotImplemented", ErrorCode::InvalidArgument, "lacks"},
      {501, "", ErrorCode::InvalidArgument, "lacks"},
      {502, "", ErrorCode::Unavailable, "fault"},
      {503, "SlowDown", ErrorCode::Unavailable, "fewer requests"},
      {504, "", ErrorCode::Unavailable, "fault"},
      {301, "PermanentRedirect", ErrorCode::InvalidArgument, "set AWS_REGION"},
      {301, "", ErrorCode::InvalidArgument, "set AWS_REGION"},
      {400, "AuthorizationHeaderMalformed", ErrorCode::InvalidArgument, "\"us-east-1\" is wrong"},
      {307, "TemporaryRedirect", ErrorCode::Unavailable, "being moved"},
      {302, "", ErrorCode::Internal, "not one that was expected"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.code + " " + std::to_string(c.status));
    const Error error = to_error({.status = c.status, .code = c.code}, kSituation);
    EXPECT_EQ(error_code_name(error.code()), error_code_name(c.meaning)) << error.message();
    EXPECT_TRUE(error.message().contains(c.part)) << error.message();
    EXPECT_TRUE(error.message().starts_with("put s3://bucket/name: ")) << error.message();
    EXPECT_TRUE(error.message().contains(std::to_string(c.status))) << error.message();
  }
}

TEST(S3ErrorTest, TellsWhatTheServerSaid) {
  const Error error = to_error(
      {.status = 403, .code = "AccessDenied", .message = "No.", .request_id = "ID7"}, kSituation);
  EXPECT_TRUE(error.message().ends_with("(AccessDenied, HTTP 403, \"No.\", request id ID7)"))
      << error.message();
}

TEST(S3ErrorTest, NamesTheRightRegion) {
  for (const auto& [status, code] :
       {std::pair(301, "PermanentRedirect"), std::pair(400, "AuthorizationHeaderMalformed")}) {
    const Error error =
        to_error({.status = status, .code = code, .region = "eu-west-1"}, kSituation);
    EXPECT_TRUE(error.message().contains(
        "bucket \"bucket\" is in region \"eu-west-1\", not \"us-east-1\": set AWS_REGION"))
        << error.message();
  }
}

TEST(S3ErrorTest, NamesBothTimes) {
  const S3Failure failure =
      parse_failure(403,
                    "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference</Message>"
                    "<RequestTime>20130524T000000Z</RequestTime>"
                    "<ServerTime>2013-05-24T02:00:00Z</ServerTime></Error>");
  const Error error = to_error(failure, kSituation);
  EXPECT_TRUE(
      error.message().contains("the request says 20130524T000000Z, the server says "
                               "2013-05-24T02:00:00Z"))
      << error.message();
}

class TextSource final : public Source {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)), view_(text_) {}
  Result<std::size_t> read(std::span<char> out) override { return view_.read(out); }

 private:
  std::string text_;
  ViewSource view_;
};

S3Failure read(int status, std::map<std::string, std::string> headers, std::string body) {
  http::HttpResponse response{.status = status, .headers = std::move(headers)};
  response.body = std::make_unique<TextSource>(std::move(body));
  return read_failure(response);
}

TEST(S3ErrorTest, ReadsBodyAndHeaders) {
  const S3Failure failure =
      read(400, {{"x-amz-request-id", "header"}},
           "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>m"
           "</Message><Region>eu-west-1</Region><RequestId>body</RequestId></Error>");
  EXPECT_EQ(failure.status, 400);
  EXPECT_EQ(failure.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(failure.message, "m");
  EXPECT_EQ(failure.region, "eu-west-1");
  EXPECT_EQ(failure.request_id, "header");
  EXPECT_EQ(read(301, {{"x-amz-bucket-region", "eu-west-2"}}, "").region, "eu-west-2");
}

TEST(S3ErrorTest, ABodyThatIsNoS3ErrorIsQuotedSafely) {
  const S3Failure failure = read(502, {}, "<html>Bad\r\n\x1b[31mGateway" + std::string(999, '!'));
  EXPECT_EQ(failure.code, "");
  EXPECT_TRUE(failure.message.starts_with("<html>Bad [31mGateway!!")) << failure.message;
  EXPECT_EQ(failure.message.size(), 300u);
  EXPECT_EQ(read(403, {}, "<Other><Code>NoSuchKey</Code></Other>").code, "");
  EXPECT_EQ(read(500, {}, std::string(1 << 20, 'x')).message.size(), 300u);
}

}  // namespace
}  // namespace cairn::object_store
