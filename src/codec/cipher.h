// SPDX-License-Identifier: Apache-2.0
// Streaming encryption. Order when writing: compress, then encrypt.
//
// libsodium: crypto_secretstream_xchacha20poly1305 in WAL-G's framing: a 24-byte header, then
// chunks of up to 8192 plaintext bytes (8209 stored); the last one is shorter than 8192 and tagged
// FINAL. A stream without its FINAL chunk is Corrupt (WAL-G accepts it; we do not).
#pragma once

#include <memory>
#include <string_view>

#include "base/secret.h"
#include "base/stream.h"

namespace cairn::codec {

// Thread-safe; outlives its sinks and sources.
class Cipher {
 public:
  virtual ~Cipher() = default;
  virtual Result<std::unique_ptr<Sink>> encrypt(Sink& out) const = 0;
  virtual Result<std::unique_ptr<Source>> decrypt(Source& in) const = 0;
};

// `transform` is WALG_LIBSODIUM_KEY_TRANSFORM: "none" (at least 25 bytes, cut or zero-padded to
// 32), "hex" or "base64" (exactly 32 bytes). The key never appears in an error.
Result<std::unique_ptr<Cipher>> make_sodium_cipher(const Secret& key, std::string_view transform);

}  // namespace cairn::codec
