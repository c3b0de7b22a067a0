// SPDX-License-Identifier: Apache-2.0
// Which database system a repository belongs to. Two systems that archive into one prefix overwrite
// each other's WAL, so the first writer claims the prefix and everybody else is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "object_store/object_store.h"

namespace cairn::repository {

struct Ownership {
  std::uint64_t system_identifier = 0;
  WallTime created = {};
  bool operator==(const Ownership&) const = default;
};

std::string encode_ownership(const Ownership& ownership);
Result<Ownership> parse_ownership(std::string_view json);

// The record, or nothing if the prefix is unclaimed.
Result<std::optional<Ownership>> find_ownership(object_store::ObjectStore& store,
                                                std::stop_token stop);

// Succeeds if the repository belongs to `system_identifier`, claiming it if it belongs to nobody. A
// repository without the record but with backups (WAL-G's) belongs to the system of the newest one
// whose sentinel names it. Denied, naming both systems and the way out, if it belongs to another.
// One request when the record is there; safe against concurrent claims.
Result<> claim_ownership(object_store::ObjectStore& store, std::uint64_t system_identifier,
                         Clock& clock, std::stop_token stop);

// What a caller may keep in a local file to skip claim_ownership() the next time: it is valid while
// it reads the same. `store_location` names the store and the prefix ("s3://bucket/path").
std::string ownership_marker(std::string_view store_location, std::uint64_t system_identifier);

}  // namespace cairn::repository
