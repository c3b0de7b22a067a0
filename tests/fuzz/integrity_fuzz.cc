// SPDX-License-Identifier: Apache-2.0
// The small records: integrity, ownership, tablespace spec, user data.
#include "repository/backup_metadata.h"
#include "repository/integrity.h"
#include "repository/ownership.h"
#include "repository/tablespace_spec.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  namespace repository = cairn::repository;
  const auto integrity = repository::parse_integrity(input, "fuzz");
  if (integrity.ok()) {
    const auto again =
        repository::parse_integrity(repository::encode_integrity(integrity.value()), "fuzz");
    ASSERT(again.ok() && again.value() == integrity.value());
  }
  const auto ownership = repository::parse_ownership(input);
  if (ownership.ok()) {
    const auto again = repository::parse_ownership(repository::encode_ownership(ownership.value()));
    ASSERT(again.ok() && again.value() == ownership.value());
  }
  const auto spec = repository::parse_tablespace_spec(input);
  if (spec.ok()) {
    const auto again =
        repository::parse_tablespace_spec(repository::encode_tablespace_spec(spec.value()));
    ASSERT(again.ok() && again.value() == spec.value());
  }
  const auto user_data = repository::user_data_json_from(input);
  if (user_data.ok()) {
    const auto again = repository::user_data_json_from(user_data.value());
    ASSERT(again.ok() && again.value() == user_data.value());
  }
}
