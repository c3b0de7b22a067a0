// SPDX-License-Identifier: Apache-2.0
// cairn_integrity.json of a backup: size and SHA-256 of each of its objects, and the pages that
// were corrupt when they were copied. WAL-G has no digests; it ignores this object and deletes it
// with the backup.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::repository {

// About 150 bytes per object; a backup of 64 TiB in parts of 1 GiB needs 10 MiB.
inline constexpr std::uint64_t kIntegrityBytesMax = 64 << 20;
inline constexpr std::size_t kCorruptPagesStoredMax = 1000;

struct ObjectDigest {
  std::uint64_t size_bytes = 0;
  std::string sha256_hex = {};  // of the stored bytes: compressed and encrypted
  bool operator==(const ObjectDigest&) const = default;
};

struct CorruptPage {
  std::string file = {};
  std::uint32_t block = 0;
  bool operator==(const CorruptPage&) const = default;
};

struct Integrity {
  // By the name relative to backup_prefix(): "tar_partitions/part_001.tar.lz4". metadata.json,
  // which backup-mark rewrites, and this record itself are not in it.
  std::map<std::string, ObjectDigest> objects = {};
  // At most kCorruptPagesStoredMax of them; corrupt_page_count counts all.
  std::vector<CorruptPage> corrupt_pages = {};
  std::uint64_t corrupt_page_count = 0;
  bool operator==(const Integrity&) const = default;
};

std::string encode_integrity(const Integrity& integrity);
Result<Integrity> parse_integrity(std::string_view json, std::string_view what);

}  // namespace cairn::repository
