// SPDX-License-Identifier: Apache-2.0
#include "tests/support/real_postgres.h"

#include <gtest/gtest.h>

namespace cairn::tests {
namespace {

TEST(RealPostgresTest, StartsCrashesAndStartsAgain) {
  if (!RealPostgres::is_available()) GTEST_SKIP() << "PostgreSQL is not installed";
  auto server = RealPostgres::create({.configuration = {"work_mem = 3MB"}});
  ASSERT_TRUE(server.ok()) << server.error().message();
  RealPostgres& postgres = *server.value();
  const auto started = postgres.start();
  ASSERT_TRUE(started.ok()) << started.error().message();
  EXPECT_EQ(postgres.psql("SHOW work_mem").value(), "3MB");
  EXPECT_EQ(postgres.psql("SHOW data_checksums").value(), "on");
  ASSERT_TRUE(postgres.psql("CREATE TABLE kept(a int); INSERT INTO kept VALUES (7)").ok());
  postgres.crash();
  EXPECT_FALSE(postgres.psql("SELECT 1").ok());
  const auto restarted = postgres.start();
  ASSERT_TRUE(restarted.ok()) << restarted.error().message();
  EXPECT_EQ(postgres.psql("SELECT a FROM kept").value(), "7");
  EXPECT_TRUE(postgres.stop().ok());
}

TEST(RealPostgresTest, AServerThatDoesNotStartShowsItsLog) {
  if (!RealPostgres::is_available()) GTEST_SKIP() << "PostgreSQL is not installed";
  auto server = RealPostgres::create({.configuration = {"no_such_setting = 1"}});
  ASSERT_TRUE(server.ok()) << server.error().message();
  const auto started = server.value()->start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message().find("no_such_setting"), std::string::npos)
      << started.error().message();
}

}  // namespace
}  // namespace cairn::tests
