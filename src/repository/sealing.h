// SPDX-License-Identifier: Apache-2.0
// How payload becomes stored bytes and back: compressed first, then encrypted.
//
// The suffix of an object's name says how it is compressed; nothing says whether it is encrypted,
// so the reader must be given the cipher of the writer.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "base/stream.h"
#include "codec/cipher.h"
#include "codec/compression.h"
#include "object_store/object_store.h"

namespace cairn::repository {

struct Sealing {
  codec::Compression compression = codec::Compression::Lz4;
  codec::CompressorOptions options = {};
  const codec::Cipher* cipher = nullptr;  // not owned; nullptr: not encrypted
};

// A Sink that seals what is written to it into `out`. finish() ends the compressed frame and the
// encrypted stream, in this order, and leaves `out` unfinished. `out` outlives it.
Result<std::unique_ptr<Sink>> make_sealer(const Sealing& sealing, Sink& out);

// Reads `stored` unsealed, and owns it. Errors are prefixed with `name`.
Result<std::unique_ptr<Source>> unseal(std::unique_ptr<Source> stored,
                                       codec::Compression compression, const codec::Cipher* cipher,
                                       std::string_view name);

// Opens an object of the store and reads it unsealed, compressed as its name says. The body resumes
// after a lost connection only if `store` does that.
Result<std::unique_ptr<Source>> open_sealed(object_store::ObjectStore& store,
                                            const object_store::ObjectKey& key,
                                            const codec::Cipher* cipher, std::stop_token stop);

}  // namespace cairn::repository
