// SPDX-License-Identifier: Apache-2.0
// A store on a bucket of a server that answers from a script.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "object_store/s3/s3_store.h"
#include "tests/support/scripted_http.h"

namespace cairn::tests {

inline constexpr std::string_view kLastModified = "Thu, 20 Aug 2026 10:00:05 GMT";

inline std::string error_body(const std::string& code, const std::string& more = "") {
  return "<Error><Code>" + code + "</Code>" + more + "</Error>";
}

class ScriptedS3Test : public testing::Test {
 protected:
  ScriptedS3Test() {
    redirect_log([this](LogLevel, std::string_view line) { log_ += std::string(line) + "\n"; });
  }
  ~ScriptedS3Test() override { redirect_log(nullptr); }

  const std::stop_token never_ = {};
  const object_store::ObjectKey key_{"a/b"};

  object_store::S3Settings settings_{.bucket = "bucket",
                                     .prefix = "root",
                                     .endpoint = "http://host:9000",
                                     .access_key_id = "AKID",
                                     .secret_access_key = Secret("secret")};

  object_store::ObjectStore& store() {
    if (!store_) store_ = object_store::make_s3_store(settings_, http_, clock_).value();
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

  std::unique_ptr<object_store::Upload> started_upload() {
    answer(200, {},
           "<InitiateMultipartUploadResult><UploadId>id/1</UploadId>"
           "</InitiateMultipartUploadResult>");
    return store().start_upload(key_, {{{"n", "v"}}, 5}, never_).value();
  }

  ScriptedHttp http_;
  ManualClock clock_{parse_rfc3339("2026-08-20T10:00:05Z").value()};
  std::string log_;
  std::unique_ptr<object_store::ObjectStore> store_;
};

}  // namespace cairn::tests
