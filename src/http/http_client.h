// SPDX-License-Identifier: Apache-2.0
// HTTP requests to servers we do not trust to be quick or right.
//
// An interface so that tests script the server's faults; the real one (CurlHttpClient) keeps
// connections open between requests and verifies certificates always. Thread-safe: many requests
// may run at once, each on its own connection.
//
// Errors: Unavailable for anything of the network (refused, reset, timed out, cut body), Denied for
// a certificate that does not verify, Cancelled for `stop`. An HTTP status is never an error here.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/stream.h"

namespace cairn::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute; already encoded
  Headers headers = {};
  // The whole body; outlives the request. Repeatable, so a retry needs no copy.
  std::string_view body = {};
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case
  // Pulls the body from the network as it is read. Fewer bytes than Content-Length promised are
  // Unavailable. Destroying it early drops the connection.
  std::unique_ptr<Source> body = {};

  std::string header(const std::string& lower_case_name) const;  // "" when absent
};

struct HttpOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  // No byte in either direction for this long: Unavailable. A slow transfer that moves is not cut.
  std::chrono::milliseconds stall_timeout{60'000};
  std::string ca_file = {};  // PEM; replaces the system's
  std::string user_agent = "cairn";
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Sends and waits for the status line and headers; the body follows through the response.
  virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) = 0;
};

// Over libcurl. `stop` ends a wait within a second.
std::unique_ptr<HttpClient> make_http_client(const HttpOptions& options);

}  // namespace cairn::http
