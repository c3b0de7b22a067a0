// SPDX-License-Identifier: Apache-2.0
// What S3's refusals mean to us, and the way out of each. Pure but for reading the reply.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/http_client.h"

namespace cairn::object_store {

// A reply that is not a success. Texts come from the server, made safe to print.
struct S3Failure {
  int status = 0;
  std::string code = {};  // "NoSuchKey"; empty when the body was no S3 error
  std::string message = {};
  std::string request_id = {};
  std::string region = {};        // the bucket's, when the server names it
  std::string request_time = {};  // both of RequestTimeTooSkewed
  std::string server_time = {};
};

// What was asked, for the message.
struct S3Situation {
  std::string action = {};    // "put", "list", …
  std::string resource = {};  // "s3://bucket/name"
  std::string bucket = {};
  std::string origin = {};  // "https://host:port"
  std::string region = {};
  std::string access_key_id = {};
};

// Reads at most 64 KiB of the reply; a broken or foreign body leaves the code empty.
S3Failure read_failure(http::HttpResponse& response);
// The same from the body of a reply with status 200, which some operations fail with.
S3Failure parse_failure(int status, std::string_view body);

Error to_error(const S3Failure& failure, const S3Situation& situation);

}  // namespace cairn::object_store
