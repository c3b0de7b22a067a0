// SPDX-License-Identifier: Apache-2.0
// Sentinels and metadata: what parses is written and parses again to the same.
#include "repository/backup_metadata.h"
#include "repository/names.h"
#include "repository/sentinel.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  static const cairn::repository::BackupName name =
      cairn::repository::BackupName::full("000000010000000000000002");
  const auto sentinel = cairn::repository::parse_sentinel(input, name);
  if (sentinel.ok()) {
    const auto again = cairn::repository::parse_sentinel(
        cairn::repository::encode_sentinel(sentinel.value()), name);
    ASSERT(again.ok());
  }
  const auto metadata = cairn::repository::parse_metadata(input, "fuzz");
  if (metadata.ok()) {
    ASSERT(cairn::repository::parse_metadata(cairn::repository::encode_metadata(metadata.value()),
                                             "fuzz")
               .ok());
    ASSERT(cairn::repository::with_permanence(input, true, "fuzz").ok());
  }
}
