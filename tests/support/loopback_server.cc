// SPDX-License-Identifier: Apache-2.0
#include "tests/support/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

namespace cairn::tests {

namespace {

constexpr int kPollMilliseconds = 20;

// True when `events` came, false when the test is over.
bool wait_for(int socket, short events, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{.fd = socket, .events = events, .revents = 0};
    if (poll(&waiting, 1, kPollMilliseconds) > 0) return true;
  }
  return false;
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = head.find(kName);
  std::size_t length = 0;
  if (at != std::string_view::npos) {
    std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  }
  return length;
}

}  // namespace

LoopbackConnection::~LoopbackConnection() {
  close(socket_);
}

bool LoopbackConnection::receive_more() {
  if (!wait_for(socket_, POLLIN, stop_)) return false;
  char block[64 * 1024];
  const ssize_t count = recv(socket_, block, sizeof(block), 0);
  if (count <= 0) return false;
  received_.append(block, static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> LoopbackConnection::read_request() {
  std::size_t head_end = 0;
  while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more()) return std::nullopt;
  }
  const std::size_t end = head_end + 4 + content_length(received_.substr(0, head_end));
  while (received_.size() < end) {
    if (!receive_more()) return std::nullopt;
  }
  std::string request = received_.substr(0, end);
  received_.erase(0, end);
  return request;
}

bool LoopbackConnection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_for(socket_, POLLOUT, stop_)) return false;
    const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void LoopbackConnection::wait_for_close() {
  while (receive_more()) received_.clear();
}

LoopbackServer::LoopbackServer(Serve serve) : serve_(std::move(serve)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT(listener_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT(bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
  ASSERT(listen(listener_, 16) == 0);
  ASSERT(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  port_ = ntohs(address.sin_port);
  tasks_.emplace(std::stop_token{});
  tasks_->start([this](std::stop_token stop) { return accept_connections(std::move(stop)); });
}

LoopbackServer::~LoopbackServer() {
  tasks_.reset();
  close(listener_);
}

std::string LoopbackServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

Result<> LoopbackServer::accept_connections(std::stop_token stop) {
  TaskGroup connections(stop);
  while (wait_for(listener_, POLLIN, stop)) {
    const int accepted = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) continue;
    ++connection_count_;
    connections.start([this, accepted](std::stop_token connection_stop) -> Result<> {
      LoopbackConnection connection(accepted, std::move(connection_stop));
      serve_(connection);
      return {};
    });
  }
  return connections.join();
}

}  // namespace cairn::tests
