// SPDX-License-Identifier: Apache-2.0
// A data directory as a running PostgreSQL 15 has it, small and made of files alone: everything a
// backup has to keep, leave out or treat specially, without a server.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/support/temporary_directory.h"

namespace cairn::tests {

// Every entry below a directory, by relative path: "d 0700", "f 0600 <content>" or "l <target>".
// The directory itself is "".
using Tree = std::map<std::string, std::string>;
Tree read_tree(const std::string& directory);

// The paths that differ, one a line, with the beginning of what is there: short enough to read.
std::string difference(const Tree& expected, const Tree& found);

// `count` valid pages with checksums, as they stand from block `first_block` of a relation on.
std::string relation_pages(std::uint32_t count, std::uint32_t first_block, std::uint64_t seed);

void write_whole_file(const std::string& path, std::string_view bytes);
std::string read_whole_file(const std::string& path);

struct SampleClusterOptions {
  bool has_tablespace = true;
  bool has_linked_wal = false;  // pg_wal is a link to another directory
  // Pages of the largest relation; the others are tiny.
  std::uint32_t large_relation_pages = 20;
};

class SampleCluster {
 public:
  explicit SampleCluster(const SampleClusterOptions& options = {});

  // Of the control file.
  static constexpr std::uint64_t kSystemIdentifier = 7710906684537759582;
  static constexpr std::string_view kVersionDirectory = "PG_15_202209061";
  static constexpr std::string_view kTablespaceOid = "16400";
  static constexpr std::string_view kLargeRelation = "base/5/16385";

  const std::string& data_directory() const { return data_directory_; }
  const std::string& tablespace_directory() const { return tablespace_directory_; }  // "" for none
  const std::string& wal_directory() const { return wal_directory_; }

  // What of it belongs into a backup: of PGDATA without pg_tblspc/<oid>, and of the tablespace.
  const Tree& kept() const { return kept_; }
  const Tree& kept_in_tablespace() const { return kept_in_tablespace_; }

  enum class Fate { Kept, LeftOut };
  void add_file(const std::string& path, std::string_view bytes, Fate fate = Fate::Kept,
                unsigned mode = 0600);
  void add_directory(const std::string& path, Fate fate = Fate::Kept, unsigned mode = 0700);
  void add_to_tablespace(const std::string& path, std::string_view bytes, Fate fate = Fate::Kept);

 private:
  void add_files_of_the_server();
  void add_relations();
  void add_wal(bool is_linked);
  void add_tablespace();
  void add_files_of_users();

  TemporaryDirectory directory_;
  std::string data_directory_;
  std::string tablespace_directory_;
  std::string wal_directory_;
  Tree kept_;
  Tree kept_in_tablespace_;
};

}  // namespace cairn::tests
