// SPDX-License-Identifier: Apache-2.0
// One exchange at a time over libcurl, on a connection that stays open for the next.
//
// Bytes move only inside start() and read(), so a slow reader slows the server and nothing is
// buffered beyond one block of libcurl's. Belongs to one thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/http_client.h"
#include "http/url.h"

namespace cairn::http {

class CurlTransfer {
 public:
  // `options` outlives the transfer.
  static Result<std::unique_ptr<CurlTransfer>> make(const HttpOptions& options);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Sends `request` and waits for the headers; the response has no body yet.
  Result<HttpResponse> start(const HttpRequest& request, const Url& url, std::stop_token stop);
  // Source::read() of the response's body.
  Result<std::size_t> read(std::span<char> out);
  // Ends the exchange. A body not read to its end costs the connection.
  void finish();

  // The server of the last exchange, whose connection may still be open.
  const std::string& origin() const { return origin_; }

 private:
  struct Curl;
  struct Reply;

  explicit CurlTransfer(const HttpOptions& options);
  Result<> prepare(const HttpRequest& request);
  Result<> add_headers(const HttpRequest& request);
  void set_method_and_body(const HttpRequest& request);
  void set_limits();
  Result<> pump(const std::function<bool()>& is_enough);
  Result<> wait_for_network();
  void note_end();
  Error failure(std::string_view cause) const;
  Error curl_failure() const;

  const HttpOptions& options_;
  SystemClock clock_;
  std::unique_ptr<Curl> curl_;
  std::unique_ptr<Reply> reply_;
  std::string method_;
  std::string origin_;
  std::stop_token stop_;
  std::chrono::milliseconds timeout_{0};
  SteadyTime::duration waited_{};       // in this exchange
  SteadyTime::duration waited_idle_{};  // since a byte moved
  std::uint64_t moved_bytes_ = 0;
};

}  // namespace cairn::http
