// SPDX-License-Identifier: Apache-2.0
// Commands as they are called, on a storage in a directory.
#include "app/commands.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "app/cli.h"
#include "app/environment.h"
#include "tests/support/expect_ok.h"
#include "tests/support/log_capture.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wal_sample.h"

namespace cairn::app {
namespace {

using tests::outcome;
using tests::read_whole_file;
using tests::wal_sample;
using tests::wal_sample_name;
using tests::write_whole_file;

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    std::filesystem::create_directories(storage_path_);
    variables_ = {{"WALG_FILE_PREFIX", storage_path_}, {"WALG_DOWNLOAD_CONCURRENCY", "1"}};
  }

  Result<ExitStatus> run(const std::vector<std::string>& words) {
    const auto parsed = parse_command_line(words);
    if (const auto* answer = std::get_if<CliAnswer>(&parsed)) {
      return invalid_argument("{}", answer->text);
    }
    const auto& command = std::get<CommandLine>(parsed);
    const auto environment = TRY(Environment::open(variables_, command.environment));
    CommandContext context{*environment, out_, {}};
    return command.run(context);
  }
  std::string path(const std::string& name) const { return temporary_.path() + "/" + name; }
  bool is_stored(const std::string& key) const {
    return std::filesystem::exists(storage_path_ + "/" + key);
  }

  const tests::LogCapture log_;
  const tests::TemporaryDirectory temporary_;
  const std::string storage_path_ = temporary_.path() + "/storage";
  SettingValues variables_;
  StringSink out_;
};

TEST_F(CommandsTest, StorageToolsPutListGetAndRemove) {
  write_whole_file(path("file"), "content");
  ASSERT_OK(run({"st", "put", path("file"), "folder/object"}));
  EXPECT_TRUE(is_stored("folder/object.lz4"));
  EXPECT_EQ(outcome(run({"st", "put", path("file"), "folder/object"})), "AlreadyExists");
  ASSERT_OK(run({"st", "put", "--force", path("file"), "folder/object"}));
  ASSERT_OK(run({"st", "put", "--no-compress", "--no-encrypt", path("file"), "plain"}));
  EXPECT_EQ(read_whole_file(storage_path_ + "/plain"), "content");

  ASSERT_OK(run({"st", "ls"}));
  const std::string listed = out_.take();
  EXPECT_NE(listed.find("dir "), std::string::npos);
  EXPECT_NE(listed.find("folder/\n"), std::string::npos);
  EXPECT_NE(listed.find("plain\n"), std::string::npos);
  ASSERT_OK(run({"st", "ls", "-r"}));
  EXPECT_NE(out_.take().find("folder/object.lz4\n"), std::string::npos);
  ASSERT_OK(run({"st", "ls", "folder"}));
  EXPECT_NE(out_.take().find("  object.lz4\n"), std::string::npos);

  ASSERT_OK(run({"st", "get", "folder/object.lz4", path("back")}));
  EXPECT_EQ(read_whole_file(path("back")), "content");
  EXPECT_EQ(outcome(run({"st", "get", "folder/object.lz4", path("back")})), "AlreadyExists");
  EXPECT_EQ(outcome(run({"st", "get", "missing", path("other")})), "NotFound");
  EXPECT_FALSE(std::filesystem::exists(path("other")));
  EXPECT_FALSE(std::filesystem::exists(path("other.tmp")));
  ASSERT_OK(run({"st", "cat", "--decompress", "folder/object.lz4"}));
  EXPECT_EQ(out_.take(), "content");
  ASSERT_OK(run({"st", "cat", "plain"}));
  EXPECT_EQ(out_.take(), "content");

  ASSERT_OK(run({"st", "rm", "plain"}));
  EXPECT_EQ(outcome(run({"st", "rm", "plain"})), "NotFound");
  ASSERT_OK(run({"st", "rm", "folder/"}));
  EXPECT_FALSE(is_stored("folder/object.lz4"));
  EXPECT_EQ(outcome(run({"st", "rm", "folder/"})), "NotFound");
  EXPECT_EQ(outcome(run({"st", "rm", "../x"})), "InvalidArgument");
}

TEST_F(CommandsTest, StorageCheckNamesTheStorage) {
  EXPECT_EQ(run({"st", "check"}).value(), ExitStatus::Ok);
  EXPECT_EQ(out_.bytes().find("storage: " + storage_path_ + "\n"), 0U);
}

TEST_F(CommandsTest, EncryptsWithAKeyFromAFile) {
  write_whole_file(path("key"), "a key of at least 25 bytes\n");
  write_whole_file(path("file"), "content");
  variables_["WALG_LIBSODIUM_KEY_PATH"] = path("key");
  ASSERT_OK(run({"st", "put", path("file"), "object"}));
  ASSERT_OK(run({"st", "get", "object.lz4", path("back")}));
  EXPECT_EQ(read_whole_file(path("back")), "content");
  EXPECT_EQ(outcome(run({"st", "cat", "--decompress", "object.lz4"})), "InvalidArgument");
  ASSERT_OK(run({"st", "cat", "--decompress", "--decrypt", "object.lz4"}));
  EXPECT_EQ(out_.take(), "content");

  variables_.erase("WALG_LIBSODIUM_KEY_PATH");
  variables_["WALG_LIBSODIUM_KEY"] = "a key of at least 25 bytes";
  ASSERT_OK(run({"st", "cat", "--decompress", "--decrypt", "object.lz4"}));
  variables_["WALG_LIBSODIUM_KEY"] = "a key of no more use at all";
  EXPECT_EQ(outcome(run({"st", "cat", "--decompress", "--decrypt", "object.lz4"})), "Corrupt");
}

