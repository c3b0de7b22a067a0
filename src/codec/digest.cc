// SPDX-License-Identifier: Apache-2.0
#include "codec/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits>

namespace cairn::codec {

namespace {

// OpenSSL's digests fail only when memory is out or the program asks for what there is not; both
// end the program, so digests need no Result.
template <std::size_t kBytes>
std::array<unsigned char, kBytes> digest_of(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<unsigned char, kBytes> digest{};
  unsigned int size = 0;
  ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) == 1);
  ASSERT(size == kBytes);
  return digest;
}

}  // namespace

struct Sha256::State {
  struct Free {
    void operator()(EVP_MD_CTX* owned) const { EVP_MD_CTX_free(owned); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  ASSERT(state_->context != nullptr);
  ASSERT(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::array<unsigned char, 32> Sha256::finish() {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  ASSERT(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1);
  ASSERT(size == digest.size());
  return digest;
}

std::string Sha256::finish_hex() {
  return to_hex(finish());
}

std::array<unsigned char, 32> sha256(std::string_view bytes) {
  return digest_of<32>(EVP_sha256(), bytes);
}

std::string sha256_hex(std::string_view bytes) {
  return to_hex(sha256(bytes));
}

std::array<unsigned char, 16> md5(std::string_view bytes) {
  return digest_of<16>(EVP_md5(), bytes);
}

std::array<unsigned char, 32> hmac_sha256(std::string_view key, std::string_view bytes) {
  ASSERT(key.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  // A null key would mean "the key of the call before".
  const char* const key_bytes = key.empty() ? "" : key.data();
  ASSERT(HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(),
              &size) != nullptr);
  ASSERT(size == digest.size());
  return digest;
}

}  // namespace cairn::codec
