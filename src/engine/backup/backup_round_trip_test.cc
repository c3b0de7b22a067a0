// SPDX-License-Identifier: Apache-2.0
// A backup of the sample cluster is pushed, verified, fetched into an empty directory, and compared
// with what the cluster held.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/secret.h"
#include "codec/cipher.h"
#include "engine/backup/backup_push.h"
#include "postgres/backup_manifest.h"
#include "repository/catalog.h"
#include "repository/files_metadata.h"
#include "tests/support/backup_world.h"
#include "tests/support/expect_ok.h"
#include "tests/support/recording_store.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

using tests::BackupTestWorld;
using tests::SampleCluster;
using tests::Tree;

// Fetches `name`, and expects the cluster as it was.
void expect_restores(BackupTestWorld& world, const std::string& name) {
  const tests::TemporaryDirectory target;
  const auto fetched = world.fetch(name, target.path());
  ASSERT_OK(fetched);
  EXPECT_TRUE(fetched.value().is_verified);
  const Tree restored = tests::read_tree(target.path() + "/data");
  const std::string space = target.path() + "/space";
  EXPECT_EQ(tests::difference(tests::expected_restore(world.cluster, restored, space), restored),
            "");
  if (!world.cluster.tablespace_directory().empty()) {
    EXPECT_EQ(tests::difference(world.cluster.kept_in_tablespace(), tests::read_tree(space)), "");
  }
}

void expect_good(BackupTestWorld& world, const std::string& name) {
  const auto verified = world.verify(name);
  ASSERT_OK(verified);
  const VerifyReport& report = verified.value();
  EXPECT_TRUE(report.is_good()) << report.findings.front();
  EXPECT_TRUE(report.has_digests);
  EXPECT_TRUE(report.has_manifest);
  EXPECT_TRUE(report.has_page_checksums);
  EXPECT_GE(report.page_count, 30U);
}

void expect_round_trip(BackupTestWorld& world) {
  const auto pushed = world.push();
  ASSERT_OK(pushed);
  EXPECT_EQ(pushed.value().corrupt_page_count, 0U);
  expect_good(world, pushed.value().name);
  expect_restores(world, pushed.value().name);
}

TEST(BackupRoundTripTest, RestoresWhatTheClusterHeld) {
  BackupTestWorld world;
  expect_round_trip(world);
}

TEST(BackupRoundTripTest, WorksWithEveryCompression) {
  for (const auto compression :
       {codec::Compression::None, codec::Compression::Lz4, codec::Compression::Zstd,
        codec::Compression::Brotli, codec::Compression::Lzma}) {
    SCOPED_TRACE(codec::compression_name(compression));
    BackupTestWorld world;
    world.sealing.compression = compression;
    expect_round_trip(world);
  }
}

TEST(BackupRoundTripTest, WorksEncrypted) {
  const auto cipher = codec::make_sodium_cipher(Secret(std::string(64, 'a')), "hex");
  ASSERT_OK(cipher);
  for (const auto compression : {codec::Compression::None, codec::Compression::Lz4}) {
    SCOPED_TRACE(codec::compression_name(compression));
    BackupTestWorld world;
    world.sealing.compression = compression;
    world.sealing.cipher = cipher.value().get();
    expect_round_trip(world);
    // Without the key there is nothing to be had.
    world.sealing.cipher = nullptr;
    const tests::TemporaryDirectory target;
    EXPECT_EQ(tests::outcome(world.fetch("LATEST", target.path())), "Corrupt");
  }
}

