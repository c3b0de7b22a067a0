// SPDX-License-Identifier: Apache-2.0
#include "base/stream.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace cairn {

namespace {
constexpr std::size_t kCopyBytes = 256 * 1024;
}

Result<std::size_t> read_full(Source& source, std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t count = TRY(source.read(out.subspan(done)));
    if (count == 0) break;
    done += count;
  }
  return done;
}

Result<Bytes> read_all(Source& source, std::size_t bytes_max) {
  Bytes all;
  std::vector<char> buffer(64 * 1024);
  while (true) {
    const std::size_t count = TRY(source.read(buffer));
    if (count == 0) return all;
    if (all.size() + count > bytes_max) return corrupt("longer than {} bytes", bytes_max);
    all.append(buffer.data(), count);
  }
}

Result<std::uint64_t> copy_all(Source& source, Sink& sink) {
  std::vector<char> buffer(kCopyBytes);
  std::uint64_t total = 0;
  while (true) {
    const std::size_t count = TRY(source.read(buffer));
    if (count == 0) return total;
    TRY(sink.write({buffer.data(), count}));
    total += count;
  }
}

Result<std::size_t> ViewSource::read(std::span<char> out) {
  const std::size_t count = std::min(out.size(), rest_.size());
  std::memcpy(out.data(), rest_.data(), count);
  rest_.remove_prefix(count);
  return count;
}

Result<> StringSink::write(std::string_view bytes) {
  bytes_.append(bytes);
  return {};
}

}  // namespace cairn
