// SPDX-License-Identifier: Apache-2.0
// The two ends of a byte stream. Bytes are chars; views of bytes are std::string_view.
//
// Compressors, ciphers, tar and object stores meet here: writers push into a Sink, readers pull
// from a Source, and each stage wraps the next. Not thread-safe: one stream belongs to one thread
// at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn {

using Bytes = std::string;

class Source {
 public:
  virtual ~Source() = default;

  // Reads at least one byte into `out` (which must not be empty) and returns how many, or 0 at the
  // end of the input. An input that ends too early for its format is an error, never a 0.
  virtual Result<std::size_t> read(std::span<char> out) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;

  // Takes all of `bytes`, or fails. After a failure the sink is only good for destruction.
  virtual Result<> write(std::string_view bytes) = 0;

  // Says that the input is complete and pushes out what was held back. Call once, last. A sink
  // destroyed without finish() abandons what it was making. Does not finish a sink it wraps.
  virtual Result<> finish() = 0;
};

// Reads until `out` is full or the input ends; returns how many bytes were read.
Result<std::size_t> read_full(Source& source, std::span<char> out);

// Reads to the end. Corrupt if there is more than `bytes_max`: nothing here is read without limit.
Result<Bytes> read_all(Source& source, std::size_t bytes_max);

// Moves everything from `source` to `sink`, without finishing it; returns the number of bytes.
Result<std::uint64_t> copy_all(Source& source, Sink& sink);

// A Source over bytes that outlive it.
class ViewSource final : public Source {
 public:
  explicit ViewSource(std::string_view bytes) : rest_(bytes) {}
  Result<std::size_t> read(std::span<char> out) override;

 private:
  std::string_view rest_;
};

// A Sink that keeps everything in memory: for small things and for tests.
class StringSink final : public Sink {
 public:
  Result<> write(std::string_view bytes) override;
  Result<> finish() override { return {}; }
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace cairn