TEST(BackupRoundTripTest, WorksInAllShapesOfClusterAndTars) {
  struct Case {
    std::string_view name;
    tests::SampleClusterOptions cluster = {};
    int reader_count = 1;
    std::uint64_t tar_bytes_max = 1 << 30;
    std::size_t part_bytes = 8 << 20;
    bool has_files_metadata = true;
  };
  const Case cases[] = {
      {.name = "one tar, each object in one put"},
      {.name = "three readers",
       .reader_count = 3,
       .tar_bytes_max = 64 << 10,
       .part_bytes = 8 << 10},
      {.name = "a tar for each file", .tar_bytes_max = 1, .part_bytes = 1 << 10},
      {.name = "without tablespace", .cluster = {.has_tablespace = false}},
      {.name = "WAL behind a link", .cluster = {.has_linked_wal = true}},
      {.name = "without files metadata", .has_files_metadata = false},
      {.name = "a relation of several chunks", .cluster = {.large_relation_pages = 300}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    BackupTestWorld world(c.cluster);
    world.settings.reader_count = c.reader_count;
    world.settings.tar_bytes_max = c.tar_bytes_max;
    world.settings.upload.part_bytes = c.part_bytes;
    world.settings.has_files_metadata = c.has_files_metadata;
    expect_round_trip(world);
    const auto metadata =
        find(world.store,
             repository::files_metadata_key(
                 repository::resolve_backup(world.store, "LATEST", {}).value().name),
             {});
    EXPECT_EQ(metadata.value().has_value(), c.has_files_metadata);
  }
}

TEST(BackupRoundTripTest, TheSentinelIsTheVeryLastWrite) {
  BackupTestWorld world;
  tests::RecordingStore store(world.store);
  ASSERT_OK(world.push(store));
  std::vector<std::string> writes;
  for (const tests::RecordedCall& call : store.calls()) {
    using object_store::Operation;
    EXPECT_TRUE(call.ok || call.operation == Operation::Head || call.operation == Operation::Open)
        << call.key;
    if (call.operation == Operation::Put || call.operation == Operation::PutIfAbsent ||
        call.operation == Operation::Complete) {
      writes.push_back(call.key);
    }
  }
  ASSERT_GE(writes.size(), 6U);
  EXPECT_EQ(writes.front(), repository::ownership_key().text());
  const auto name = repository::resolve_backup(world.store, "LATEST", {}).value().name;
  EXPECT_EQ(writes.back(), repository::sentinel_key(name).text());
  EXPECT_EQ(writes[writes.size() - 2], repository::metadata_key(name).text());
  EXPECT_EQ(writes[writes.size() - 3], repository::integrity_key(name).text());
  // Large objects came in parts, and none of them is left unfinished.
  EXPECT_GT(store.count(object_store::Operation::PutPart), 5);
  EXPECT_EQ(world.store.unfinished_count(), 0U);
}

TEST(BackupRoundTripTest, TheRecordsSayWhatTheServerSaid) {
  BackupTestWorld world;
  world.settings.is_permanent = true;
  world.settings.user_data_json = R"({"note":"x"})";
  const auto pushed = world.push();
  ASSERT_OK(pushed);
  const auto name = repository::BackupName::parse(pushed.value().name);
  ASSERT_OK(name);
  EXPECT_EQ(pushed.value().name, "base_000000010000000000000003");
  const auto sentinel = repository::load_sentinel(world.store, name.value(), {});
  ASSERT_OK(sentinel);
  EXPECT_EQ(sentinel.value().start_lsn, world.server.start_lsn());
  EXPECT_EQ(sentinel.value().finish_lsn, world.server.stop_lsn());
  EXPECT_EQ(sentinel.value().pg_version, 150004);
  EXPECT_EQ(sentinel.value().system_identifier, SampleCluster::kSystemIdentifier);
  EXPECT_EQ(sentinel.value().user_data_json, R"({"note":"x"})");
  EXPECT_TRUE(sentinel.value().is_permanent);
  ASSERT_TRUE(sentinel.value().tablespaces);
  ASSERT_EQ(sentinel.value().tablespaces->tablespaces.size(), 1U);
  EXPECT_EQ(sentinel.value().tablespaces->tablespaces[0].location,
            world.cluster.tablespace_directory());
  const auto metadata = repository::find_metadata(world.store, name.value(), {});
  ASSERT_OK(metadata);
  ASSERT_TRUE(metadata.value());
  EXPECT_TRUE(metadata.value()->is_permanent);
  EXPECT_EQ(metadata.value()->hostname, "db1");
  EXPECT_EQ(metadata.value()->compressed_size_bytes,
            static_cast<std::int64_t>(pushed.value().compressed_bytes));
}

// WAL-G restores exactly the members it finds here, under exactly these names.
TEST(BackupRoundTripTest, FilesMetadataListsEveryMemberOfTheTars) {
  BackupTestWorld world;
  const auto pushed = world.push();
  ASSERT_OK(pushed);
  const auto name = repository::BackupName::parse(pushed.value().name).value();
  auto object = world.store.open(repository::files_metadata_key(name), {}, {});
  ASSERT_OK(object);
  std::set<std::string> files;
  std::map<std::string, std::vector<std::string>> tars;
  ASSERT_OK(repository::read_files_metadata(
      *object.value().body,
      {.take_file = [&](const repository::FileEntry& entry) -> Result<> {
         EXPECT_TRUE(files.insert(entry.path).second) << entry.path;
         return {};
       },
       .take_tar_member = [&](std::string_view tar, std::string_view path) -> Result<> {
         tars[std::string(tar)].emplace_back(path);
         return {};
       }},
      {}));
  for (const std::string path :
       {"/", "/PG_VERSION", "/base/5/16385", "/empty directory", "/Größe_表.txt", "/pg_wal",
        "/pg_tblspc/16400/PG_15_202209061/5/16401", "/backup_manifest"}) {
    EXPECT_TRUE(files.contains(path)) << path;
  }
  for (const std::string path : {"/global/pg_control", "backup_label", "tablespace_map",
                                 "/base/5/16386", "/postmaster.pid", "/server.key"}) {
    EXPECT_FALSE(files.contains(path)) << path;
  }
  EXPECT_GT(tars.size(), 3U);
  const std::vector<std::string> label = {"tablespace_map", "backup_label", "/backup_manifest"};
  EXPECT_EQ(tars.at("backup_label.tar.lz4"), label);
  EXPECT_FALSE(tars.contains("pg_control.tar.lz4"));
}

TEST(BackupRoundTripTest, TheManifestListsFilesAsPostgresDoes) {
  BackupTestWorld world;
  ASSERT_OK(world.push());
  const tests::TemporaryDirectory target;
  ASSERT_OK(world.fetch("LATEST", target.path()));
  const std::string text = tests::read_whole_file(target.path() + "/data/backup_manifest");
  ViewSource source(text);
  std::map<std::string, std::uint64_t> files;
  const auto manifest = postgres::read_manifest(
      source,
      [&](const postgres::ManifestFile& file) -> Result<> {
        EXPECT_TRUE(file.crc32c) << file.path;
        EXPECT_TRUE(files.emplace(file.path, file.size_bytes).second) << file.path;
        return {};
      },
      {});
  ASSERT_OK(manifest);
  std::set<std::string> expected = {"backup_label"};
  const auto add = [&](const Tree& tree, const std::string& prefix) {
    for (const auto& [path, what] : tree) {
      if (what.starts_with('f')) expected.insert(prefix + path);
    }
  };
  add(world.cluster.kept(), "");
  add(world.cluster.kept_in_tablespace(), "pg_tblspc/16400/");
  std::set<std::string> found;
  for (const auto& [path, size] : files) found.insert(path);
  EXPECT_EQ(found, expected);
  ASSERT_EQ(manifest.value().wal_ranges.size(), 1U);
  EXPECT_EQ(manifest.value().wal_ranges[0].start, world.server.start_lsn());
  EXPECT_EQ(manifest.value().wal_ranges[0].end, world.server.stop_lsn());
}

// Postgres would move the links back to where the tablespaces were.
TEST(BackupRoundTripTest, AMapOfTablespacesIsNotRestoredBesideTheLinks) {
  BackupTestWorld world;
  ASSERT_OK(world.push());
  const tests::TemporaryDirectory target;
  ASSERT_OK(world.fetch("LATEST", target.path()));
  EXPECT_FALSE(std::filesystem::exists(target.path() + "/data/tablespace_map"));
  EXPECT_EQ(std::filesystem::read_symlink(target.path() + "/data/pg_tblspc/16400"),
            target.path() + "/space");
}

TEST(BackupRoundTripTest, BackupsStandBesideEachOther) {
  BackupTestWorld world;
  const auto first = world.push();
  ASSERT_OK(first);
  world.cluster.add_file("base/5/16385", tests::relation_pages(30, 0, 99));
  const auto second = world.push();
  ASSERT_OK(second);
  EXPECT_NE(first.value().name, second.value().name);
  EXPECT_EQ(repository::resolve_backup(world.store, "LATEST", {}).value().name.text(),
            second.value().name);
  expect_restores(world, "LATEST");
  expect_good(world, first.value().name);
}

}  // namespace
}  // namespace cairn::engine
