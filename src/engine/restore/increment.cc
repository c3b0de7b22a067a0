// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/increment.h"

#include <array>
#include <bit>
#include <cstring>
#include <vector>

namespace cairn::engine {

namespace {

constexpr std::uint64_t kPageBytes = 8192;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::string_view kMagic = "wi1\x55";
// A segment file has at most 1 GiB in ordinary builds; 64 GiB allows for --with-segsize.
constexpr std::uint64_t kBlockCountMax = 8u << 20;

template <class T>
T load_little_endian(const char* bytes) {
  static_assert(std::endian::native == std::endian::little, "add a byte swap for this machine");
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

Result<> read_exactly(Source& source, std::span<char> out) {
  const std::size_t count = TRY(read_full(source, out));
  if (count < out.size()) return corrupt("the increment is cut");
  return {};
}

}  // namespace

Result<std::uint64_t> apply_increment(Source& increment, std::uint64_t increment_bytes,
                                      files::File& file) {
  std::array<char, kHeaderBytes> header;
  TRY(read_exactly(increment, header));
  if (std::string_view(header.data(), kMagic.size()) != kMagic) {
    return corrupt("not an increment: it does not start with wi1\\x55");
  }
  const auto file_bytes = load_little_endian<std::uint64_t>(header.data() + 4);
  const auto count = load_little_endian<std::uint32_t>(header.data() + 12);
  if (count > kBlockCountMax || file_bytes > kBlockCountMax * kPageBytes ||
      increment_bytes != kHeaderBytes + count * (sizeof(std::uint32_t) + kPageBytes)) {
    return corrupt("the increment's header ({} pages, file of {} bytes) does not fit its {} bytes",
                   count, file_bytes, increment_bytes);
  }
  std::vector<char> numbers(count * sizeof(std::uint32_t));
  if (count > 0) TRY(read_exactly(increment, numbers));
  TRY(file.truncate(file_bytes));
  std::array<char, kPageBytes> page;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto block =
        load_little_endian<std::uint32_t>(numbers.data() + i * sizeof(std::uint32_t));
    if ((std::uint64_t{block} + 1) * kPageBytes > file_bytes) {
      return corrupt("the increment holds block {} of a file of {} bytes", block, file_bytes);
    }
    TRY(read_exactly(increment, page));
    TRY(file.write_at(block * kPageBytes, {page.data(), page.size()}));
  }
  return file_bytes;
}

}  // namespace cairn::engine
