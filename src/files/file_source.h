// SPDX-License-Identifier: Apache-2.0
// A File read from its beginning as a stream. Not thread-safe; the file outlives it.
#pragma once

#include <cstdint>

#include "base/stream.h"
#include "files/file.h"

namespace cairn::files {

class FileSource final : public Source {
 public:
  explicit FileSource(File& file) : file_(file) {}
  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t count = TRY(file_.read_at(offset_, out));
    offset_ += count;
    return count;
  }

 private:
  File& file_;
  std::uint64_t offset_ = 0;
};

}  // namespace cairn::files
