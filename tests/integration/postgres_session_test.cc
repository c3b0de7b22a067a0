// SPDX-License-Identifier: Apache-2.0
// Sessions with a real server, and what we ask it.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "concurrency/task_group.h"
#include "postgres/backup_label.h"
#include "postgres/control_file.h"
#include "postgres/server.h"
#include "tests/support/real_postgres.h"

namespace cairn::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using tests::RealPostgres;

class PostgresSessionTest : public testing::Test {
 protected:
  // One server for all tests; each uses what it makes.
  static void SetUpTestSuite() {
    if (!RealPostgres::is_available()) return;
    auto created =
        RealPostgres::create({.configuration = {"archive_mode = on", "archive_command = 'true'",
                                                "password_encryption = 'scram-sha-256'"}});
    if (created.ok() && created.value()->start().ok()) {
      server_ = std::move(created).value().release();
    }
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    if (!RealPostgres::is_available()) GTEST_SKIP() << "PostgreSQL is not installed";
    ASSERT_NE(server_, nullptr) << "the server did not start";
  }

  ConnectionSettings settings() const {
    return {.parameters = server_->connection_parameters(),
            .on_notice = [this](std::string_view text) { notices_.emplace_back(text); }};
  }
  std::unique_ptr<PostgresSession> connected() { return connect(settings(), clock_, {}).value(); }

  static RealPostgres* server_;
  mutable std::vector<std::string> notices_;
  SystemClock clock_;
};

RealPostgres* PostgresSessionTest::server_ = nullptr;

void set(ConnectionSettings& settings, std::string_view name, std::string value) {
  for (auto& parameter : settings.parameters) {
    if (parameter.first == name) parameter.second = value;
  }
}

TEST_F(PostgresSessionTest, ReturnsRowsAndNulls) {
  const auto session = connected();
  const auto rows =
      session->query({.sql = "SELECT $1 || '!', NULL, $2::int + 1 UNION ALL SELECT '', 'x', 0",
                      .parameters = {"it's", "41"}},
                     {});
  ASSERT_TRUE(rows.ok()) << rows.error().message();
  EXPECT_EQ(rows.value(), (Rows{{"it's!", std::nullopt, "42"}, {"", "x", "0"}}));
  EXPECT_TRUE(session->query({.sql = "CREATE TEMP TABLE t(a int)"}, {}).value().empty());
}

TEST_F(PostgresSessionTest, AStatementThatFailsLeavesTheSessionUsable) {
  const auto session = connected();
  struct Case {
    std::string sql;
    ErrorCode code;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"SELECT 1/0", ErrorCode::InvalidArgument, "division by zero [SQLSTATE 22012]"},
      {"SELEC", ErrorCode::InvalidArgument, "syntax error"},
      {"SELECT pg_backup_stop_not()", ErrorCode::InvalidArgument, "does not exist"},
      {"DO $$BEGIN RAISE EXCEPTION 'own'; END$$", ErrorCode::Internal, "own [SQLSTATE P0001]"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sql);
    const auto rows = session->query({.sql = c.sql}, {});
    ASSERT_FALSE(rows.ok());
    EXPECT_EQ(rows.error().code(), c.code);
    EXPECT_NE(rows.error().message().find(c.complaint), std::string::npos)
        << rows.error().message();
    EXPECT_TRUE(ping(*session, {}).ok());
  }
}

TEST_F(PostgresSessionTest, NoticesArrive) {
  const auto session = connected();
  ASSERT_TRUE(session->query({.sql = "DO $$BEGIN RAISE WARNING 'mind the gap'; END$$"}, {}).ok());
  EXPECT_EQ(notices_, std::vector<std::string>{"mind the gap"});
}

TEST_F(PostgresSessionTest, TimeOutsOfTheRoleDoNotEndABackup) {
  ASSERT_TRUE(server_->psql("CREATE ROLE impatient SUPERUSER LOGIN").ok());
  ASSERT_TRUE(server_->psql("ALTER ROLE impatient SET statement_timeout = '2s'").ok());
  ConnectionSettings impatient = settings();
  set(impatient, "user", "impatient");
  const auto session = connect(impatient, clock_, {});
  ASSERT_TRUE(session.ok()) << session.error().message();
  EXPECT_EQ(session.value()->query({.sql = "SHOW statement_timeout"}, {}).value(), (Rows{{"0"}}));
  EXPECT_EQ(session.value()->query({.sql = "SHOW search_path"}, {}).value(),
            (Rows{{"pg_catalog"}}));
}

