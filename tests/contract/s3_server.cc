// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/s3_server.h"

#include <cstdlib>
#include <string>

#include "base/random.h"
#include "object_store/s3/checked_settings.h"
#include "object_store/s3/s3_connection.h"
#include "object_store/s3/s3_store.h"

namespace cairn::tests {

using object_store::S3Settings;

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void make_bucket(const S3Settings& settings) {
  SystemClock clock;
  const auto http = http::make_http_client({});
  const S3Settings checked = object_store::checked_settings(settings).value();
  object_store::S3Connection connection(checked, object_store::S3Address::parse(checked).value(),
                                        *http, clock);
  const auto answer = connection.send({.action = "make", .method = "PUT"}, {});
  ASSERT(answer.ok());
  const auto& failure = answer.value().failure;
  ASSERT(!failure || failure->code == "BucketAlreadyOwnedByYou" ||
         failure->code == "BucketAlreadyExists");
}

std::optional<S3Settings> read_settings() {
  S3Settings settings{.bucket = variable("CAIRN_TEST_S3_BUCKET"),
                      .endpoint = variable("CAIRN_TEST_S3_ENDPOINT"),
                      .access_key_id = variable("CAIRN_TEST_S3_ACCESS_KEY"),
                      .secret_access_key = Secret(variable("CAIRN_TEST_S3_SECRET_KEY"))};
  if (settings.endpoint.empty()) return std::nullopt;
  if (settings.bucket.empty()) settings.bucket = "cairn-test";
  make_bucket(settings);
  return settings;
}

}  // namespace

std::optional<S3Settings> s3_server_settings() {
  static const std::optional<S3Settings> settings = read_settings();
  return settings;
}

S3Sandbox::S3Sandbox(S3Settings settings)
    : settings_(std::move(settings)), http_(http::make_http_client({})) {
  SystemRandom random;
  settings_.prefix = "test/" + random_hex(random);
  store_ = object_store::make_s3_store(settings_, *http_, clock_).value();
}

}  // namespace cairn::tests
