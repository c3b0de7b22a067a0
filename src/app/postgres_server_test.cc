// SPDX-License-Identifier: Apache-2.0
#include "app/postgres_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "tests/support/temporary_directory.h"

namespace cairn::app {
namespace {

// A program that behaves as `script` says and is called postgres.
void make_server(const std::string& folder, const std::string& script) {
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/postgres";
  std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
  chmod(path.c_str(), 0755);
}

std::string wait_for_end(PostgresServer& server) {
  SystemClock clock;
  for (int i = 0; i < 1000; ++i) {
    if (const auto ending = server.how_it_ended()) return *ending;
    EXPECT_TRUE(clock.wait_for(std::chrono::milliseconds(10), {}).ok());
  }
  return "did not end";
}

std::string ending_of(const std::string& script) {
  const tests::TemporaryDirectory directory;
  make_server(directory.path(), script);
  Result<PostgresServer> server = PostgresServer::start({.binary = directory.path() + "/postgres",
                                                         .data_directory = directory.path(),
                                                         .log_path = directory.path() + "/log"});
  if (!server.ok()) return server.error().message();
  return wait_for_end(server.value());
}

TEST(PostgresServerTest, SaysHowItEnded) {
  EXPECT_EQ(ending_of("exit 0"), "");
  const std::string failed = ending_of("echo 'x LOG:  a'; echo 'x FATAL:  no WAL'; exit 1");
  EXPECT_TRUE(failed.starts_with("x FATAL:  no WAL (see ")) << failed;
  EXPECT_TRUE(ending_of("exit 3").starts_with("see "));
  EXPECT_TRUE(ending_of("kill -9 $$").starts_with("see "));
}

TEST(PostgresServerTest, ReportsAProgramThatIsNotThere) {
  const Result<PostgresServer> server = PostgresServer::start(
      {.binary = "/does-not-exist/postgres", .data_directory = "/", .log_path = "/dev/null"});
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().code(), ErrorCode::NotFound);
}

TEST(PostgresServerTest, ReadsItsAddressFromThePidFile) {
  const tests::TemporaryDirectory directory;
  EXPECT_EQ(server_address(directory.path()).error().code(), ErrorCode::NotFound);
  std::ofstream(directory.path() + "/postmaster.pid")
      << "123\n/data\n1700000000\n5433\n/run/postgresql\nlocalhost\n  5433001 1\nready\n";
  const auto socket = server_address(directory.path());
  ASSERT_TRUE(socket.ok());
  EXPECT_EQ(socket.value().at("host"), "/run/postgresql");
  EXPECT_EQ(socket.value().at("port"), "5433");
  std::ofstream(directory.path() + "/postmaster.pid")
      << "123\n/data\n1700000000\n5433\n\n*\n  5433001 1\nready\n";
  EXPECT_EQ(server_address(directory.path()).value().at("host"), "localhost");
  std::ofstream(directory.path() + "/postmaster.pid") << "123\n/data\n1700000000\n5433\n";
  EXPECT_FALSE(server_address(directory.path()).ok());
}

TEST(PostgresServerTest, FindsTheProgramOrNamesTheOption) {
  const tests::TemporaryDirectory directory;
  make_server(directory.path() + "/bin", "exit 0");
  const std::string bin = directory.path() + "/bin";
  EXPECT_EQ(find_server_binaries(bin, 99, "").value(), bin);
  EXPECT_EQ(find_server_binaries("", 99, "/nowhere:" + bin).value(), bin);
  const auto missing = find_server_binaries("", 99, "/nowhere");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message().find("--pg-bin"), std::string::npos);
}

}  // namespace
}  // namespace cairn::app
