// SPDX-License-Identifier: Apache-2.0
#include "tests/support/wal_sample.h"

#include <fmt/format.h>

#include <cstring>

#include "tests/support/streams.h"

namespace cairn::tests {

namespace {

constexpr std::uint16_t kMagic15 = 0xD110;
constexpr std::uint16_t kLongHeader = 2;
constexpr std::uint32_t kPageBytes = 8192;

template <class T>
void put(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

std::uint32_t hexadecimal(std::string_view digits) {
  return static_cast<std::uint32_t>(std::stoul(std::string(digits), nullptr, 16));
}

}  // namespace

std::string wal_sample(std::string_view name, const WalSampleOptions& options) {
  std::string bytes = text_bytes(options.segment_bytes, options.seed);
  const std::uint64_t address =
      (std::uint64_t{hexadecimal(name.substr(8, 8))} << 32) +
      std::uint64_t{hexadecimal(name.substr(16, 8))} * options.segment_bytes;
  put(bytes, 0, kMagic15);
  put(bytes, 2, kLongHeader);
  put(bytes, 4, hexadecimal(name.substr(0, 8)));
  put(bytes, 8, address);
  put(bytes, 16, std::uint64_t{0});
  put(bytes, 24, options.system_identifier);
  put(bytes, 32, options.segment_bytes);
  put(bytes, 36, kPageBytes);
  return bytes;
}

std::string wal_sample_name(unsigned number) {
  return fmt::format("0000000100000000{:08X}", number);
}

}  // namespace cairn::tests
