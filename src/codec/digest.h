// SPDX-License-Identifier: Apache-2.0
// Checksums and digests of byte streams. Not thread-safe; cheap to make.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::codec {

// CRC-32C (Castagnoli) as PostgreSQL and iSCSI compute it: initial and final value inverted.
// Uses the processor's instruction where there is one.
class Crc32c {
 public:
  void update(std::string_view bytes);
  std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xffffffff;
};

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  // The digest of what came so far. Call once, last.
  std::array<unsigned char, 32> finish();
  // finish() as 64 lower-case hexadecimal digits.
  std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::array<unsigned char, 32> sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
std::array<unsigned char, 32> hmac_sha256(std::string_view key, std::string_view bytes);
std::array<unsigned char, 16> md5(std::string_view bytes);

std::string to_hex(std::string_view bytes);  // lower case
std::string to_hex(std::span<const unsigned char> bytes);
std::string to_base64(std::string_view bytes);  // the standard alphabet, with padding
std::string to_base64(std::span<const unsigned char> bytes);

// InvalidArgument names the place of the fault, never the text: it may be a key. Base64 must be
// padded; line breaks in it are skipped, as Go skips them.
Result<std::string> from_hex(std::string_view text);
Result<std::string> from_base64(std::string_view text);

}  // namespace cairn::codec
