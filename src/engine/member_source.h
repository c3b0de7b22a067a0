// SPDX-License-Identifier: Apache-2.0
// The rest of a tar member as a stream. Not thread-safe; the reader outlives it.
#pragma once

#include "base/stream.h"
#include "codec/tar.h"

namespace cairn::engine {

class MemberSource final : public Source {
 public:
  explicit MemberSource(codec::TarReader& tar) : tar_(tar) {}
  Result<std::size_t> read(std::span<char> out) override { return tar_.read(out); }

 private:
  codec::TarReader& tar_;
};

}  // namespace cairn::engine
