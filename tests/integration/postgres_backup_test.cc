// SPDX-License-Identifier: Apache-2.0
// What src/postgres knows, put together by hand into a backup and a restore that PostgreSQL itself
// accepts: exclusions, page checksums, manifest, labels and recovery settings.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "base/stream.h"
#include "codec/digest.h"
#include "postgres/backup_label.h"
#include "postgres/backup_manifest.h"
#include "postgres/control_file.h"
#include "postgres/exclusions.h"
#include "postgres/page.h"
#include "postgres/recovery_settings.h"
#include "postgres/relation_file.h"
#include "postgres/server.h"
#include "postgres/timeline_history.h"
#include "postgres/wal_header.h"
#include "tests/support/real_postgres.h"
#include "tests/support/run_program.h"

namespace cairn::postgres {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;
using tests::RealPostgres;

std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

files::FileType type_of(const fs::directory_entry& entry) {
  if (entry.is_symlink()) return files::FileType::Symlink;
  if (entry.is_directory()) return files::FileType::Directory;
  return entry.is_regular_file() ? files::FileType::Regular : files::FileType::Other;
}

ManifestFile describe(const std::string& path, std::string_view bytes) {
  codec::Crc32c crc;
  crc.update(bytes);
  return {.path = path, .size_bytes = bytes.size(), .crc32c = crc.value()};
}

// A copy of a data directory, made as a backup makes it but without the pipeline.
class ClusterCopy {
 public:
  ClusterCopy(std::string from, std::string to, const ServerFacts& facts, Lsn start)
      : from_(std::move(from)),
        to_(std::move(to)),
        version_directory_(
            tablespace_version_directory(facts.version.major(), facts.catalog_version)),
        start_(start) {
    fs::create_directory(to_);
    copy_directory("");
  }

  const std::vector<ManifestFile>& files() const { return files_; }
  int count(PageVerdict verdict) { return verdicts_[verdict]; }

 private:
  void copy_directory(const std::string& directory) {
    std::vector<fs::directory_entry> entries;
    UnloggedRelations unlogged;
    for (const auto& entry : fs::directory_iterator(from_ + "/" + directory)) {
      entries.push_back(entry);
      if (is_relation_directory(directory)) unlogged.add(entry.path().filename().string());
    }
    for (const auto& entry : entries) {
      const std::string name = entry.path().filename().string();
      if (unlogged.excludes(name)) continue;
      copy_entry(directory.empty() ? name : directory + "/" + name, entry);
    }
  }

  void copy_entry(const std::string& path, const fs::directory_entry& entry) {
    const files::FileType type = type_of(entry);
    switch (decide_inclusion(path, type, version_directory_)) {
      case Inclusion::Skip:
        return;
      case Inclusion::KeepEmptyDirectory:
        fs::create_directory(to_ + "/" + path);
        return;
      case Inclusion::Include:
        break;
    }
    if (type == files::FileType::Regular) {
      copy_file(path);
    } else if (type == files::FileType::Symlink) {
      // A tablespace: its copy lies beside the copy of the data directory.
      const std::string place = to_ + "." + entry.path().filename().string();
      fs::create_directory(place);
      fs::create_symlink(place, to_ + "/" + path);
      copy_directory(path);
    } else {
      fs::create_directory(to_ + "/" + path);
      copy_directory(path);
    }
  }

  void copy_file(const std::string& path) {
    const std::string bytes = read_bytes(from_ + "/" + path);
    write_bytes(to_ + "/" + path, bytes);
    files_.push_back(describe(path, bytes));
    const auto relation = relation_file_at(path);
    if (!relation) return;
    for (std::size_t at = 0; at + kPageBytes <= bytes.size(); at += kPageBytes) {
      const auto block = relation->first_block() + static_cast<std::uint32_t>(at / kPageBytes);
      ++verdicts_[check_page(std::string_view(bytes).substr(at, kPageBytes), block, start_)];
    }
  }