TEST_F(PostgresSessionTest, ADeadlineCancelsTheStatement) {
  const auto session = connected();
  const auto rows =
      session->query({.sql = "SELECT pg_sleep(60)", .deadline = milliseconds(50)}, {});
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code(), ErrorCode::Unavailable);
  EXPECT_NE(rows.error().message().find("deadline"), std::string::npos);
  EXPECT_TRUE(ping(*session, {}).ok());
}

TEST_F(PostgresSessionTest, AStopCancelsTheStatement) {
  const auto session = connected();
  const auto observer = connected();
  TaskGroup group({});
  std::stop_source stop;
  group.start([&](std::stop_token) -> Result<> {
    TRY(session->query({.sql = "SELECT pg_sleep(60) /* stop me */"}, stop.get_token()));
    return {};
  });
  const Statement count{
      .sql =
          "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%stop me%' AND "
          "state = 'active' AND pid <> pg_backend_pid()"};
  while (observer->query(count, {}).value() != Rows{{"1"}}) continue;
  stop.request_stop();
  EXPECT_EQ(group.join().error().code(), ErrorCode::Cancelled);
  EXPECT_EQ(observer->query(count, {}).value(), (Rows{{"0"}}));
  EXPECT_TRUE(ping(*session, {}).ok());
  EXPECT_EQ(session->query({.sql = "SELECT 1"}, stop.get_token()).error().code(),
            ErrorCode::Cancelled);
}

TEST_F(PostgresSessionTest, ALostConnectionStaysLost) {
  const auto session = connected();
  const auto rows = session->query({.sql = "SELECT pg_terminate_backend(pg_backend_pid())"}, {});
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code(), ErrorCode::Unavailable);
  EXPECT_EQ(ping(*session, {}).error().code(), ErrorCode::Unavailable);
}

TEST_F(PostgresSessionTest, AConnectionThatFailsSaysWhy) {
  ASSERT_TRUE(server_->psql("CREATE ROLE locked NOLOGIN").ok());
  struct Case {
    std::string_view name;
    std::string value;
    ErrorCode code;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"host", "/nowhere", ErrorCode::Unavailable, "/nowhere/.s.PGSQL.5432"},
      {"port", "5433", ErrorCode::Unavailable, ".s.PGSQL.5433"},
      {"port", "many", ErrorCode::InvalidArgument, "port"},
      {"user", "nobody_here", ErrorCode::Denied, "nobody_here"},
      {"user", "locked", ErrorCode::Denied, "not permitted to log in"},
      {"dbname", "nowhere", ErrorCode::InvalidArgument, "\"nowhere\" does not exist"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.name) + "=" + c.value);
    ConnectionSettings wrong = settings();
    set(wrong, c.name, c.value);
    const auto session = connect(wrong, clock_, {});
    ASSERT_FALSE(session.ok());
    EXPECT_EQ(session.error().code(), c.code);
    EXPECT_NE(session.error().message().find(c.complaint), std::string::npos)
        << session.error().message();
  }
  ConnectionSettings unknown = settings();
  unknown.parameters.emplace_back("hots", "x");
  EXPECT_EQ(connect(unknown, clock_, {}).error().code(), ErrorCode::InvalidArgument);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(connect(settings(), clock_, stopped.get_token()).error().code(), ErrorCode::Cancelled);
}

