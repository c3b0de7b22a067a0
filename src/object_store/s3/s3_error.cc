// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_error.h"

#include <algorithm>
#include <array>

#include "object_store/s3/s3_xml.h"

namespace cairn::object_store {

namespace {

constexpr std::size_t kBodyBytesMax = 64UL * 1024;
constexpr std::size_t kTextMax = 300;

// One printable line, not too long, whatever the server sent.
std::string safe(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (line.size() == kTextMax) break;
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!is_control) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line;
}

struct Rule {
  std::string_view code;
  ErrorCode meaning;
  std::string_view explanation;
};

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and those of its relatives.
constexpr Rule kRules[] = {
    {"NoSuchKey", ErrorCode::NotFound, "there is no such object"},
    {"NoSuchUpload", ErrorCode::NotFound, "the upload is complete, aborted or collected"},

    {"AccessDenied", ErrorCode::Denied,
     "the access key may not do this here: its policy needs s3:ListBucket, "
     "s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject and "
     "s3:AbortMultipartUpload"},
    {"AllAccessDisabled", ErrorCode::Denied, "the provider has closed this bucket"},
    {"AccountProblem", ErrorCode::Denied, "the provider has locked the account"},
    {"SignatureDoesNotMatch", ErrorCode::Denied,
     "the secret access key does not belong to the access key id: check AWS_SECRET_ACCESS_KEY"},
    {"ExpiredToken", ErrorCode::Denied,
     "the temporary credentials have expired: renew the access key, secret and session token"},
    {"TokenRefreshRequired", ErrorCode::Denied,
     "the temporary credentials must be renewed: access key, secret and session token"},
    {"InvalidToken", ErrorCode::Denied,
     "the session token is wrong: check AWS_SESSION_TOKEN, which only temporary credentials have"},
    {"InvalidSecurity", ErrorCode::Denied, "the credentials are not accepted"},

    {"InvalidBucketName", ErrorCode::InvalidArgument, "the name of the bucket is not allowed"},
    {"NotImplemented", ErrorCode::InvalidArgument, "this store lacks what was asked of it"},
    {"MethodNotAllowed", ErrorCode::InvalidArgument,
     "the server does not allow this: check that the endpoint is that of an S3 service"},
    {"InvalidObjectState", ErrorCode::InvalidArgument,
     "the object is archived: have the store restore it from its cold storage class first"},
    {"InvalidStorageClass", ErrorCode::InvalidArgument,
     "this store does not know the storage class: check WALG_S3_STORAGE_CLASS"},
    {"EntityTooLarge", ErrorCode::InvalidArgument, "the store does not take so many bytes at once"},
    {"EntityTooSmall", ErrorCode::InvalidArgument,
     "every part of an upload but the last needs at least 5 MiB"},
    {"KeyTooLongError", ErrorCode::InvalidArgument, "the name is too long for the store"},
    {"InvalidRange", ErrorCode::InvalidArgument, "the range begins beyond the end of the object"},

    {"QuotaExceeded", ErrorCode::NoSpace, "the quota of the bucket or its owner is used up"},
    {"XMinioStorageFull", ErrorCode::NoSpace, "the disks of the store are full"},

    {"RequestTimeout", ErrorCode::Unavailable, "the server waited too long for our bytes"},
    {"IncompleteBody", ErrorCode::Unavailable, "the server received fewer bytes than were sent"},
    {"BadDigest", ErrorCode::Unavailable, "the bytes changed on their way to the server"},
    {"XAmzContentSHA256Mismatch", ErrorCode::Unavailable,
     "the bytes changed on their way to the server"},
    {"InternalError", ErrorCode::Unavailable, "the server has a fault of its own"},
    {"ServiceUnavailable", ErrorCode::Unavailable, "the server is overloaded"},
    {"SlowDown", ErrorCode::Unavailable, "the store asks for fewer requests"},
    {"OperationAborted", ErrorCode::Unavailable, "another change of the same object is under way"},
    {"ConditionalRequestConflict", ErrorCode::Unavailable,
     "another write of the same object is under way"},
    {"TemporaryRedirect", ErrorCode::Unavailable, "the bucket is being moved"},
};

Rule rule_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return {"", ErrorCode::Denied, "the credentials are not accepted"};
    case 405:
      return {"", ErrorCode::InvalidArgument, "the server does not allow this"};
    case 408:
    case 429:
      return {"", ErrorCode::Unavailable, "the server asks for patience"};
    case 409:
      return {"", ErrorCode::Conflict, "another change is in the way"};
    case 412:
      return {"", ErrorCode::Conflict, "the object is another one than expected"};
    case 416:
      return {"", ErrorCode::InvalidArgument, "the range begins beyond the object's end"};
    case 501:
      return {"", ErrorCode::InvalidArgument, "this store lacks what was asked of it"};
    case 507:
      return {"", ErrorCode::NoSpace, "the store is full"};
    default:
      break;
  }
  if (status >= 500) return {"", ErrorCode::Unavailable, "the server has a fault of its own"};
  if (status == 400) return {"", ErrorCode::InvalidArgument, "the server finds the request wrong"};
  return {"", ErrorCode::Internal, "the answer is not one that was expected"};
}

