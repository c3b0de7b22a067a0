// SPDX-License-Identifier: Apache-2.0
// Repositories that WAL-G wrote: listed, verified and restored by us, and brought back to life by a
// real PostgreSQL, whose rows must be the expected ones.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>

#include "base/random.h"
#include "codec/cipher.h"
#include "engine/restore/backup_fetch.h"
#include "engine/restore/recovery.h"
#include "engine/restore/replay.h"
#include "engine/verify/backup_verify.h"
#include "files/disk_directory.h"
#include "object_store/filesystem/filesystem_store.h"
#include "postgres/control_file.h"
#include "postgres/page.h"
#include "postgres/relation_file.h"
#include "postgres/session.h"
#include "postgres/wal_header.h"
#include "repository/catalog.h"
#include "repository/json_go.h"
#include "repository/list_output.h"
#include "repository/sealing.h"
#include "repository/wal_catalog.h"
#include "tests/support/expect_ok.h"
#include "tests/support/real_postgres.h"
#include "tests/support/run_program.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/walg_repository.h"

namespace cairn::tests {
namespace {

namespace fs = std::filesystem;
using repository::JsonValue;

struct ExpectedRows {
  std::string backup;
  postgres::RecoveryTarget target;
  std::vector<std::pair<std::string, std::string>> rows;  // SQL and what psql prints
};

// What expected.json says.
struct Expected {
  std::vector<std::string> backups;
  std::map<std::string, std::string> settings;  // WALG_*
  std::vector<std::string> tablespace_oids;
  std::uint64_t system_identifier = 0;
  std::uint32_t segment_bytes = 0;
  std::vector<ExpectedRows> restores;
};

std::string text_at(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value == nullptr ? "" : value->text();
}

ExpectedRows rows_of(const JsonValue& object) {
  ExpectedRows expected{.backup = text_at(object, "backup"), .target = {}, .rows = {}};
  if (!text_at(object, "recovery_target").empty()) {
    expected.target.kind = postgres::RecoveryTargetKind::Immediate;
  } else if (const std::string name = text_at(object, "recovery_target_name"); !name.empty()) {
    expected.target.kind = postgres::RecoveryTargetKind::Name;
    expected.target.value = name;
  }
  const std::string timeline = text_at(object, "recovery_target_timeline");
  if (!timeline.empty()) expected.target.timeline = timeline;
  for (const JsonValue& row : object.find("rows")->items()) {
    expected.rows.emplace_back(text_at(row, "sql"), text_at(row, "result"));
  }
  return expected;
}

Expected read_expected(const std::string& folder) {
  const JsonValue json = JsonValue::parse(read_whole_file(folder + "/expected.json"), {}).value();
  Expected expected;
  for (const JsonValue& name : json.find("backups")->items()) {
    expected.backups.push_back(name.text());
  }
  for (const auto& [name, value] : json.find("settings")->members()) {
    expected.settings[name] = value.text();
  }
  for (const auto& [oid, location] : json.find("tablespaces")->members()) {
    expected.tablespace_oids.push_back(oid);
  }
  expected.system_identifier = std::stoull(text_at(json, "system_identifier"));
  expected.segment_bytes =
      static_cast<std::uint32_t>(std::stoul(text_at(json, "wal_segment_size")));
  if (const JsonValue* at_backup = json.find("at_backup")) {
    for (const JsonValue& each : at_backup->items()) expected.restores.push_back(rows_of(each));
  }
  if (const JsonValue* recovery = json.find("recovery")) {
    expected.restores.push_back(rows_of(*recovery));
  }
  return expected;
}

// One fixture, unpacked. Its directory can be read by the user that PostgreSQL runs as.
class WalgFixturesTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    fs::permissions(root_.path(), fs::perms(0755));
    fs::create_directory(repository());
    if (GetParam() == "timelines") unpack("delta/repo.tar");
    for (const std::string name : {"repo.tar", "repo.tar.gz", "added.tar"}) {
      if (fs::exists(folder() + "/" + name)) unpack(GetParam() + "/" + name);
    }
    expected_ = read_expected(folder());
    store_ = object_store::open_filesystem_store(repository(), clock_, random_).value();
    const std::string key = expected_.settings["WALG_LIBSODIUM_KEY"];
    if (key.empty()) return;
    cipher_ =
        codec::make_sodium_cipher(Secret(key), expected_.settings["WALG_LIBSODIUM_KEY_TRANSFORM"])
            .value();
  }

