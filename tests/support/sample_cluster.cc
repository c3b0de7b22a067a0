// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sample_cluster.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/random.h"
#include "base/result.h"
#include "postgres/page.h"

namespace cairn::tests {

namespace fs = std::filesystem;

namespace {

std::string describe(const fs::path& path, const fs::file_status& status) {
  if (fs::is_symlink(status)) return "l " + fs::read_symlink(path).string();
  const auto mode = static_cast<unsigned>(status.permissions()) & 07777U;
  if (fs::is_directory(status)) return fmt::format("d {:04o}", mode);
  if (fs::is_regular_file(status)) {
    return fmt::format("f {:04o} {}", mode, read_whole_file(path.string()));
  }
  return "other";
}

std::string shortened(const std::string& text) {
  if (text.size() <= 60) return text;
  return fmt::format("{}... ({} bytes)", text.substr(0, 40), text.size());
}

template <class T>
void put(std::string& page, std::size_t offset, T value) {
  std::memcpy(page.data() + offset, &value, sizeof value);
}

}  // namespace

Tree read_tree(const std::string& directory) {
  Tree tree;
  tree[""] = describe(directory, fs::symlink_status(directory));
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    tree[entry.path().lexically_relative(directory).string()] =
        describe(entry.path(), entry.symlink_status());
  }
  return tree;
}

std::string difference(const Tree& expected, const Tree& found) {
  std::set<std::string> paths;
  for (const auto& [path, what] : expected) paths.insert(path);
  for (const auto& [path, what] : found) paths.insert(path);
  std::string lines;
  for (const std::string& path : paths) {
    const auto wanted = expected.find(path);
    const auto there = found.find(path);
    if (wanted != expected.end() && there != found.end() && wanted->second == there->second) {
      continue;
    }
    lines += fmt::format("\"{}\": expected {}, found {}\n", path,
                         wanted == expected.end() ? "nothing" : shortened(wanted->second),
                         there == found.end() ? "nothing" : shortened(there->second));
  }
  return lines;
}

// Offsets of PageHeaderData, src/include/storage/bufpage.h.
std::string relation_pages(std::uint32_t count, std::uint32_t first_block, std::uint64_t seed) {
  SeededRandom random(seed);
  std::string pages;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string page(postgres::kPageBytes, '\0');
    put<std::uint32_t>(page, 4, 0x1000000 + i);  // Last changed before any backup begins.
    put<std::uint16_t>(page, 12, 28);
    put<std::uint16_t>(page, 14, 4096);
    put<std::uint16_t>(page, 16, 8192);
    put<std::uint16_t>(page, 18, 8192 | 4);
    for (std::size_t at = 4096; at < page.size(); at += 8) put(page, at, random.next());
    put<std::uint16_t>(page, 8, postgres::page_checksum(page, first_block + i));
    pages += page;
  }
  return pages;
}

void write_whole_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  ASSERT(file.good());
}

