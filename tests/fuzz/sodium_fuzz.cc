// SPDX-License-Identifier: Apache-2.0
// Encrypted objects of a hostile store. Nobody forges a chunk, so a valid stream is made from the
// input, and the input's first bytes say how it is damaged: it must come out whole or not at all.
#include <algorithm>

#include "base/stream.h"
#include "codec/cipher.h"
#include "tests/fuzz/fuzz.h"

namespace {

constexpr std::size_t kBytesMax = 1 << 20;
constexpr std::string_view kKey = "an example key, not a secret";

cairn::Bytes encrypted(const cairn::codec::Cipher& cipher, std::string_view plain,
                       std::size_t bytes_each) {
  cairn::StringSink out;
  const auto sink = cipher.encrypt(out).value();
  for (; !plain.empty(); plain.remove_prefix(std::min(bytes_each, plain.size()))) {
    ASSERT(sink->write(plain.substr(0, bytes_each)).ok());
  }
  ASSERT(sink->finish().ok());
  return out.take();
}

cairn::Result<cairn::Bytes> decrypted(const cairn::codec::Cipher& cipher, std::string_view stored) {
  cairn::ViewSource in(stored);
  const auto source = cipher.decrypt(in).value();
  return cairn::read_all(*source, kBytesMax);
}

}  // namespace

void fuzz(std::string_view input) {
  if (input.size() < 4) return;
  const auto cipher =
      cairn::codec::make_sodium_cipher(cairn::Secret(std::string(kKey)), "none").value();
  (void)decrypted(*cipher, input);

  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
  // Repeated, so that a small input crosses a chunk's boundary.
  cairn::Bytes plain;
  for (int i = 0; i <= byte(0); ++i) plain += input.substr(4);
  plain.resize(std::min(plain.size(), kBytesMax));
  cairn::Bytes stored = encrypted(*cipher, plain, std::size_t{byte(1)} * 77 + 1);
  ASSERT(decrypted(*cipher, stored).value() == plain);

  const std::size_t at = (std::size_t{byte(2)} * 256 + byte(3)) % stored.size();
  ASSERT(!decrypted(*cipher, std::string_view(stored).substr(0, at)).ok());
  stored[at] = static_cast<char>(stored[at] ^ (1 << (byte(1) % 8)));
  ASSERT(!decrypted(*cipher, stored).ok());
}