TEST_F(CommandsTest, AKeyThatCannotBeReadIsAnError) {
  write_whole_file(path("file"), "content");
  variables_["WALG_LIBSODIUM_KEY_PATH"] = path("missing");
  EXPECT_EQ(outcome(run({"st", "put", path("file"), "object"})), "NotFound");
  write_whole_file(path("empty"), " \n");
  variables_["WALG_LIBSODIUM_KEY_PATH"] = path("empty");
  EXPECT_EQ(outcome(run({"st", "put", path("file"), "object"})), "InvalidArgument");
  EXPECT_FALSE(is_stored("object.lz4"));
}

TEST_F(CommandsTest, ReadsTheConfigurationFile) {
  variables_.erase("WALG_FILE_PREFIX");
  write_whole_file(path("c.yaml"), "WALG_FILE_PREFIX: " + storage_path_ + "\nWALG_TYPO: x\n");
  ASSERT_OK(run({"--config", path("c.yaml"), "st", "ls"}));
  EXPECT_EQ(log_.count(LogLevel::Warning, "unknown setting WALG_TYPO"), 1);
  variables_["WALG_CONFIG_PATH"] = path("c.yaml");
  EXPECT_OK(run({"st", "ls"}));
  variables_.erase("WALG_CONFIG_PATH");
  EXPECT_EQ(outcome(run({"st", "ls"})), "InvalidArgument");
  variables_["HOME"] = temporary_.path();
  std::filesystem::rename(path("c.yaml"), path(".walg.yaml"));
  EXPECT_OK(run({"st", "ls"}));
  EXPECT_EQ(outcome(run({"--config", path("missing.json"), "st", "ls"})), "NotFound");
}

TEST_F(CommandsTest, KeepsToTheStoragePrefix) {
  write_whole_file(path("file"), "content");
  variables_["WALG_STORAGE_PREFIX"] = "one/two";
  ASSERT_OK(run({"st", "put", "--no-compress", path("file"), "object"}));
  EXPECT_TRUE(is_stored("one/two/object"));
  variables_["WALG_STORAGE_PREFIX"] = "../out";
  EXPECT_EQ(outcome(run({"st", "ls"})), "InvalidArgument");
}

TEST_F(CommandsTest, AStorageThatIsNotThereIsAnError) {
  variables_["WALG_FILE_PREFIX"] = path("missing");
  EXPECT_EQ(outcome(run({"st", "ls"})), "NotFound");
}

TEST_F(CommandsTest, ListsNoBackupsAsAnEmptyArray) {
  ASSERT_OK(run({"backup-list", "--detail", "--json"}));
  EXPECT_EQ(out_.take(), "[]\n");
  ASSERT_OK(run({"backup-list"}));
  EXPECT_EQ(out_.take(), "");
}

TEST_F(CommandsTest, ArchivesAndBringsBack) {
  const tests::SampleCluster cluster;
  const std::string name = wal_sample_name(1);
  const std::string bytes = wal_sample(name);
  const std::string wal = cluster.data_directory() + "/pg_wal/" + name;
  write_whole_file(wal, bytes);
  EXPECT_EQ(run({"wal-push", wal}).value(), ExitStatus::Ok);
  EXPECT_TRUE(is_stored("wal_005/" + name + ".lz4"));
  EXPECT_EQ(run({"wal-push", wal}).value(), ExitStatus::Ok);

  const std::string destination = cluster.data_directory() + "/pg_wal/RECOVERYXLOG";
  EXPECT_EQ(run({"wal-fetch", name, destination}).value(), ExitStatus::Ok);
  EXPECT_EQ(read_whole_file(destination), bytes);
  EXPECT_EQ(run({"wal-fetch", wal_sample_name(2), destination}).value(), ExitStatus::NotInArchive);
  EXPECT_EQ(outcome(run({"wal-fetch", "nonsense", destination})), "InvalidArgument");
  EXPECT_EQ(outcome(run({"wal-fetch", name, path("missing/file")})), "NotFound");

  // Another cluster's WAL does not get in, by its header or by its control file.
  write_whole_file(wal, wal_sample(name, {.system_identifier = 7}));
  EXPECT_EQ(outcome(run({"wal-push", wal})), "InvalidArgument");
}

TEST_F(CommandsTest, PrefetchesIntoTheDirectoryOfTheDestination) {
  variables_["WALG_DOWNLOAD_CONCURRENCY"] = "4";
  const tests::SampleCluster cluster;
  const std::string wal = cluster.data_directory() + "/pg_wal/";
  for (unsigned number = 1; number <= 3; ++number) {
    const std::string name = wal_sample_name(number);
    write_whole_file(wal + name, wal_sample(name));
    ASSERT_OK(run({"wal-push", wal + name}));
  }
  ASSERT_OK(run({"wal-prefetch", wal_sample_name(1), wal, "--segment-bytes", "1048576"}));
  EXPECT_TRUE(std::filesystem::exists(wal + ".wal-g/prefetch/" + wal_sample_name(3)));
  EXPECT_EQ(outcome(run({"wal-prefetch", "00000002.history", wal})), "InvalidArgument");
  EXPECT_EQ(outcome(run({"wal-prefetch", wal_sample_name(1), wal, "--segment-bytes", "5"})),
            "InvalidArgument");
}

TEST_F(CommandsTest, SettingsThatCannotBeHonouredStopEveryCommand) {
  variables_["WALG_PGP_KEY"] = "hush";
  EXPECT_EQ(outcome(run({"st", "ls"})), "InvalidArgument");
  variables_.erase("WALG_PGP_KEY");
  variables_["WALG_COMPRESSION_METHOD"] = "lz5";
  EXPECT_EQ(outcome(run({"backup-list"})), "InvalidArgument");
}

}  // namespace
}  // namespace cairn::app
