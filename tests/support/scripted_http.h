// SPDX-License-Identifier: Apache-2.0
// An HttpClient that answers from a script, one entry per request, and remembers what was asked.
//
// A request beyond the script is Internal, so a test notices a request it did not expect.
// Thread-safe.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http/http_client.h"

namespace cairn::tests {

struct SentRequest {
  std::string method = {};
  std::string url = {};
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string body = {};
  std::chrono::milliseconds timeout{0};

  std::string header(const std::string& lower_case_name) const;  // "" when absent
};

class ScriptedHttp final : public http::HttpClient {
 public:
  struct Answer {
    int status = 200;
    std::map<std::string, std::string> headers = {};
    std::string body = {};
    // The body breaks off after its last byte, as when a connection is cut.
    bool cut = false;
  };

  void answer(Answer answer);
  void fail(Error error);

  Result<http::HttpResponse> send(const http::HttpRequest& request, std::stop_token stop) override;

  std::vector<SentRequest> requests() const;
  // What of the script nobody asked for yet.
  std::size_t left() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Result<Answer>> script_;
  std::vector<SentRequest> requests_;
};

}  // namespace cairn::tests