  static std::string fixtures() { return CAIRN_SOURCE_DIR "/tests/fixtures/walg"; }
  static std::string folder() { return fixtures() + "/" + GetParam(); }
  std::string repository() const { return root_.path() + "/repository"; }
  // With the times to the nanosecond, which our own reader leaves out.
  void unpack(const std::string& tar) {
    ASSERT_OK(run_program({"tar", "-x", "-f", fixtures() + "/" + tar, "-C", repository()}));
    ASSERT_OK(run_program({"chmod", "-R", "a+rX", repository()}));
  }

  // Into data and spaces below `directory`.
  Result<engine::FetchReport> fetch(const std::string& name, const std::string& directory,
                                    std::function<Result<>(files::Directory&)> complete = {}) {
    engine::FetchSettings settings{.target_directory = directory + "/data"};
    for (const std::string& oid : expected_.tablespace_oids) {
      settings.tablespace_mapping[oid] = directory + "/space" + oid;
    }
    settings.thread_count = 2;
    settings.complete = std::move(complete);
    return engine::fetch_backup({.store = *store_, .cipher = cipher_.get(), .progress = progress_},
                                name, settings, {});
  }
  void expect_structure(const std::string& directory, postgres::Lsn start);
  void expect_rows(const ExpectedRows& expected, const std::string& directory);
  std::string restore_command();
  void unpack_wal(const std::string& directory);

  TemporaryDirectory root_;
  SystemClock clock_;
  SystemRandom random_;
  engine::NoProgress progress_;
  Expected expected_;
  std::unique_ptr<object_store::ObjectStore> store_;
  std::unique_ptr<codec::Cipher> cipher_;
};

TEST_P(WalgFixturesTest, IsListedAsByWalg) {
  const auto backups = repository::list_backups(*store_, {});
  ASSERT_OK(backups);
  std::vector<std::string> names;
  for (const auto& backup : backups.value()) names.push_back(backup.name.text());
  EXPECT_EQ(names, expected_.backups);
  struct Case {
    std::string file;
    repository::ListFormat format;
  };
  const Case cases[] = {
      {"backup-list.txt", {}},
      {"backup-list-pretty.txt", {.is_pretty = true}},
      {"backup-list.json", {.is_json = true}},
      {"backup-list-pretty.json", {.is_json = true, .is_pretty = true}},
      {"backup-list-detail.txt", {.has_details = true}},
      {"backup-list-detail-pretty.txt", {.is_pretty = true, .has_details = true}},
      {"backup-list-detail.json", {.is_json = true, .has_details = true}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const auto listing = repository::load_backup_listing(*store_, c.format.has_details, {});
    ASSERT_OK(listing);
    EXPECT_TRUE(listing.value().warnings.empty());
    EXPECT_EQ(repository::format_backup_list(listing.value().backups, c.format),
              with_microseconds(read_whole_file(folder() + "/" + c.file)));
  }
}

// Every page of a directory is good where it is: increments were applied to the right places.
std::uint64_t count_good_pages(const std::string& directory, const std::string& prefix,
                               postgres::Lsn start) {
  std::uint64_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = prefix + entry.path().lexically_relative(directory).string();
    const auto relation = postgres::relation_file_at(path);
    if (!relation) continue;
    const std::string bytes = read_whole_file(entry.path().string());
    EXPECT_EQ(bytes.size() % postgres::kPageBytes, 0U) << path;
    for (std::size_t at = 0; at + postgres::kPageBytes <= bytes.size();
         at += postgres::kPageBytes) {
      const auto block = static_cast<std::uint32_t>(at / postgres::kPageBytes);
      const auto verdict =
          postgres::check_page(std::string_view(bytes).substr(at, postgres::kPageBytes),
                               relation->first_block() + block, start);
      EXPECT_FALSE(postgres::is_bad(verdict))
          << path << " block " << block << ": " << postgres::page_verdict_name(verdict);
      ++count;
    }
  }
  return count;
}

