// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/checked_settings.h"

#include <algorithm>
#include <string_view>

#include "object_store/object_store.h"

namespace cairn::object_store {

namespace {

constexpr std::size_t kBucketBytesMax = 255;

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_bucket(std::string_view text) {
  return !text.empty() && text.size() <= kBucketBytesMax &&
         std::ranges::all_of(text,
                             [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                      (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                                      c == ':';
                             }) &&
         text != "." && text != "..";
}

bool is_region(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Result<> check_credentials(const S3Settings& settings) {
  if (settings.access_key_id.empty()) {
    return invalid_argument("no access key for bucket \"{}\": set AWS_ACCESS_KEY_ID",
                            settings.bucket);
  }
  if (settings.secret_access_key.empty()) {
    return invalid_argument("no secret access key for bucket \"{}\": set AWS_SECRET_ACCESS_KEY",
                            settings.bucket);
  }
  // These travel in headers. The secret itself never travels and may be anything.
  if (!is_printable(settings.access_key_id)) {
    return invalid_argument("AWS_ACCESS_KEY_ID contains a blank or a character that is not ASCII");
  }
  if (!is_printable(settings.session_token.expose())) {
    return invalid_argument("AWS_SESSION_TOKEN contains a blank or a character that is not ASCII");
  }
  return {};
}

Result<> check_encryption(const S3Settings& settings) {
  const std::string& sse = settings.sse;
  if (!sse.empty() && sse != "AES256" && sse != "aws:kms") {
    return invalid_argument("S3_SSE is \"{}\"; it can be AES256 or aws:kms", sse);
  }
  if (sse == "aws:kms" && settings.sse_kms_id.empty()) {
    return invalid_argument("S3_SSE is aws:kms but S3_SSE_KMS_ID does not name the key");
  }
  if (sse != "aws:kms" && !settings.sse_kms_id.empty()) {
    return invalid_argument("S3_SSE_KMS_ID is set but S3_SSE is \"{}\" instead of aws:kms", sse);
  }
  if (!is_printable(settings.sse_kms_id)) {
    return invalid_argument("S3_SSE_KMS_ID contains a blank or a character that is not ASCII");
  }
  return {};
}

// With one slash at its end, or empty.
Result<std::string> checked_root(std::string_view prefix) {
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty()) return std::string();
  const ObjectKey key = TRY(ObjectKey::parse(prefix).context("the prefix in the bucket"));
  return key.text() + "/";
}

}  // namespace

Result<S3Settings> checked_settings(const S3Settings& settings) {
  if (!is_bucket(settings.bucket)) {
    return invalid_argument(
        "\"{}\" is not the name of a bucket: it needs 1 to {} letters, digits, "
        "'-', '.', '_' or ':'",
        settings.bucket, kBucketBytesMax);
  }
  if (!is_region(settings.region)) {
    return invalid_argument("\"{}\" is not the name of a region, such as eu-west-1",
                            settings.region);
  }
  if (!is_printable(settings.storage_class)) {
    return invalid_argument("\"{}\" is not the name of a storage class, such as STANDARD_IA",
                            settings.storage_class);
  }
  TRY(check_credentials(settings));
  TRY(check_encryption(settings));
  S3Settings checked = settings;
  checked.prefix = TRY(checked_root(settings.prefix));
  return checked;
}

}  // namespace cairn::object_store
