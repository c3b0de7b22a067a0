// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_body.h"

#include <algorithm>
#include <vector>

namespace cairn::object_store {

namespace {

constexpr std::uint64_t kSkipBlockBytes = 256ULL * 1024;

class S3Body final : public Source {
 public:
  S3Body(std::unique_ptr<Source> network, BodyPlan plan)
      : network_(std::move(network)), plan_(std::move(plan)), left_(plan_.length) {}

  Result<std::size_t> read(std::span<char> out) override {
    if (plan_.skip_bytes > 0) TRY(skip());
    if (left_ == 0) {
      TRY(check_end());
      return 0;
    }
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    const std::size_t count = TRY(read_network(out.first(wanted)));
    left_ -= count;
    return count;
  }

 private:
  Result<std::size_t> read_network(std::span<char> out) {
    const std::size_t count = TRY(network_->read(out).context("get " + plan_.resource));
    if (count == 0) {
      return unavailable("get {}: the body ended {} bytes too early", plan_.resource, left_);
    }
    return count;
  }

  Result<> skip() {
    std::vector<char> block(std::min(kSkipBlockBytes, plan_.skip_bytes));
    while (plan_.skip_bytes > 0) {
      const std::size_t wanted = std::min<std::uint64_t>(block.size(), plan_.skip_bytes);
      plan_.skip_bytes -= TRY(read_network(std::span(block).first(wanted)));
    }
    return {};
  }

  // Asking for the end also lets the connection be used again.
  Result<> check_end() {
    if (plan_.has_rest || is_at_end_) return {};
    char byte[1];
    if (TRY(network_->read(byte).context("get " + plan_.resource)) > 0) {
      return corrupt("get {}: the body is longer than announced", plan_.resource);
    }
    is_at_end_ = true;
    return {};
  }

  std::unique_ptr<Source> network_;
  BodyPlan plan_;
  std::uint64_t left_;
  bool is_at_end_ = false;
};

}  // namespace

std::unique_ptr<Source> make_s3_body(std::unique_ptr<Source> network, BodyPlan plan) {
  return std::make_unique<S3Body>(std::move(network), std::move(plan));
}

}  // namespace cairn::object_store
