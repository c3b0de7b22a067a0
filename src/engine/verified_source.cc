// SPDX-License-Identifier: Apache-2.0
#include "engine/verified_source.h"

#include <utility>

namespace cairn::engine {

VerifiedSource::VerifiedSource(std::unique_ptr<Source> in, repository::ObjectDigest expected,
                               std::function<void(std::uint64_t)> on_bytes)
    : in_(std::move(in)), expected_(std::move(expected)), on_bytes_(std::move(on_bytes)) {}

Result<std::size_t> VerifiedSource::read(std::span<char> out) {
  if (is_at_end_) return std::size_t{0};
  const std::size_t count = TRY(in_->read(out));
  if (count > 0) {
    digest_.update({out.data(), count});
    read_bytes_ += count;
    if (on_bytes_) on_bytes_(count);
    return count;
  }
  is_at_end_ = true;
  if (read_bytes_ != expected_.size_bytes) {
    return corrupt("the stored object has {} bytes, {} were written", read_bytes_,
                   expected_.size_bytes);
  }
  if (digest_.finish_hex() != expected_.sha256_hex) {
    return corrupt("the stored object is damaged: its SHA-256 is not that of what was written");
  }
  return std::size_t{0};
}

Result<std::size_t> CountedSource::read(std::span<char> out) {
  const std::size_t count = TRY(in_->read(out));
  if (count > 0 && on_bytes_) on_bytes_(count);
  return count;
}

}  // namespace cairn::engine
