// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's backup_manifest, which is read as a stream.
#include "base/stream.h"
#include "postgres/backup_manifest.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  cairn::ViewSource source(input);
  std::uint64_t files = 0;
  const auto take = [&files](const cairn::postgres::ManifestFile&) -> cairn::Result<> {
    ++files;
    return {};
  };
  const auto manifest = cairn::postgres::read_manifest(source, take, {});
  if (manifest.ok()) ASSERT(manifest.value().file_count == files);
}
