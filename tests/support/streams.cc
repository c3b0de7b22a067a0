// SPDX-License-Identifier: Apache-2.0
#include "tests/support/streams.h"

#include <array>
#include <cstring>
#include <random>

namespace cairn::tests {

Bytes random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Bytes bytes(count, '\0');
  for (std::size_t at = 0; at < count; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = engine();
    std::memcpy(bytes.data() + at, &word, std::min(sizeof(word), count - at));
  }
  return bytes;
}

Bytes text_bytes(std::size_t count, std::uint64_t seed) {
  constexpr std::array<std::string_view, 8> kWords = {"segment ", "page ",     "relation ", "a ",
                                                      "backup ",  "timeline ", "of ",       "7 "};
  std::mt19937_64 engine(seed);
  Bytes bytes;
  bytes.reserve(count + kWords[5].size());
  while (bytes.size() < count) bytes += kWords[engine() % kWords.size()];
  bytes.resize(count);
  return bytes;
}

}  // namespace cairn::tests
