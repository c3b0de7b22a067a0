// SPDX-License-Identifier: Apache-2.0
// Streams that behave badly, and bytes to send through them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/stream.h"

namespace cairn::tests {

// Hands out at most `bytes_each` bytes a read.
class ChunkedSource final : public Source {
 public:
  ChunkedSource(std::string_view bytes, std::size_t bytes_each)
      : in_(bytes), bytes_each_(bytes_each) {}

  Result<std::size_t> read(std::span<char> out) override {
    return in_.read(out.first(std::min(out.size(), bytes_each_)));
  }

 private:
  ViewSource in_;
  std::size_t bytes_each_;
};

// Hands out `bytes`, then fails instead of ending.
class FailingSource final : public Source {
 public:
  explicit FailingSource(std::string_view bytes) : in_(bytes) {}

  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t count = TRY(in_.read(out));
    if (count == 0) return unavailable("the source failed");
    return count;
  }

 private:
  ViewSource in_;
};

// Takes `bytes_max` bytes; a write beyond that fails.
class FailingSink final : public Sink {
 public:
  explicit FailingSink(std::uint64_t bytes_max) : left_bytes_(bytes_max) {}

  Result<> write(std::string_view bytes) override {
    if (bytes.size() > left_bytes_) return unavailable("the sink failed");
    left_bytes_ -= bytes.size();
    return {};
  }
  Result<> finish() override { return {}; }

 private:
  std::uint64_t left_bytes_;
};

// The same bytes for the same seed. Not compressible.
Bytes random_bytes(std::size_t count, std::uint64_t seed);
// Words in random order: compresses to about a third.
Bytes text_bytes(std::size_t count, std::uint64_t seed);

}  // namespace cairn::tests
