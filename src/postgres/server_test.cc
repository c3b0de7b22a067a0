// SPDX-License-Identifier: Apache-2.0
#include "postgres/server.h"

#include <gtest/gtest.h>

#include <deque>

namespace cairn::postgres {
namespace {

using std::chrono::minutes;

// Answers in the order given and remembers what it was asked.
class ScriptedSession final : public PostgresSession {
 public:
  explicit ScriptedSession(std::deque<Result<Rows>> answers) : answers_(std::move(answers)) {}

  Result<Rows> query(const Statement& statement, std::stop_token) override {
    asked.push_back(statement);
    if (answers_.empty()) return unavailable("nobody there");
    Result<Rows> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  std::vector<Statement> asked;

 private:
  std::deque<Result<Rows>> answers_;
};

Row facts_row() {
  return {"-5",        "202209061", "16777216", "8192",       "1",          "f", "3",
          "0/3000148", "/pg",       "on",       "archive %p", std::nullopt, "on"};
}

Result<ServerFacts> facts_of(std::deque<Result<Rows>> answers) {
  ScriptedSession session(std::move(answers));
  return server_facts(session, {});
}

ServerFacts facts_of_version(int number) {
  ServerFacts facts;
  facts.version = {number};
  return facts;
}

TEST(ServerTest, FactsAreReadFromTheServersAnswers) {
  const auto result = facts_of(
      {Rows{{"150004"}}, Rows{facts_row()}, Rows{{"16385", "/srv/one"}, {"16390", "/srv/two"}}});
  ASSERT_TRUE(result.ok()) << result.error().message();
  const ServerFacts& facts = result.value();
  EXPECT_EQ(facts.version.number, 150004);
  EXPECT_EQ(facts.system_identifier, 0xfffffffffffffffb);  // SQL shows the upper half as negative.
  EXPECT_EQ(facts.catalog_version, 202209061U);
  EXPECT_EQ(facts.wal_segment_size, WalSegmentSize::standard());
  EXPECT_EQ(facts.page_bytes, 8192U);
  EXPECT_TRUE(facts.has_data_checksums);
  EXPECT_FALSE(facts.is_in_recovery);
  EXPECT_EQ(facts.timeline, TimelineId{3});
  EXPECT_EQ(facts.current_lsn.text(), "0/3000148");
  EXPECT_EQ(facts.data_directory, "/pg");
  EXPECT_EQ(facts.archive_mode, "on");
  EXPECT_EQ(facts.archive_command, "archive %p");
  EXPECT_EQ(facts.archive_library, "");
  EXPECT_TRUE(facts.is_superuser);
  EXPECT_EQ(facts.tablespaces, (std::vector<Tablespace>{{16385, "/srv/one"}, {16390, "/srv/two"}}));
}

TEST(ServerTest, AStandbyMayHaveReplayedNothing) {
  Row row = facts_row();
  row[5] = "t";
  row[7] = std::nullopt;
  const auto facts = facts_of({Rows{{"180004"}}, Rows{row}, Rows{}});
  ASSERT_TRUE(facts.ok()) << facts.error().message();
  EXPECT_TRUE(facts.value().is_in_recovery);
  EXPECT_FALSE(facts.value().current_lsn.is_valid());
}

TEST(ServerTest, FactsThatMakeNoSenseAreRefused) {
  const auto with = [](std::size_t column, std::optional<std::string> value) {
    Row row = facts_row();
    row[column] = std::move(value);
    return facts_of({Rows{{"150004"}}, Rows{row}, Rows{}});
  };
  EXPECT_FALSE(with(0, "abc").ok());
  EXPECT_FALSE(with(1, std::nullopt).ok());
  EXPECT_FALSE(with(2, "12345").ok());
  EXPECT_FALSE(with(3, "-1").ok());
  EXPECT_FALSE(with(4, "x").ok());
  EXPECT_FALSE(with(6, "4294967296").ok());
  EXPECT_FALSE(with(7, "here").ok());
  EXPECT_FALSE(facts_of({Rows{{"150004"}}, Rows{}, Rows{}}).ok());
  EXPECT_FALSE(facts_of({Rows{{"150004"}}, Rows{facts_row()}, Rows{{"x", "/srv"}}}).ok());
  EXPECT_FALSE(facts_of({Rows{{"150004"}}, Rows{facts_row()}}).ok());
  EXPECT_FALSE(facts_of({Rows{{"150004"}}}).ok());
  EXPECT_FALSE(facts_of({}).ok());
}

TEST(ServerTest, OtherReleasesAreRefused) {
  for (const std::string number : {"120022", "190001"}) {
    const auto facts = facts_of({Rows{{number}}});
    ASSERT_FALSE(facts.ok());
    EXPECT_EQ(facts.error().code(), ErrorCode::InvalidArgument);
    EXPECT_NE(facts.error().message().find("13 to 18"), std::string::npos);
  }
}

TEST(ServerTest, AMissingPrivilegeNamesTheGrant) {
  const auto facts = facts_of({Rows{{"150004"}}, denied("must be superuser")});
  ASSERT_FALSE(facts.ok());
  EXPECT_EQ(facts.error().code(), ErrorCode::Denied);
  EXPECT_NE(facts.error().message().find("pg_read_all_settings"), std::string::npos);
  ScriptedSession session({denied("permission denied"), denied("permission denied")});
  const auto started = start_backup(session, facts_of_version(150004), "x", true, minutes(1), {});
  EXPECT_NE(started.error().message().find("pg_backup_start(text, boolean)"), std::string::npos);
  const auto stopped = stop_backup(session, facts_of_version(130004), true, minutes(1), {});
  EXPECT_NE(stopped.error().message().find("pg_stop_backup(boolean, boolean)"), std::string::npos);
}

TEST(ServerTest, ABackupStartsWithTheFunctionOfTheRelease) {
  struct Case {
    int version;
    std::string_view sql;
  };
  const Case cases[] = {{130000, "SELECT pg_start_backup($1, $2::boolean, false)"},
                        {149999, "SELECT pg_start_backup($1, $2::boolean, false)"},
                        {150000, "SELECT pg_backup_start($1, $2::boolean)"},
                        {180000, "SELECT pg_backup_start($1, $2::boolean)"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.version);
    ScriptedSession session({Rows{{"0/2000028"}}, Rows{{"t", "4"}}});
    const auto started =
        start_backup(session, facts_of_version(c.version), "label", true, minutes(9), {});
    ASSERT_TRUE(started.ok()) << started.error().message();
    EXPECT_EQ(started.value().lsn.text(), "0/2000028");
    EXPECT_EQ(started.value().timeline, TimelineId{4});
    EXPECT_TRUE(started.value().is_in_recovery);
    EXPECT_EQ(session.asked[0].sql, c.sql);
    EXPECT_EQ(session.asked[0].parameters, (std::vector<std::string>{"label", "true"}));
    EXPECT_EQ(session.asked[0].deadline, minutes(9));
  }
}

TEST(ServerTest, ABackupStopsWithTheFunctionOfTheRelease) {
  struct Case {
    int version;
    std::string_view call;
  };
  const Case cases[] = {{140000, "pg_stop_backup(false, $1::boolean)"},
                        {150000, "pg_backup_stop($1::boolean)"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.version);
    ScriptedSession session({Rows{{"0/3000000", "START WAL", std::nullopt}}});
    const auto stopped = stop_backup(session, facts_of_version(c.version), false, minutes(9), {});
    ASSERT_TRUE(stopped.ok()) << stopped.error().message();
    EXPECT_EQ(stopped.value().lsn.text(), "0/3000000");
    EXPECT_EQ(stopped.value().backup_label, "START WAL");
    EXPECT_EQ(stopped.value().tablespace_map, "");
    EXPECT_TRUE(session.asked[0].sql.ends_with(c.call)) << session.asked[0].sql;
    EXPECT_EQ(session.asked[0].parameters, (std::vector<std::string>{"false"}));
    EXPECT_EQ(session.asked[0].deadline, minutes(9));
  }
}

TEST(ServerTest, AnAnswerWithoutAPositionIsAnError) {
  const ServerFacts facts = facts_of_version(150000);
  ScriptedSession no_start({Rows{{std::nullopt}}});
  EXPECT_FALSE(start_backup(no_start, facts, "x", true, minutes(1), {}).ok());
  ScriptedSession no_timeline({Rows{{"0/2000028"}}, Rows{{"f", std::nullopt}}});
  EXPECT_FALSE(start_backup(no_timeline, facts, "x", true, minutes(1), {}).ok());
  ScriptedSession no_lsn({Rows{{std::nullopt, "label", ""}}});
  EXPECT_FALSE(stop_backup(no_lsn, facts, true, minutes(1), {}).ok());
  ScriptedSession no_label({Rows{{"0/3000000", std::nullopt, ""}}});
  EXPECT_FALSE(stop_backup(no_label, facts, true, minutes(1), {}).ok());
}

TEST(ServerTest, ALabelThatWouldSpoilTheFileIsRefused) {
  for (const std::string& label :
       {std::string(), std::string("a\nSTART TIMELINE: 9"), std::string(1025, 'x')}) {
    ScriptedSession session({});
    const auto started =
        start_backup(session, facts_of_version(150000), label, true, minutes(1), {});
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().code(), ErrorCode::InvalidArgument);
    EXPECT_TRUE(session.asked.empty());
  }
}

TEST(ServerTest, PingShowsALostSession) {
  ScriptedSession session({Rows{{"1"}}});
  EXPECT_TRUE(ping(session, {}).ok());
  EXPECT_EQ(ping(session, {}).error().code(), ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cairn::postgres
