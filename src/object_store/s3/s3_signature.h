// SPDX-License-Identifier: Apache-2.0
// Amazon's Signature Version 4 in the Authorization header. Pure.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "http/http_client.h"
#include "http/url.h"

namespace cairn::object_store {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct S3Credentials {
  std::string access_key_id = {};
  Secret secret_access_key = {};
  Secret session_token = {};  // "" with lasting credentials
};

struct UnsignedRequest {
  std::string method = {};
  http::Url url = {};
  http::Headers headers = {};     // all of them are signed
  std::string payload_hash = {};  // SHA-256 of the body in hexadecimal, or kUnsignedPayload
};

// The headers to send: those given, then x-amz-content-sha256, x-amz-date, x-amz-security-token if
// there is a token, and Authorization. The client adds Host itself; it is signed as
// url.authority().
http::Headers sign_s3_request(const UnsignedRequest& request, const S3Credentials& credentials,
                              std::string_view region, WallTime time);

}  // namespace cairn::object_store
