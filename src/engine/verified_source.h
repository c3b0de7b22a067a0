// SPDX-License-Identifier: Apache-2.0
// Holds what is read from the store against the digest that was recorded when it was written.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/stream.h"
#include "codec/digest.h"
#include "repository/integrity.h"

namespace cairn::engine {

// Passes bytes through and, at the end, answers Corrupt instead of 0 when their number or digest is
// not `expected`. `on_bytes` hears of every chunk (progress); may be empty.
class VerifiedSource final : public Source {
 public:
  VerifiedSource(std::unique_ptr<Source> in, repository::ObjectDigest expected,
                 std::function<void(std::uint64_t)> on_bytes);
  Result<std::size_t> read(std::span<char> out) override;

 private:
  std::unique_ptr<Source> in_;
  const repository::ObjectDigest expected_;
  const std::function<void(std::uint64_t)> on_bytes_;
  codec::Sha256 digest_;
  std::uint64_t read_bytes_ = 0;
  bool is_at_end_ = false;
};

// Only counts, for objects without a digest.
class CountedSource final : public Source {
 public:
  CountedSource(std::unique_ptr<Source> in, std::function<void(std::uint64_t)> on_bytes)
      : in_(std::move(in)), on_bytes_(std::move(on_bytes)) {}
  Result<std::size_t> read(std::span<char> out) override;

 private:
  std::unique_ptr<Source> in_;
  const std::function<void(std::uint64_t)> on_bytes_;
};

}  // namespace cairn::engine
