// SPDX-License-Identifier: Apache-2.0
#include "postgres/utf8.h"

#include <cstddef>

namespace cairn::postgres {
namespace {

struct Range {
  unsigned char low;
  unsigned char high;
};

// The length of the character that begins with `first`, 0 if none does, and what its second byte
// may be: the table 3-7 of the Unicode standard.
std::size_t character_length(unsigned char first, Range& second) {
  second = {0x80, 0xbf};
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) {
    if (first == 0xe0) second.low = 0xa0;
    if (first == 0xed) second.high = 0x9f;
    return 3;
  }
  if (first > 0xf4) return 0;
  if (first == 0xf0) second.low = 0x90;
  if (first == 0xf4) second.high = 0x8f;
  return 4;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    Range allowed{};
    const std::size_t length = character_length(static_cast<unsigned char>(bytes[at]), allowed);
    if (length == 0 || length > bytes.size() - at) return false;
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[at + i]);
      if (byte < allowed.low || byte > allowed.high) return false;
      allowed = {0x80, 0xbf};
    }
    at += length;
  }
  return true;
}

}  // namespace cairn::postgres