void WalgFixturesTest::expect_structure(const std::string& directory, postgres::Lsn start) {
  const std::string data = directory + "/data";
  EXPECT_EQ(read_whole_file(data + "/PG_VERSION"), "15\n");
  const auto control = postgres::parse_control_file(read_whole_file(data + "/global/pg_control"));
  ASSERT_OK(control);
  EXPECT_EQ(control.value().system_identifier, expected_.system_identifier);
  EXPECT_EQ(control.value().wal_segment_size.bytes(), expected_.segment_bytes);
  EXPECT_NE(read_whole_file(data + "/backup_label").find("START WAL LOCATION: " + start.text()),
            std::string::npos);
  EXPECT_FALSE(fs::exists(data + "/tablespace_map"));
  EXPECT_TRUE(fs::is_directory(data + "/pg_wal"));
  EXPECT_TRUE(fs::is_empty(data + "/leere_datei"));
  EXPECT_TRUE(fs::is_directory(data + "/leeres_verzeichnis"));
  EXPECT_FALSE(fs::exists(data + "/postmaster.pid"));
  // WAL-G leaves out by name, at any depth; PostgreSQL, which made the remote backup, does not.
  const bool is_remote = GetParam() == "remote";
  EXPECT_EQ(fs::exists(data + "/unter/log"), is_remote);
  EXPECT_EQ(fs::exists(data + "/unter/standby.signal"), is_remote);
  std::uint64_t pages = count_good_pages(data, "", start);
  for (const std::string& oid : expected_.tablespace_oids) {
    const std::string space = directory + "/space" + oid;
    EXPECT_EQ(fs::read_symlink(data + "/pg_tblspc/" + oid), space);
    EXPECT_TRUE(fs::is_directory(space + "/PG_15_202209061"));
    pages += count_good_pages(space, "pg_tblspc/" + oid + "/", start);
  }
  EXPECT_GT(pages, 500U);
}

TEST_P(WalgFixturesTest, EveryBackupIsGoodAndRestores) {
  for (const std::string& name : expected_.backups) {
    SCOPED_TRACE(name);
    const auto verified = engine::verify_backup(
        {.store = *store_, .cipher = cipher_.get(), .clock = clock_, .progress = progress_}, name,
        {.thread_count = 2}, {});
    ASSERT_OK(verified);
    EXPECT_TRUE(verified.value().is_good()) << verified.value().findings.front();
    EXPECT_TRUE(verified.value().has_page_checksums);
    EXPECT_FALSE(verified.value().has_digests);
    const TemporaryDirectory target;
    const auto fetched = fetch(name, target.path());
    ASSERT_OK(fetched);
    EXPECT_FALSE(fetched.value().is_verified);  // WAL-G records nothing to verify by.
    const auto parsed = repository::BackupName::parse(name).value();
    const auto sentinel = repository::load_sentinel(*store_, parsed, {});
    ASSERT_OK(sentinel);
    expect_structure(target.path(), *sentinel.value().start_lsn);
  }
}

class WalgChainTest : public WalgFixturesTest {};

TEST_P(WalgChainTest, FilesComeAndGo) {
  for (std::size_t i = 0; i < expected_.backups.size(); ++i) {
    SCOPED_TRACE(expected_.backups[i]);
    const TemporaryDirectory target;
    ASSERT_OK(fetch(expected_.backups[i], target.path()));
    const std::string data = target.path() + "/data";
    // Replaced before the second delta.
    EXPECT_EQ(fs::exists(data + "/unter/tiefer/kurz.txt"), i < 2);
    EXPECT_EQ(fs::exists(data + "/unter/neu.txt"), i >= 2);
  }
}

class WalgEncryptedTest : public WalgFixturesTest {};

TEST_P(WalgEncryptedTest, WithoutTheKeyNothingIsRestored) {
  cipher_.reset();
  const TemporaryDirectory target;
  EXPECT_EQ(outcome(fetch("LATEST", target.path())), "Corrupt");
  EXPECT_TRUE(fs::is_empty(target.path() + "/data"));
}

TEST_P(WalgFixturesTest, EveryWalFileIsWhatItsNameSays) {
  repository::WalFinder finder(*store_, codec::Compression::Lz4);
  int segments = 0;
  ASSERT_OK(repository::for_each_wal(
      *store_, "",
      [&](const repository::WalObject& object) -> Result<> {
        SCOPED_TRACE(object.info.key);
        EXPECT_NE(object.name.kind, postgres::WalFileKind::Unknown);
        auto found = TRY(finder.find(object.name.file, {}));
        if (!found) return not_found("{}", object.info.key);
        const auto source = TRY(repository::unseal(
            std::move(found->object.body), found->compression, cipher_.get(), found->key.text()));
        const Bytes bytes = TRY(read_all(*source, 64 << 20));
        if (object.name.kind == postgres::WalFileKind::History ||
            object.name.kind == postgres::WalFileKind::BackupHistory) {
          EXPECT_NE(bytes.find("\n"), std::string::npos);
          return {};
        }
        EXPECT_EQ(bytes.size(), expected_.segment_bytes);
        TRY(postgres::check_wal_segment(
            {.name = object.name.file, .size_bytes = bytes.size(), .first_bytes = bytes},
            expected_.system_identifier));
        ++segments;
        return {};
      },
      {}));
  EXPECT_GE(segments, 2);
}

