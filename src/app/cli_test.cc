// SPDX-License-Identifier: Apache-2.0
#include "app/cli.h"

#include <gtest/gtest.h>

#include "app/setting_table.h"

namespace cairn::app {
namespace {

using Words = std::vector<std::string>;

bool is_command(const Words& words) {
  const auto parsed = parse_command_line(words);
  if (const auto* answer = std::get_if<CliAnswer>(&parsed)) {
    ADD_FAILURE() << answer->text;
    return false;
  }
  return static_cast<bool>(std::get<CommandLine>(parsed).run);
}

CliAnswer answer_to(const Words& words) {
  const auto parsed = parse_command_line(words);
  const auto* answer = std::get_if<CliAnswer>(&parsed);
  return answer == nullptr ? CliAnswer{"a command", ExitStatus::Ok} : *answer;
}

// As StackGres and others call wal-g today.
TEST(CliTest, TakesTheCommandLinesOfWalg) {
  const Words lines[] = {
      {"backup-push", "/data", "-f", "-p"},
      {"backup-push", "/data", "--add-user-data", "{\"a\":1}", "--without-files-metadata"},
      {"backup-list"},
      {"backup-list", "--detail", "--json"},
      {"backup-list", "--pretty"},
      {"backup-mark", "-i", "base_000000010000000000000002"},
      {"backup-fetch", "/data", "LATEST"},
      {"delete", "before", "base_000000010000000000000002", "--confirm"},
      {"delete", "target", "FIND_FULL", "base_000000010000000000000002", "--confirm"},
      {"delete", "retain", "FULL", "5", "--after", "2026-08-20T10:00:00Z"},
      {"delete", "everything", "FORCE", "--confirm"},
      {"delete", "garbage", "ARCHIVES"},
      {"wal-push", "pg_wal/000000010000000000000001"},
      {"wal-fetch", "000000010000000000000001", "pg_wal/RECOVERYXLOG"},
      {"wal-prefetch", "000000010000000000000001", "/data/pg_wal"},
      {"wal-show", "--detailed-json"},
      {"wal-verify", "integrity", "timeline", "--json"},
      {"st", "ls", "-r", "basebackups_005"},
      {"st", "put", "--no-encrypt", "--no-compress", "file", "object"},
      {"st", "check", "read"},
      {"--config", "/c.json", "backup-list"},
      {"backup-list", "--config", "/c.json", "--turbo"},
  };
  for (const Words& words : lines) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(words, " ")));
    EXPECT_TRUE(is_command(words));
  }
}

TEST(CliTest, GlobalOptionsMayStandBehindTheVerb) {
  const auto parsed = parse_command_line(Words{"st", "ls", "--config", "/c.json", "--turbo"});
  const auto& command = std::get<CommandLine>(parsed);
  EXPECT_EQ(command.environment.config_path, "/c.json");
  EXPECT_TRUE(command.environment.is_turbo);
  EXPECT_EQ(command.if_failed, ExitStatus::Failed);
}

TEST(CliTest, SaysWhatIsWrong) {
  struct Case {
    Words words;
    std::string_view text;
    ExitStatus status = ExitStatus::Failed;
  };
  const Case cases[] = {
      {{}, "A subcommand is required (see `cairn --help`)"},
      {{"wal-push"}, "path is required (see `cairn wal-push --help`)"},
      {{"st"}, "A subcommand is required (see `cairn st --help`)"},
      {{"st", "get", "a"}, "path is required (see `cairn st get --help`)"},
      {{"help", "nothing"}, "there is no help on \"nothing\" (see `cairn --help`)"},
      // To PostgreSQL anything from 1 to 125 would mean that there is no more WAL.
      {{"wal-fetch"}, "file is required (see `cairn wal-fetch --help`)", ExitStatus::FetchFailed},
      {{"--nonsense", "wal-fetch", "a", "b"},
       "The following argument was not expected: --nonsense (see `cairn wal-fetch --help`)",
       ExitStatus::FetchFailed},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const CliAnswer answer = answer_to(c.words);
    EXPECT_EQ(answer.text, c.text);
    EXPECT_EQ(answer.status, c.status);
  }
  EXPECT_EQ(answer_to({"nonsense"}).status, ExitStatus::Failed);
}

TEST(CliTest, AnErrorOfWalFetchNeverLooksLikeAnAbsence) {
  const auto parsed = parse_command_line(Words{"wal-fetch", "a", "b"});
  EXPECT_EQ(std::get<CommandLine>(parsed).if_failed, ExitStatus::FetchFailed);
}

TEST(CliTest, Explains) {
  struct Case {
    Words words;
    std::string_view part;
  };
  const Case cases[] = {
      {{"version"}, "cairn "},
      {{"--version"}, "cairn "},
      {{"help"}, "backup-push"},
      {{"--help"}, "backup-push"},
      {{"help", "st", "ls"}, "Usage: cairn st ls"},
      {{"st", "ls", "--help"}, "Usage: cairn st ls"},
      {{"help", "wal-fetch"}, "74"},
      {{"help", "settings"}, "WALG_S3_PREFIX"},
      {{"docs", "settings"}, "| `WALG_S3_PREFIX`"},
      {{"docs", "cli"}, "## cairn st ls"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(c.words, " ")));
    const CliAnswer answer = answer_to(c.words);
    EXPECT_EQ(answer.status, ExitStatus::Ok);
    EXPECT_NE(answer.text.find(c.part), std::string::npos) << answer.text;
  }
}

TEST(CliTest, HidesWhatIsNotForPeople) {
  EXPECT_EQ(cli_markdown().find("wal-prefetch"), std::string::npos);
  EXPECT_EQ(cli_markdown().find("## cairn docs"), std::string::npos);
}

}  // namespace
}  // namespace cairn::app