std::string read_whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  ASSERT(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

SampleCluster::SampleCluster(const SampleClusterOptions& options)
    : data_directory_(directory_.path() + "/data") {
  fs::create_directory(data_directory_);
  fs::permissions(data_directory_, fs::perms::owner_all);
  kept_[""] = "d 0700";
  add_files_of_the_server();
  add_relations();
  const std::string large(kLargeRelation);
  add_file(large, relation_pages(options.large_relation_pages, 0, 1));
  add_wal(options.has_linked_wal);
  add_directory("pg_tblspc");
  if (options.has_tablespace) add_tablespace();
  add_files_of_users();
}

void SampleCluster::add_file(const std::string& path, std::string_view bytes, Fate fate,
                             unsigned mode) {
  const std::string full = data_directory_ + "/" + path;
  write_whole_file(full, bytes);
  ASSERT(chmod(full.c_str(), mode) == 0);
  if (fate == Fate::Kept) kept_[path] = fmt::format("f {:04o} {}", mode, bytes);
}

void SampleCluster::add_directory(const std::string& path, Fate fate, unsigned mode) {
  const std::string full = data_directory_ + "/" + path;
  fs::create_directory(full);
  ASSERT(chmod(full.c_str(), mode) == 0);
  if (fate == Fate::Kept) kept_[path] = fmt::format("d {:04o}", mode);
}

void SampleCluster::add_to_tablespace(const std::string& path, std::string_view bytes, Fate fate) {
  const std::string full = tablespace_directory_ + "/" + path;
  for (fs::path missing = fs::path(path).parent_path(); !missing.empty();
       missing = missing.parent_path()) {
    fs::create_directories(tablespace_directory_ + "/" + missing.string());
    fs::permissions(tablespace_directory_ + "/" + missing.string(), fs::perms::owner_all);
    if (fate == Fate::Kept) kept_in_tablespace_[missing.string()] = "d 0700";
  }
  write_whole_file(full, bytes);
  ASSERT(chmod(full.c_str(), 0600) == 0);
  if (fate == Fate::Kept) kept_in_tablespace_[path] = fmt::format("f 0600 {}", bytes);
}

void SampleCluster::add_files_of_the_server() {
  add_file("PG_VERSION", "15\n");
  add_file("postgresql.conf", "port = 5432\n");
  add_file("postgresql.auto.conf", "# Do not edit this file manually!\n");
  add_file("postmaster.pid", "4711\n", Fate::LeftOut);
  add_file("postmaster.opts", "/usr/bin/postgres\n", Fate::LeftOut);
  add_file("backup_label.old", "of an earlier restore\n", Fate::LeftOut);
  add_file("standby.signal", "", Fate::LeftOut);
  add_directory("global");
  std::string control = read_whole_file(CAIRN_SOURCE_DIR "/src/postgres/testdata/pg_control_15");
  control.resize(8192, '\0');
  add_file("global/pg_control", control);
  add_file("global/pg_filenode.map", std::string(512, 'm'));
  add_file("global/pg_internal.init", "cache", Fate::LeftOut);
  add_directory("log");
  add_file("log/postgresql.log", "LOG: ready\n", Fate::LeftOut);
  add_directory("pg_xact");
  add_file("pg_xact/0000", std::string(8192, '\1'));
  add_directory("pg_stat_tmp");
  add_file("pg_stat_tmp/db_0.stat", "statistics", Fate::LeftOut);
  add_directory("pg_replslot");
  add_directory("pg_replslot/standby1", Fate::LeftOut);
  add_file("pg_replslot/standby1/state", "slot", Fate::LeftOut);
  add_directory("pg_notify");
  add_directory("pg_twophase");
}

void SampleCluster::add_relations() {
  add_directory("base");
  add_directory("base/1");
  add_file("base/1/1259", relation_pages(3, 0, 2));
  add_file("base/1/1259_fsm", relation_pages(3, 0, 3));
  add_file("base/1/PG_VERSION", "15\n");
  add_file("base/1/pg_internal.init", "cache", Fate::LeftOut);
  add_directory("base/5");
  add_file("base/5/16384", "");                           // an empty table
  add_file("base/5/16390", std::string(2 * 8192, '\0'));  // extended, not yet written
  // The second file of a relation: its pages know that they come after 131072 others.
  add_file("base/5/16385.1", relation_pages(2, 131072, 4));
  // An unlogged table and its index: only the init forks are kept.
  add_file("base/5/16386", relation_pages(2, 0, 5), Fate::LeftOut);
  add_file("base/5/16386_fsm", relation_pages(1, 0, 6), Fate::LeftOut);
  add_file("base/5/16386_init", "");
  add_file("base/5/t3_16387", relation_pages(1, 0, 7), Fate::LeftOut);  // a temporary table
  add_directory("base/pgsql_tmp", Fate::LeftOut);
  add_file("base/pgsql_tmp/pgsql_tmp4711.0", "sort", Fate::LeftOut);
}

void SampleCluster::add_wal(bool is_linked) {
  wal_directory_ = data_directory_ + "/pg_wal";
  if (is_linked) {
    wal_directory_ = directory_.path() + "/wal";
    fs::create_directory(wal_directory_);
    fs::create_directory_symlink(wal_directory_, data_directory_ + "/pg_wal");
    kept_["pg_wal"] = "d 0700";
  } else {
    add_directory("pg_wal");
  }
  fs::create_directory(wal_directory_ + "/archive_status");
  write_whole_file(wal_directory_ + "/000000010000000000000001", std::string(65536, 'w'));
  write_whole_file(wal_directory_ + "/archive_status/000000010000000000000001.ready", "");
}

void SampleCluster::add_tablespace() {
  tablespace_directory_ = directory_.path() + "/space";
  fs::create_directory(tablespace_directory_);
  fs::permissions(tablespace_directory_, fs::perms::owner_all);
  kept_in_tablespace_[""] = "d 0700";
  const std::string version(kVersionDirectory);
  add_to_tablespace(version + "/5/16401", relation_pages(4, 0, 8));
  add_to_tablespace(version + "/5/16402", "");
  add_to_tablespace(version + "/pgsql_tmp/pgsql_tmp1.0", "sort", Fate::LeftOut);
  add_to_tablespace("PG_13_202007201/5/16401", "of the server before an upgrade", Fate::LeftOut);
  fs::create_directory_symlink(tablespace_directory_,
                               data_directory_ + "/pg_tblspc/" + std::string(kTablespaceOid));
}

void SampleCluster::add_files_of_users() {
  add_directory("empty directory", Fate::Kept, 0750);
  add_directory("deep");
  add_directory("deep/" + std::string(120, 'd'));
  add_file("deep/" + std::string(120, 'd') + "/" + std::string(150, 'f'), "long names");
  add_file("Größe_表.txt", "not ASCII");
  add_file("deep/pg_wal", "a file that is only called like that", Fate::Kept, 0640);
  fs::create_symlink("/etc/hostname", data_directory_ + "/server.key");
}

}  // namespace cairn::tests
