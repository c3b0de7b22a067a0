// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "codec/tar.h"
#include "codec/tar_header.h"

namespace cairn::codec {

namespace {

constexpr std::size_t kTrailerBytes = 2 * tar::kBlockBytes;
constexpr std::array<char, 16 * 1024> kZeros{};

}  // namespace

Result<> TarWriter::start(const TarEntry& entry) {
  ASSERT(missing_bytes_ == 0);
  const Bytes header = TRY(tar::format_header(entry));
  TRY(pad());
  TRY(out_.write(header));
  missing_bytes_ = entry.size_bytes;
  padding_bytes_ = tar::padding_bytes(entry.size_bytes);
  return {};
}

Result<> TarWriter::write(std::string_view bytes) {
  ASSERT(bytes.size() <= missing_bytes_);
  TRY(out_.write(bytes));
  missing_bytes_ -= bytes.size();
  return {};
}

Result<> TarWriter::fill_with_zeros() {
  while (missing_bytes_ > 0) {
    TRY(write({kZeros.data(), std::min<std::uint64_t>(missing_bytes_, kZeros.size())}));
  }
  return {};
}

Result<> TarWriter::finish() {
  ASSERT(missing_bytes_ == 0);
  TRY(pad());
  return out_.write({kZeros.data(), kTrailerBytes});
}

Result<> TarWriter::pad() {
  if (padding_bytes_ == 0) return {};
  TRY(out_.write({kZeros.data(), padding_bytes_}));
  padding_bytes_ = 0;
  return {};
}

}  // namespace cairn::codec
