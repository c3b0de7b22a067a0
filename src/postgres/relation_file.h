// SPDX-License-Identifier: Apache-2.0
// Which files of a cluster hold pages, judged by their path.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cairn::postgres {

// Relations are cut into files of so many pages (1 GiB); a cluster may be built otherwise, see
// ControlFile::relation_segment_pages.
inline constexpr std::uint32_t kRelationSegmentPages = 131072;

enum class RelationFork { Main, FreeSpaceMap, VisibilityMap, Init };

struct RelationFile {
  std::uint32_t relation = 0;  // the relfilenode, not the oid in pg_class
  RelationFork fork = RelationFork::Main;
  std::uint32_t segment = 0;
  bool is_temporary = false;

  bool operator==(const RelationFile&) const = default;
  // The block number of the first page in this file; it enters the checksum.
  std::uint32_t first_block(std::uint32_t segment_pages = kRelationSegmentPages) const {
    return segment * segment_pages;
  }
};

// A name such as "16384", "16384_vm", "16384.1" or (temporary) "t3_16384_fsm.2"; nothing for
// others.
std::optional<RelationFile> parse_relation_file_name(std::string_view name);

// Whether `directory`, relative to PGDATA, is one that holds relations: "global", "base/<oid>" or
// "pg_tblspc/<oid>/PG_<version>/<oid>".
bool is_relation_directory(std::string_view directory);

// The relation file at `path`, relative to PGDATA. These are the files with page checksums, as in
// PostgreSQL's own base backup: not pg_control, pg_filenode.map, PG_VERSION, pg_internal.init.
std::optional<RelationFile> relation_file_at(std::string_view path);

}  // namespace cairn::postgres
