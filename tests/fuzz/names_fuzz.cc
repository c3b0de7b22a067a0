// SPDX-License-Identifier: Apache-2.0
// Names of objects: what is understood is spelled the same way back.
#include <algorithm>
#include <string>

#include "codec/compression.h"
#include "repository/names.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  const auto wal = cairn::repository::parse_wal_object_name(input);
  if (wal.kind != cairn::postgres::WalFileKind::Unknown) {
    const auto key = cairn::repository::wal_key(wal.file, wal.compression);
    ASSERT(key.ok() && key.value().text().starts_with(cairn::repository::kWalPrefix));
  }
  const auto backup = cairn::repository::BackupName::parse(input);
  if (backup.ok()) ASSERT(backup.value().text() == input);
  const auto found = cairn::repository::backup_of_sentinel(input);
  if (found) ASSERT(cairn::repository::sentinel_key(*found).text() == input);
  (void)cairn::repository::compression_of_name(input);
  (void)cairn::object_store::ObjectKey::parse(input);
}
