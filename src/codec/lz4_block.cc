// SPDX-License-Identifier: Apache-2.0
#include "codec/lz4_block.h"

#include <lz4.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/result.h"

namespace cairn::codec {

namespace {

constexpr std::size_t kHeaderBytes = 4;
// In a block's size: the block is stored, not packed.
constexpr std::uint32_t kStoredFlag = 0x80000000;
constexpr int kAcceleration = 1;

}  // namespace

std::size_t lz4_packed_bytes_max() {
  return kHeaderBytes + static_cast<std::size_t>(LZ4_COMPRESSBOUND(kLz4BlockBytes));
}

std::size_t pack_lz4_block(std::string_view plain, std::span<char> packed) {
  ASSERT(!plain.empty() && plain.size() <= kLz4BlockBytes);
  ASSERT(packed.size() >= lz4_packed_bytes_max());
  const std::span<char> content = packed.subspan(kHeaderBytes);
  const int count = LZ4_compress_fast(plain.data(), content.data(), static_cast<int>(plain.size()),
                                      static_cast<int>(content.size()), kAcceleration);
  ASSERT(count > 0);
  auto size = static_cast<std::uint32_t>(count);
  std::uint32_t header = size;
  if (size >= plain.size()) {
    size = static_cast<std::uint32_t>(plain.size());
    header = size | kStoredFlag;
    std::memcpy(content.data(), plain.data(), plain.size());
  }
  for (std::size_t byte = 0; byte < kHeaderBytes; ++byte) {
    packed[byte] = static_cast<char>((header >> (8 * byte)) & 0xff);
  }
  return kHeaderBytes + size;
}

Lz4Slot::Lz4Slot()
    : plain_memory(std::make_unique_for_overwrite<char[]>(kLz4BlockBytes)),
      packed_memory(std::make_unique_for_overwrite<char[]>(lz4_packed_bytes_max())) {}

std::size_t Lz4Slot::append(std::string_view bytes) {
  const std::size_t count = std::min(bytes.size(), kLz4BlockBytes - plain_bytes);
  std::memcpy(plain_memory.get() + plain_bytes, bytes.data(), count);
  plain_bytes += count;
  return count;
}

void Lz4Slot::pack() {
  packed_bytes = pack_lz4_block(plain(), {packed_memory.get(), lz4_packed_bytes_max()});
}

}  // namespace cairn::codec
