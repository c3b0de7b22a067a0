// SPDX-License-Identifier: Apache-2.0
// A server on 127.0.0.1 whose every byte the test decides: for answers that no honest server gives.
//
// Each connection runs `serve` on its own thread; the destructor closes all and joins.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "concurrency/task_group.h"

namespace cairn::tests {

class LoopbackConnection {
 public:
  LoopbackConnection(int socket, std::stop_token stop) : socket_(socket), stop_(std::move(stop)) {}
  ~LoopbackConnection();
  LoopbackConnection(const LoopbackConnection&) = delete;
  LoopbackConnection& operator=(const LoopbackConnection&) = delete;

  // A request with its Content-Length body; nothing when the client closed the connection.
  std::optional<std::string> read_request();
  // False when the client is gone.
  bool write(std::string_view bytes);
  // Until the client closes or the server is destroyed.
  void wait_for_close();
  bool stop_requested() const { return stop_.stop_requested(); }

 private:
  bool receive_more();

  int socket_;
  std::stop_token stop_;
  std::string received_;
};

class LoopbackServer {
 public:
  using Serve = std::function<void(LoopbackConnection&)>;
  explicit LoopbackServer(Serve serve);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url(std::string_view path) const;
  int connection_count() const { return connection_count_; }

 private:
  Result<> accept_connections(std::stop_token stop);

  Serve serve_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connection_count_ = 0;
  std::optional<TaskGroup> tasks_;
};

}  // namespace cairn::tests
