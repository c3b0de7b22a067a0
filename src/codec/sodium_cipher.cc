// SPDX-License-Identifier: Apache-2.0
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "codec/cipher.h"

namespace cairn::codec {

namespace {

constexpr std::size_t kPlainBytes = 8192;
constexpr std::size_t kOverheadBytes = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kStoredBytes = kPlainBytes + kOverheadBytes;
constexpr std::size_t kHeaderBytes = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kKeyBytes = crypto_secretstream_xchacha20poly1305_KEYBYTES;
// WAL-G refuses shorter keys that it would have to pad.
constexpr std::size_t kUntransformedKeyBytesMin = 25;
// How many chunks go to or come from the other stream at once.
constexpr std::size_t kBatchCount = 16;

static_assert(kStoredBytes == 8209 && kHeaderBytes == 24 && kKeyBytes == 32);

unsigned char* octets(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* octets(const char* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

// Overwritten when it goes.
class Key {
 public:
  Key() = default;
  Key(const Key& other) = default;
  Key& operator=(const Key&) = delete;
  ~Key() { sodium_memzero(bytes_.data(), bytes_.size()); }

  unsigned char* data() { return bytes_.data(); }
  const unsigned char* data() const { return bytes_.data(); }

 private:
  std::array<unsigned char, kKeyBytes> bytes_{};
};

// The state of a stream: it holds keys as well.
class State {
 public:
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { sodium_memzero(&state_, sizeof(state_)); }

  crypto_secretstream_xchacha20poly1305_state* get() { return &state_; }

 private:
  crypto_secretstream_xchacha20poly1305_state state_{};
};

class EncryptingSink final : public Sink {
 public:
  EncryptingSink(const Key& key, Sink& out) : out_(out) {
    stored_.reserve(kHeaderBytes + kBatchCount * kStoredBytes);
    stored_.resize(kHeaderBytes);
    ASSERT(crypto_secretstream_xchacha20poly1305_init_push(state_.get(), octets(stored_.data()),
                                                           key.data()) == 0);
    plain_.reserve(kPlainBytes);
  }

  Result<> write(std::string_view bytes) override {
    if (!plain_.empty()) {
      const std::size_t count = std::min(bytes.size(), kPlainBytes - plain_.size());
      plain_.insert(plain_.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(count));
      bytes.remove_prefix(count);
      if (plain_.size() < kPlainBytes) return {};
      TRY(push({plain_.data(), plain_.size()}, kMessage));
      plain_.clear();
    }
    while (bytes.size() >= kPlainBytes) {
      TRY(push(bytes.substr(0, kPlainBytes), kMessage));
      bytes.remove_prefix(kPlainBytes);
    }
    plain_.assign(bytes.begin(), bytes.end());
    return {};
  }

  // A full chunk is always written as a MESSAGE, so that the last is short, as WAL-G wants it.
  Result<> finish() override {
    TRY(push({plain_.data(), plain_.size()}, kFinal));
    return flush();
  }

 private:
  static constexpr unsigned char kMessage = crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
  static constexpr unsigned char kFinal = crypto_secretstream_xchacha20poly1305_TAG_FINAL;

  Result<> push(std::string_view plain, unsigned char tag) {
    const std::size_t before = stored_.size();
    stored_.resize(before + plain.size() + kOverheadBytes);
    ASSERT(crypto_secretstream_xchacha20poly1305_push(state_.get(), octets(stored_.data() + before),
                                                      nullptr, octets(plain.data()), plain.size(),
                                                      nullptr, 0, tag) == 0);
    if (stored_.size() + kStoredBytes <= stored_.capacity()) return {};
    return flush();
  }

  Result<> flush() {
    TRY(out_.write({stored_.data(), stored_.size()}));
    stored_.clear();
    return {};
  }

  State state_;
  Sink& out_;
  std::vector<char> plain_;   // less than a chunk
  std::vector<char> stored_;  // the header and chunks that are still to be written
};

class DecryptingSource final : public Source {
 public:
  DecryptingSource(const Key& key, Source& in)
      : key_(key), in_(in), stored_(kBatchCount * kStoredBytes) {}

  Result<std::size_t> read(std::span<char> out) override {
    ASSERT(!out.empty());
    if (!has_header_) TRY(read_header());
    while (plain_rest_.empty()) {
      if (is_final_) return std::size_t{0};
      if (out.size() >= kPlainBytes) {
        const std::size_t count = TRY(pull(out.first(kPlainBytes)));
        if (count > 0) return count;
        continue;
      }
      const std::size_t count = TRY(pull(plain_));
      plain_rest_ = {plain_.data(), count};
    }
    const std::size_t count = plain_rest_.copy(out.data(), out.size());
    plain_rest_.remove_prefix(count);
    return count;
  }

 private:
  Result<> read_header() {
    std::array<char, kHeaderBytes> header{};
    if (TRY(read_full(in_, header)) < header.size()) {
      return corrupt("encrypted data is cut short within its header");
    }
    ASSERT(crypto_secretstream_xchacha20poly1305_init_pull(state_.get(), octets(header.data()),
                                                           key_.data()) == 0);
    has_header_ = true;
    return {};
  }

  // Decrypts the next chunk into `out`, which has room for a full one.
  Result<std::size_t> pull(std::span<char> out) {
    if (stored_rest_.empty()) {
      stored_rest_ = {stored_.data(), TRY(read_full(in_, stored_))};
      if (stored_rest_.empty()) {
        return corrupt("encrypted data is cut short: no final chunk after {} chunks", chunk_count_);
      }
    }
    const std::string_view chunk = stored_rest_.substr(0, kStoredBytes);
    stored_rest_.remove_prefix(chunk.size());
    unsigned char tag = 0;
    if (chunk.size() < kOverheadBytes || crypto_secretstream_xchacha20poly1305_pull(
                                             state_.get(), octets(out.data()), nullptr, &tag,
                                             octets(chunk.data()), chunk.size(), nullptr, 0) != 0) {
      return corrupt("encrypted data does not decrypt at chunk {}: {}", chunk_count_,
                     chunk_count_ == 0 ? "wrong key, not encrypted, damaged or cut short"
                                       : "damaged or cut short");
    }
    TRY(check_tag(tag, chunk.size() == kStoredBytes));
    ++chunk_count_;
    return chunk.size() - kOverheadBytes;
  }

  // Full chunks are messages and a short one is the last: anything else is not WAL-G's framing.
  Result<> check_tag(unsigned char tag, bool is_full) {
    const bool is_final = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    const bool is_message = tag == crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
    if (is_full && is_message) return {};
    if (!is_full && is_final) {
      is_final_ = true;
      return {};
    }
    return corrupt("encrypted data has a {} chunk {} with tag {}", is_full ? "full" : "short",
                   chunk_count_, tag);
  }

  const Key key_;
  State state_;
  Source& in_;
  std::vector<char> stored_;
  std::string_view stored_rest_ = {};
  std::array<char, kPlainBytes> plain_{};
  std::string_view plain_rest_ = {};
  std::uint64_t chunk_count_ = 0;
  bool has_header_ = false;
  bool is_final_ = false;
};

class SodiumCipher final : public Cipher {
 public:
  explicit SodiumCipher(const Key& key) : key_(key) {}

  Result<std::unique_ptr<Sink>> encrypt(Sink& out) const override {
    return std::unique_ptr<Sink>(std::make_unique<EncryptingSink>(key_, out));
  }
  Result<std::unique_ptr<Source>> decrypt(Source& in) const override {
    return std::unique_ptr<Source>(std::make_unique<DecryptingSource>(key_, in));
  }

 private:
  const Key key_;
};

// Decodes `text` into `key`; nothing is left elsewhere. False unless it is exactly one key.
bool decode_key(std::string_view text, std::string_view transform, Key& key) {
  std::size_t count = 0;
  const char* end = nullptr;
  const int status =
      transform == "hex"
          ? sodium_hex2bin(key.data(), kKeyBytes, text.data(), text.size(), nullptr, &count, &end)
          : sodium_base642bin(key.data(), kKeyBytes, text.data(), text.size(), "\r\n", &count, &end,
                              sodium_base64_VARIANT_ORIGINAL);
  return status == 0 && count == kKeyBytes && end == text.data() + text.size();
}

}  // namespace

Result<std::unique_ptr<Cipher>> make_sodium_cipher(const Secret& key, std::string_view transform) {
  if (sodium_init() < 0) return internal_error("libsodium can't be initialised");
  const std::string_view text = key.expose();
  Key decoded;
  if (transform == "none") {
    if (text.size() < kUntransformedKeyBytesMin) {
      return invalid_argument("the libsodium key has {} bytes; at least {} are needed", text.size(),
                              kUntransformedKeyBytesMin);
    }
    std::memcpy(decoded.data(), text.data(), std::min(text.size(), kKeyBytes));
  } else if (transform == "hex" || transform == "base64") {
    if (!decode_key(text, transform, decoded)) {
      return invalid_argument("the libsodium key is not {} of exactly {} bytes", transform,
                              kKeyBytes);
    }
  } else {
    return invalid_argument("libsodium key transform \"{}\" is none of none, hex, base64",
                            transform);
  }
  return std::unique_ptr<Cipher>(std::make_unique<SodiumCipher>(decoded));
}

}  // namespace cairn::codec
