// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scripted_http.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace cairn::tests {

namespace {

class ScriptedBody final : public Source {
 public:
  ScriptedBody(std::string bytes, bool cut) : bytes_(std::move(bytes)), cut_(cut) {}

  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t count = std::min(out.size(), bytes_.size() - taken_);
    if (count == 0 && cut_) return unavailable("the connection was cut");
    std::memcpy(out.data(), bytes_.data() + taken_, count);
    taken_ += count;
    return count;
  }

 private:
  std::string bytes_;
  bool cut_;
  std::size_t taken_ = 0;
};

std::string to_lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::string SentRequest::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

void ScriptedHttp::answer(Answer answer) {
  const std::lock_guard lock(mutex_);
  script_.emplace_back(std::move(answer));
}

void ScriptedHttp::fail(Error error) {
  const std::lock_guard lock(mutex_);
  script_.emplace_back(std::move(error));
}

Result<http::HttpResponse> ScriptedHttp::send(const http::HttpRequest& request,
                                              std::stop_token stop) {
  if (stop.stop_requested()) return cancelled("stopped");
  SentRequest sent{.method = request.method,
                   .url = request.url,
                   .body = std::string(request.body),
                   .timeout = request.timeout};
  for (const auto& [name, value] : request.headers) sent.headers[to_lower(name)] = value;

  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(sent));
  if (script_.empty()) {
    return internal_error("the script has no answer to {} {}", request.method, request.url);
  }
  Result<Answer> next = std::move(script_.front());
  script_.pop_front();
  Answer answer = TRY(std::move(next));
  http::HttpResponse response{.status = answer.status, .headers = std::move(answer.headers)};
  response.body = std::make_unique<ScriptedBody>(std::move(answer.body), answer.cut);
  return response;
}

std::vector<SentRequest> ScriptedHttp::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t ScriptedHttp::left() const {
  const std::lock_guard lock(mutex_);
  return script_.size();
}

}  // namespace cairn::tests
