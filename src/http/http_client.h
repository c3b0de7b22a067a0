// SPDX-License-Identifier: Apache-2.0
// HTTP requests to servers we do not trust to be quick or right.
//
// An interface so that tests script the server's faults; the real one (CurlHttpClient) keeps
// connections open between requests and verifies certificates always. Thread-safe: many requests
// may run at once, each on its own connection.
//
// Redirects are not followed, compressed bodies not unpacked, TLS older than 1.2 not spoken.
// Proxies named by the usual environment variables are used.
//
// Errors: Unavailable for anything of the network (refused, reset, timed out, cut body), Denied for
// a certificate that does not verify, InvalidArgument for a request or an option that cannot work,
// Cancelled for `stop`. An HTTP status is never an error here. Messages name the server and the
// cause, never a path, a query or a header: those carry secrets.
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
  // Waiting longer than this for the server, plus a second for every 4 KiB moved either way, is
  // Unavailable: a server that trickles cannot hold us. The time a reader of the body takes does
  // not count. 0: only the client's stall timeout.
  std::chrono::milliseconds timeout{0};
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case
  // Pulls the body from the network as it is read. Fewer bytes than Content-Length promised are
  // Unavailable. Destroying it early drops the connection. Waits end with the `stop` given to
  // send().
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

// Over libcurl. `stop` ends a wait within a second. Outlives the bodies of its responses. The
// program ignores SIGPIPE: TLS libraries cannot promise not to raise it.
std::unique_ptr<HttpClient> make_http_client(const HttpOptions& options);

}  // namespace cairn::http