  std::string from_;
  std::string to_;
  std::string version_directory_;
  Lsn start_;
  std::vector<ManifestFile> files_;
  std::map<PageVerdict, int> verdicts_;
};

std::string manifest_of(const std::vector<ManifestFile>& files, const ServerFacts& facts,
                        const ManifestWalRange& range) {
  StringSink out;
  ManifestWriter writer(out, facts.version.major(), facts.system_identifier);
  for (const ManifestFile& file : files) EXPECT_TRUE(writer.add(file).ok());
  EXPECT_TRUE(writer.finish({range}).ok());
  return out.take();
}

class PostgresBackupTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!RealPostgres::is_available()) GTEST_SKIP() << "PostgreSQL is not installed";
    auto created = RealPostgres::create(
        {.configuration = {"autovacuum = off", "archive_mode = on",
                           "archive_command = 'cp %p ../scratch/wal/%f'", "wal_level = replica"}});
    ASSERT_TRUE(created.ok()) << created.error().message();
    server_ = std::move(created).value();
    ASSERT_TRUE(server_->run({"mkdir", wal(), space()}).ok());
    const auto started = server_->start();
    ASSERT_TRUE(started.ok()) << started.error().message();
    sql("CREATE TABLESPACE one LOCATION '" + space() + "'");
    sql("CREATE TABLE kept(a int, filler text) WITH (fillfactor = 50)");
    sql("INSERT INTO kept SELECT g, repeat('x', 100) FROM generate_series(1, 2000) g");
    sql("CREATE TABLE spaced TABLESPACE one AS SELECT 7 AS a");
    sql("CREATE UNLOGGED TABLE unlogged AS SELECT 1 AS a FROM generate_series(1, 5000)");
    session_ = connect({.parameters = server_->connection_parameters()}, clock_, {}).value();
    facts_ = server_facts(*session_, {}).value();
  }

  void sql(const std::string& text) {
    const auto done = server_->psql(text);
    ASSERT_TRUE(done.ok()) << done.error().message();
  }
  // By PostgreSQL's own judge, where this server has one. WAL is not looked for: it is archived.
  void expect_verified(const std::string& directory) {
    const std::string program = server_->bin_directory() + "/pg_verifybackup";
    if (access(program.c_str(), X_OK) != 0) return;
    const auto verified = tests::run_program({program, "-n", directory});
    EXPECT_TRUE(verified.ok()) << verified.error().message();
  }

  // Starts the copy in target() with the restore point as its target, in spite of another target
  // that somebody left in postgresql.conf.
  void expect_recovered() {
    const std::string auto_conf = target() + "/postgresql.auto.conf";
    const RecoveryTarget wanted{.kind = RecoveryTargetKind::Name, .value = "it's here"};
    write_bytes(auto_conf,
                with_recovery_settings(read_bytes(auto_conf), wanted, "cp '" + wal() + "/%f' '%p'")
                    .value());
    write_bytes(target() + "/" + std::string(kRecoverySignalName), "");
    for (const Tablespace& tablespace : facts_.tablespaces) {
      if (geteuid() != 0) break;
      const std::string place = fmt::format("{}.{}", target(), tablespace.oid);
      ASSERT_TRUE(tests::run_program({"chown", "-R", RealPostgres::user(), place}).ok());
      ASSERT_EQ(chmod(place.c_str(), 0700), 0);
    }
    auto created =
        RealPostgres::create({.configuration = {"archive_mode = off", "recovery_target_xid = '3'"},
                              .data_directory = target()});
    ASSERT_TRUE(created.ok()) << created.error().message();
    RealPostgres& restored = *created.value();
    const auto started = restored.start();
    ASSERT_TRUE(started.ok()) << started.error().message();
    while (restored.psql("SELECT pg_is_in_recovery()").value() != "f") continue;
    EXPECT_EQ(restored.psql("SELECT count(*) FROM kept").value(), "2001");
    EXPECT_EQ(restored.psql("SELECT filler FROM kept WHERE a = 3000").value(), "wanted");
    EXPECT_EQ(restored.psql("SELECT count(*) FROM kept WHERE filler = 'y'").value(), "500");
    EXPECT_EQ(restored.psql("SELECT a FROM spaced").value(), "7");
    EXPECT_EQ(restored.psql("SELECT count(*) FROM unlogged").value(), "0");
    expect_copied_segment(restored);
  }

  // The first segment of the new timeline begins with the parent's WAL, and so does its header.
  void expect_copied_segment(const RealPostgres& restored) {
    const std::string name = restored.psql("SELECT pg_walfile_name(pg_current_wal_lsn())").value();
    ASSERT_TRUE(name.starts_with("00000002")) << name;
    const std::string bytes = read_bytes(restored.data_directory() + "/pg_wal/" + name);
    const auto header = check_wal_segment(
        {.name = name, .size_bytes = bytes.size(), .first_bytes = bytes}, facts_.system_identifier);
    ASSERT_TRUE(header.ok()) << header.error().message();
    EXPECT_EQ(header.value().timeline, TimelineId{1});
    const std::string history = read_bytes(restored.data_directory() + "/pg_wal/00000002.history");
    const auto parsed = TimelineHistory::parse({2}, history);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    EXPECT_EQ(parsed.value().text(), history);
  }

  std::string wal() const { return server_->scratch_directory() + "/wal"; }
  std::string space() const { return server_->scratch_directory() + "/space"; }
  std::string target() const { return server_->scratch_directory() + "/restored"; }

  SystemClock clock_;
  std::unique_ptr<RealPostgres> server_;
  std::unique_ptr<PostgresSession> session_;
  ServerFacts facts_;
};

