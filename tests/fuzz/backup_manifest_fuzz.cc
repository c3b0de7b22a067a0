// SPDX-License-Identifier: Apache-2.0
// Any bytes as a backup_manifest; also with a right checksum line behind them.
#include <cstdint>
#include <string>

#include "base/stream.h"
#include "codec/digest.h"
#include "postgres/backup_manifest.h"
#include "tests/fuzz/fuzz.h"

namespace {

void read(std::string_view text) {
  cairn::ViewSource source(text);
  std::uint64_t bytes = 0;
  (void)cairn::postgres::read_manifest(
      source,
      [&](const cairn::postgres::ManifestFile& file) {
        bytes += file.size_bytes + file.path.size();
        return cairn::Result<>();
      },
      {.bytes_max = 1U << 20, .files_max = 1000, .line_bytes_max = 4096})
      .ok();
}

}  // namespace

void fuzz(std::string_view input) {
  const std::string text(input);
  read(text);
  read(text + "\n\"Manifest-Checksum\": \"" + cairn::codec::sha256_hex(text + "\n") + "\"}\n");
}