// Every WAL file as the server wants it, for a restore_command that only copies.
void WalgFixturesTest::unpack_wal(const std::string& directory) {
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms(0755));
  ASSERT_OK(repository::for_each_wal(
      *store_, "",
      [&](const repository::WalObject& object) -> Result<> {
        const auto source = TRY(repository::open_sealed(
            *store_, object_store::ObjectKey(object.info.key), cipher_.get(), {}));
        write_whole_file(directory + "/" + object.name.file, TRY(read_all(*source, 64 << 20)));
        return {};
      },
      {}));
}

// Our own program where it was built and the server's user can run it.
std::string WalgFixturesTest::restore_command() {
  const std::string program = CAIRN_PROGRAM;
  std::vector<std::string> attempt = {program, "--version"};
  if (geteuid() == 0) {
    attempt.insert(attempt.begin(), {"runuser", "-u", RealPostgres::user(), "--"});
  }
  const auto tried = try_program(attempt);
  if (tried.ok() && tried.value().status == 0) {
    std::string command = "WALG_FILE_PREFIX=" + repository();
    for (const auto& [name, value] : expected_.settings) command += " " + name + "=" + value;
    return command + " " + program + " wal-fetch \"%f\" \"%p\"";
  }
  const std::string directory = root_.path() + "/wal";
  if (!fs::exists(directory)) unpack_wal(directory);
  return "cp " + directory + "/%f \"%p\"";
}

void WalgFixturesTest::expect_rows(const ExpectedRows& expected, const std::string& directory) {
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms(0755));
  const std::string command = restore_command();
  ASSERT_OK(fetch(expected.backup, directory, [&](files::Directory& data) {
    return engine::write_recovery_settings(data, expected.target, command);
  }));
  if (geteuid() == 0) {
    ASSERT_OK(run_program({"chown", "-R", "postgres:postgres", directory}));
  }
  const auto created = RealPostgres::create(
      {.configuration = {"archive_mode = off", "hot_standby = on", "fsync = off"},
       .data_directory = directory + "/data"});
  ASSERT_OK(created);
  RealPostgres& server = *created.value();
  ASSERT_OK(server.start());
  const auto replayed = engine::follow_replay(
      {.connect =
           [&](std::stop_token stop) {
             return postgres::connect({.parameters = server.connection_parameters()}, clock_,
                                      std::move(stop));
           },
       .how_server_ended = [] { return std::optional<std::string>(); },
       .clock = clock_,
       .progress = progress_},
      {.poll_interval = std::chrono::milliseconds(50), .stall_deadline = std::chrono::seconds(60)},
      {});
  ASSERT_OK(replayed);
  for (const auto& [sql, result] : expected.rows) {
    SCOPED_TRACE(sql);
    const auto rows = server.psql(sql);
    ASSERT_OK(rows);
    EXPECT_EQ(rows.value(), result);
  }
  EXPECT_OK(server.stop());
}

TEST_P(WalgFixturesTest, PostgresBringsTheExpectedRows) {
  if (!RealPostgres::is_available()) GTEST_SKIP() << "PostgreSQL is not installed";
  int number = 0;
  for (const ExpectedRows& expected : expected_.restores) {
    SCOPED_TRACE(fmt::format("{} to \"{}\"", expected.backup, expected.target.value));
    expect_rows(expected, fmt::format("{}/restore{}", root_.path(), ++number));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(number, 0);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, WalgFixturesTest,
                         testing::Values("none", "lz4", "lzma", "zstd", "brotli", "libsodium",
                                         "remote", "delta", "timelines"),
                         [](const auto& test) { return test.param; });
INSTANTIATE_TEST_SUITE_P(Fixtures, WalgChainTest, testing::Values("delta"),
                         [](const auto& test) { return test.param; });
INSTANTIATE_TEST_SUITE_P(Fixtures, WalgEncryptedTest, testing::Values("libsodium"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace cairn::tests