// The tablespace map of the backup, leading to where the copy keeps its tablespaces.
std::string moved_map(const BackupStop& stop, const std::string& target) {
  std::vector<Tablespace> tablespaces = parse_tablespace_map(stop.tablespace_map).value();
  for (Tablespace& tablespace : tablespaces) {
    tablespace.location = fmt::format("{}.{}", target, tablespace.oid);
  }
  return format_tablespace_map(tablespaces);
}

TEST_F(PostgresBackupTest, WhatIsCopiedRecoversToTheRestorePoint) {
  const BackupStart start =
      start_backup(*session_, facts_, "by hand", true, minutes(5), {}).value();
  sql("UPDATE kept SET filler = 'y' WHERE a <= 500");
  sql("CHECKPOINT");
  ClusterCopy copy(server_->data_directory(), target(), facts_, start.lsn);
  const BackupStop stop = stop_backup(*session_, facts_, true, minutes(5), {}).value();
  sql("INSERT INTO kept VALUES (3000, 'wanted')");
  sql("SELECT pg_create_restore_point('it''s here')");
  sql("DELETE FROM kept");
  sql("SELECT pg_switch_wal()");

  EXPECT_GT(copy.count(PageVerdict::Good), 1000);
  EXPECT_EQ(copy.count(PageVerdict::BadChecksum) + copy.count(PageVerdict::BadHeader), 0);
  std::vector<ManifestFile> files = copy.files();
  const std::string map = moved_map(stop, target());
  write_bytes(target() + "/backup_label", stop.backup_label);
  write_bytes(target() + "/tablespace_map", map);
  files.push_back(describe("backup_label", stop.backup_label));
  files.push_back(describe("tablespace_map", map));
  write_bytes(target() + "/backup_manifest",
              manifest_of(files, facts_, {start.timeline, start.lsn, stop.lsn}));
  expect_verified(target());
  expect_recovered();
}

TEST_F(PostgresBackupTest, ArchivedSegmentsPassTheirCheck) {
  sql("SELECT pg_switch_wal()");
  sql("CHECKPOINT");
  ASSERT_TRUE(server_->stop().ok());
  int checked = 0;
  for (const auto& entry : fs::directory_iterator(wal())) {
    const std::string name = entry.path().filename().string();
    const std::string bytes = read_bytes(entry.path().string());
    const auto header = check_wal_segment(
        {.name = name, .size_bytes = bytes.size(), .first_bytes = bytes}, facts_.system_identifier);
    ASSERT_TRUE(header.ok()) << header.error().message();
    EXPECT_EQ(header.value().major_version, facts_.version.major());
    EXPECT_FALSE(check_wal_segment({.name = name, .size_bytes = bytes.size(), .first_bytes = bytes},
                                   facts_.system_identifier + 1)
                     .ok());
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

// The server itself makes a base backup with a manifest. We must keep the same files, and write its
// manifest byte for byte as it did.
TEST_F(PostgresBackupTest, TheServersOwnBackupHasTheSameFilesAndManifest) {
  if (facts_.version.major() < 15) GTEST_SKIP() << "the server cannot keep its own base backup";
  const std::string place = server_->scratch_directory() + "/own";
  // psql does not understand all of the answer, so the manifest is the proof that it worked.
  (void)server_->psql("BASE_BACKUP (TARGET 'server', TARGET_DETAIL '" + place +
                          "', CHECKPOINT 'fast', WAL false, TABLESPACE_MAP true, MANIFEST 'yes')",
                      "dbname=postgres replication=true");
  const std::string own = read_bytes(place + "/backup_manifest");
  ViewSource source(own);
  std::vector<ManifestFile> files;
  const auto manifest = read_manifest(source,
                                      [&](const ManifestFile& file) {
                                        files.push_back(file);
                                        return Result<>();
                                      },
                                      {});
  ASSERT_TRUE(manifest.ok()) << manifest.error().message();
  ASSERT_EQ(manifest.value().wal_ranges.size(), 1U);
  EXPECT_EQ(manifest_of(files, facts_, manifest.value().wal_ranges[0]), own);

  const ClusterCopy copy(server_->data_directory(), target(), facts_, Lsn{});
  std::set<std::string> expected;
  for (const ManifestFile& file : files) expected.insert(file.path);
  expected.erase("backup_label");  // Made at the end of a backup.
  expected.erase("tablespace_map");
  std::set<std::string> kept;
  for (const ManifestFile& file : copy.files()) kept.insert(file.path);
  EXPECT_EQ(kept, expected);
}

}  // namespace
}  // namespace cairn::postgres
