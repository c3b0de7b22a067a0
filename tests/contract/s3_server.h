// SPDX-License-Identifier: Apache-2.0
// The S3 server that the tests are given, and stores on it that nothing else touches.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "http/http_client.h"
#include "object_store/object_store.h"
#include "object_store/s3/s3_settings.h"

namespace cairn::tests {

inline constexpr const char* kNoS3Server = "SKIPPED: no S3 server (start with ./dev test)";

// From CAIRN_TEST_S3_ENDPOINT, _ACCESS_KEY, _SECRET_KEY and _BUCKET; nothing when there is no
// endpoint. The bucket is made if it is missing.
std::optional<object_store::S3Settings> s3_server_settings();

// A store below a prefix of its own, with the client and the clock it stands on.
class S3Sandbox {
 public:
  S3Sandbox() : S3Sandbox(*s3_server_settings()) {}
  explicit S3Sandbox(object_store::S3Settings settings);

  object_store::ObjectStore& store() { return *store_; }
  const object_store::S3Settings& settings() const { return settings_; }

 private:
  SystemClock clock_;
  object_store::S3Settings settings_;
  std::unique_ptr<http::HttpClient> http_;
  std::unique_ptr<object_store::ObjectStore> store_;
};

}  // namespace cairn::tests
