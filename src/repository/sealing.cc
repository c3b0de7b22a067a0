// SPDX-License-Identifier: Apache-2.0
#include "repository/sealing.h"

#include <string>

#include "repository/names.h"

namespace cairn::repository {
namespace {

// Owns the two stages; either is absent when it would only copy.
class Sealer final : public Sink {
 public:
  explicit Sealer(Sink& out) : front_(&out) {}

  void push(std::unique_ptr<Sink> stage, bool is_cipher) {
    front_ = stage.get();
    (is_cipher ? cipher_ : compressor_) = std::move(stage);
  }
  Sink& front() { return *front_; }

  Result<> write(std::string_view bytes) override { return front_->write(bytes); }
  Result<> finish() override {
    if (compressor_) TRY(compressor_->finish());
    if (cipher_) TRY(cipher_->finish());
    return {};
  }

 private:
  Sink* front_;
  std::unique_ptr<Sink> cipher_;
  std::unique_ptr<Sink> compressor_;  // destroyed first: it writes to the cipher
};

class Unsealer final : public Source {
 public:
  Unsealer(std::unique_ptr<Source> stored, std::string_view name)
      : stored_(std::move(stored)), front_(stored_.get()), name_(name) {}

  Result<> add_cipher(const codec::Cipher& cipher) {
    decrypted_ = TRY(cipher.decrypt(*front_).context(name_));
    front_ = decrypted_.get();
    return {};
  }
  Result<> add_decompressor(codec::Compression compression) {
    decompressed_ = TRY(codec::make_decompressor(compression, *front_).context(name_));
    front_ = decompressed_.get();
    return {};
  }

  Result<std::size_t> read(std::span<char> out) override {
    return front_->read(out).context(name_);
  }

 private:
  std::unique_ptr<Source> stored_;
  std::unique_ptr<Source> decrypted_;
  std::unique_ptr<Source> decompressed_;
  Source* front_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_sealer(const Sealing& sealing, Sink& out) {
  auto sealer = std::make_unique<Sealer>(out);
  if (sealing.cipher != nullptr) sealer->push(TRY(sealing.cipher->encrypt(out)), true);
  if (sealing.compression != codec::Compression::None) {
    sealer->push(TRY(codec::make_compressor(sealing.compression, sealing.options, sealer->front())),
                 false);
  }
  return std::unique_ptr<Sink>(std::move(sealer));
}

Result<std::unique_ptr<Source>> unseal(std::unique_ptr<Source> stored,
                                       codec::Compression compression, const codec::Cipher* cipher,
                                       std::string_view name) {
  auto unsealer = std::make_unique<Unsealer>(std::move(stored), name);
  if (cipher != nullptr) TRY(unsealer->add_cipher(*cipher));
  if (compression != codec::Compression::None) TRY(unsealer->add_decompressor(compression));
  return std::unique_ptr<Source>(std::move(unsealer));
}

Result<std::unique_ptr<Source>> open_sealed(object_store::ObjectStore& store,
                                            const object_store::ObjectKey& key,
                                            const codec::Cipher* cipher, std::stop_token stop) {
  const codec::Compression compression = TRY(compression_of_name(key.text()));
  object_store::OpenObject object = TRY(store.open(key, {}, stop));
  return unseal(std::move(object.body), compression, cipher, key.text());
}

}  // namespace cairn::repository