Rule rule_of(const S3Failure& failure) {
  const auto rule = std::ranges::find(kRules, failure.code, &Rule::code);
  if (rule != std::end(kRules) && !failure.code.empty()) return *rule;
  return rule_of_status(failure.status);
}

std::string request_facts(const S3Failure& failure) {
  std::string facts = failure.code.empty()
                          ? fmt::format("HTTP {}", failure.status)
                          : fmt::format("{}, HTTP {}", failure.code, failure.status);
  if (!failure.message.empty()) facts += fmt::format(", \"{}\"", failure.message);
  if (!failure.request_id.empty()) facts += fmt::format(", request id {}", failure.request_id);
  return facts;
}

// The explanations that need to name something; empty for all others.
std::pair<ErrorCode, std::string> explain_by_name(const S3Failure& failure,
                                                  const S3Situation& situation) {
  const std::string& code = failure.code;
  if (code == "NoSuchBucket") {
    return {ErrorCode::InvalidArgument,
            fmt::format("bucket \"{}\" does not exist at {}: create it, or correct the bucket in "
                        "WALG_S3_PREFIX or the endpoint in AWS_ENDPOINT",
                        situation.bucket, situation.origin)};
  }
  if (code == "InvalidAccessKeyId") {
    return {ErrorCode::Denied,
            fmt::format("{} does not know the access key id \"{}\": check AWS_ACCESS_KEY_ID and "
                        "AWS_ENDPOINT",
                        situation.origin, situation.access_key_id)};
  }
  if (code == "RequestTimeTooSkewed") {
    return {ErrorCode::Denied,
            fmt::format("the clock of this machine is wrong: the request says {}, the server says "
                        "{}; synchronise the clock",
                        failure.request_time.empty() ? "another time" : failure.request_time,
                        failure.server_time.empty() ? "otherwise" : failure.server_time)};
  }
  const bool is_redirect = failure.status == 301 || failure.status == 307;
  if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" || is_redirect) {
    if (code == "TemporaryRedirect" || (failure.status == 307 && failure.region.empty())) return {};
    return {ErrorCode::InvalidArgument,
            failure.region.empty()
                ? fmt::format("region \"{}\" is wrong for bucket \"{}\" at {}: set AWS_REGION to "
                              "the bucket's region",
                              situation.region, situation.bucket, situation.origin)
                : fmt::format("bucket \"{}\" is in region \"{}\", not \"{}\": set AWS_REGION to {}",
                              situation.bucket, failure.region, situation.region, failure.region)};
  }
  // A web server that is no S3 service also answers 404: that proves no object absent.
  if (failure.status == 404 && code.empty()) {
    return {ErrorCode::InvalidArgument,
            fmt::format("{} answers \"not found\", but not as an S3 service does: check the bucket "
                        "in WALG_S3_PREFIX and AWS_ENDPOINT",
                        situation.origin)};
  }
  return {};
}

}  // namespace

S3Failure parse_failure(int status, std::string_view body) {
  S3Failure failure{.status = status};
  const Result<XmlElement> xml = parse_xml(body);
  if (!xml.ok() || xml.value().name != "Error") {
    failure.message = safe(body);
    return failure;
  }
  failure.code = safe(xml.value().text_of("Code"));
  failure.message = safe(xml.value().text_of("Message"));
  failure.request_id = safe(xml.value().text_of("RequestId"));
  failure.region = safe(xml.value().text_of("Region"));
  failure.request_time = safe(xml.value().text_of("RequestTime"));
  failure.server_time = safe(xml.value().text_of("ServerTime"));
  return failure;
}

S3Failure read_failure(http::HttpResponse& response) {
  Bytes body;
  if (response.body) {
    body.resize(kBodyBytesMax);
    const Result<std::size_t> count = read_full(*response.body, body);
    body.resize(count.ok() ? count.value() : 0);
  }
  S3Failure failure = parse_failure(response.status, body);
  const std::string request_id = safe(response.header("x-amz-request-id"));
  if (!request_id.empty()) failure.request_id = request_id;
  const std::string region = safe(response.header("x-amz-bucket-region"));
  if (!region.empty()) failure.region = region;
  return failure;
}

Error to_error(const S3Failure& failure, const S3Situation& situation) {
  auto [meaning, explanation] = explain_by_name(failure, situation);
  if (explanation.empty()) {
    const Rule rule = rule_of(failure);
    meaning = rule.meaning;
    explanation = rule.explanation;
  }
  return {meaning, fmt::format("{} {}: {} ({})", situation.action, situation.resource, explanation,
                               request_facts(failure))};
}

}  // namespace cairn::object_store