TEST_F(PostgresSessionTest, AWrongPasswordIsDeniedAndNotRepeated) {
  ASSERT_TRUE(server_->psql("CREATE ROLE guarded LOGIN PASSWORD 'right one'").ok());
  const std::string file = server_->data_directory() + "/pg_hba.conf";
  std::string rules;
  {
    std::ifstream in(file);
    rules.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::ofstream(file) << "local all guarded scram-sha-256\n" << rules;
  ASSERT_TRUE(server_->psql("SELECT pg_reload_conf()").ok());
  ConnectionSettings guarded = settings();
  set(guarded, "user", "guarded");
  // The server reads its rules anew some moments after it was asked to.
  auto refused = connect(guarded, clock_, {});
  while (refused.ok()) refused = connect(guarded, clock_, {});
  EXPECT_EQ(refused.error().code(), ErrorCode::Denied);
  guarded.password = Secret("wrong one");
  refused = connect(guarded, clock_, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::Denied);
  EXPECT_EQ(refused.error().message().find("wrong one"), std::string::npos);
  guarded.password = Secret("right one");
  const auto accepted = connect(guarded, clock_, {});
  ASSERT_TRUE(accepted.ok()) << accepted.error().message();
  // It may ask who it talks to, but not for the place of the files.
  const auto facts = server_facts(*accepted.value(), {});
  ASSERT_FALSE(facts.ok());
  EXPECT_EQ(facts.error().code(), ErrorCode::Denied);
  EXPECT_NE(facts.error().message().find("pg_monitor"), std::string::npos);
  const auto start =
      start_backup(*accepted.value(), {.version = {150000}}, "x", true, minutes(1), {});
  EXPECT_FALSE(start.ok());
}

TEST_F(PostgresSessionTest, FactsAgreeWithTheControlFile) {
  const std::string location = server_->scratch_directory() + "/space one";
  ASSERT_TRUE(server_->run({"mkdir", location}).ok());
  ASSERT_TRUE(server_->psql("CREATE TABLESPACE one LOCATION '" + location + "'").ok());
  const auto session = connected();
  const auto result = server_facts(*session, {});
  ASSERT_TRUE(result.ok()) << result.error().message();
  const ServerFacts& facts = result.value();
  std::ifstream in(server_->data_directory() + "/global/pg_control", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto parsed = parse_control_file(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  const ControlFile& control = parsed.value();
  EXPECT_EQ(bytes.size(), kControlFileBytes);
  EXPECT_EQ(control.state, ClusterState::InProduction);
  EXPECT_EQ(facts.version.major(), control.major_version());
  EXPECT_EQ(facts.system_identifier, control.system_identifier);
  EXPECT_EQ(facts.catalog_version, control.catalog_version);
  EXPECT_EQ(facts.wal_segment_size, control.wal_segment_size);
  EXPECT_EQ(facts.page_bytes, control.page_bytes);
  EXPECT_EQ(facts.has_data_checksums, control.has_data_checksums());
  EXPECT_EQ(facts.timeline, control.checkpoint_timeline);
  EXPECT_GT(facts.current_lsn, control.checkpoint);
  EXPECT_EQ(facts.data_directory, server_->data_directory());
  EXPECT_FALSE(facts.is_in_recovery);
  EXPECT_TRUE(facts.is_superuser);
  EXPECT_EQ(facts.archive_mode, "on");
  EXPECT_EQ(facts.archive_command, "true");
  ASSERT_EQ(facts.tablespaces.size(), 1U);
  EXPECT_EQ(facts.tablespaces[0].location, location);
}

TEST_F(PostgresSessionTest, ABackupStartsAndStops) {
  const auto session = connected();
  const ServerFacts facts = server_facts(*session, {}).value();
  const auto started = start_backup(*session, facts, "nightly", true, minutes(1), {});
  ASSERT_TRUE(started.ok()) << started.error().message();
  EXPECT_EQ(started.value().timeline, TimelineId{1});
  EXPECT_FALSE(started.value().is_in_recovery);
  EXPECT_FALSE(start_backup(*session, facts, "second", true, minutes(1), {}).ok());
  const auto stopped = stop_backup(*session, facts, true, minutes(1), {});
  ASSERT_TRUE(stopped.ok()) << stopped.error().message();
  EXPECT_GT(stopped.value().lsn, started.value().lsn);
  const auto label = parse_backup_label(stopped.value().backup_label);
  ASSERT_TRUE(label.ok()) << label.error().message();
  EXPECT_EQ(label.value().start, started.value().lsn);
  EXPECT_EQ(label.value().start_timeline, started.value().timeline);
  EXPECT_EQ(label.value().label, "nightly");
  EXPECT_EQ(label.value().start_segment,
            WalSegment::of_lsn({1}, started.value().lsn, facts.wal_segment_size)
                .name(facts.wal_segment_size));
  EXPECT_EQ(parse_tablespace_map(stopped.value().tablespace_map).value(), facts.tablespaces);
  EXPECT_EQ(stop_backup(*session, facts, true, minutes(1), {}).error().code(),
            ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace cairn::postgres
