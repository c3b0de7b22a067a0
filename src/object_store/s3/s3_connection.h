// SPDX-License-Identifier: Apache-2.0
// Signed requests to one bucket, and what the store learns on the way: its region, and that the
// bucket exists.
//
// Thread-safe.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "http/http_client.h"
#include "object_store/s3/s3_address.h"
#include "object_store/s3/s3_error.h"
#include "object_store/s3/s3_settings.h"
#include "object_store/s3/s3_signature.h"

namespace cairn::object_store {

struct S3Request {
  std::string action = {};  // for messages: "put", "list", …
  std::string method = "GET";
  std::string name = {};  // of the object, with the prefix; "" for the bucket
  S3Query query = {};
  http::Headers headers = {};
  std::string_view body = {};  // outlives the call
};

// A reply whose headers are here: a success with its body still to be read, or a failure.
struct S3Answer {
  http::HttpResponse response = {};
  std::optional<S3Failure> failure = {};
};

class S3Connection {
 public:
  // `settings` are checked. `http` and `clock` outlive the connection.
  S3Connection(const S3Settings& settings, const S3Address& address, http::HttpClient& http,
               Clock& clock);

  // One attempt; two when the server says that the bucket is in another region than assumed.
  Result<S3Answer> send(const S3Request& request, std::stop_token stop);
  // The body of a success, at most `bytes_max`; a failure as an Error.
  Result<Bytes> fetch(const S3Request& request, std::size_t bytes_max, std::stop_token stop);
  Error error_of(const S3Request& request, const S3Failure& failure) const;

  // "s3://bucket/name"
  std::string resource(std::string_view name) const;
  bool has_seen_bucket() const;
  // The server checks an x-amz-checksum-crc32c header, the cheapest that protects a body.
  bool checks_crc32c() const { return uses_tls_ && address_.is_amazon(); }

 private:
  struct Known {
    std::string region = {};  // "" until it is discovered
    bool has_bucket = false;
  };

  Result<std::string> region(std::stop_token stop);
  Result<std::string> discover_region(std::stop_token stop);
  bool learn_region(const S3Failure& failure, const std::string& assumed);
  Result<S3Answer> send_once(const S3Request& request, const std::string& region,
                             std::stop_token stop);
  std::string protect_body(const S3Request& request, http::Headers& headers) const;

  const std::string bucket_;
  const std::chrono::milliseconds timeout_;
  const S3Credentials credentials_;
  const S3Address address_;
  const bool uses_tls_;
  http::HttpClient& http_;
  Clock& clock_;
  Guarded<Known> known_;
};

// The value of x-amz-checksum-crc32c for these bytes.
std::string crc32c_checksum(std::string_view bytes);

}  // namespace cairn::object_store
