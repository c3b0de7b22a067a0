// SPDX-License-Identifier: Apache-2.0
// One block of an lz4 frame. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace cairn::codec {

// The largest that the format has, and what WAL-G writes.
inline constexpr std::size_t kLz4BlockBytes = 4 * 1024 * 1024;

// Room for a block with its header, packed or not.
std::size_t lz4_packed_bytes_max();

// Writes block header and content into `packed`, which has room for the worst; returns their size.
// What does not shrink is stored as it is.
std::size_t pack_lz4_block(std::string_view plain, std::span<char> packed);

// Memory for one block on its way: touched only as far as it is used.
struct Lz4Slot {
  Lz4Slot();

  std::string_view plain() const { return {plain_memory.get(), plain_bytes}; }
  std::string_view packed() const { return {packed_memory.get(), packed_bytes}; }
  bool is_full() const { return plain_bytes == kLz4BlockBytes; }
  // Takes as much of `bytes` as fits and returns how much that was.
  std::size_t append(std::string_view bytes);
  void pack();

  std::unique_ptr<char[]> plain_memory;
  std::size_t plain_bytes = 0;
  std::unique_ptr<char[]> packed_memory;
  std::size_t packed_bytes = 0;
};

}  // namespace cairn::codec
