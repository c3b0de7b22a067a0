// SPDX-License-Identifier: Apache-2.0
// A real PostgreSQL server for integration tests, on a unix socket only.
//
// PostgreSQL refuses to run as root, so under root its programs run as the user postgres and the
// directory belongs to it. Which server: environment CAIRN_TEST_PG_BIN, a directory with initdb,
// pg_ctl and postgres; the Debian 15 one by default. Everything goes away with the object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tests/support/temporary_directory.h"

namespace cairn::tests {

struct RealPostgresOptions {
  bool has_data_checksums = true;
  std::vector<std::string> initdb_arguments = {};  // further ones, such as --wal-segsize=1
  std::vector<std::string> configuration = {};     // lines for postgresql.conf
  // Start in this existing data directory (restored by the test, say) instead of running initdb.
  std::string data_directory = {};
  std::string bin_directory = {};  // instead of CAIRN_TEST_PG_BIN
};

class RealPostgres {
 public:
  // Makes the cluster; does not start it.
  static Result<std::unique_ptr<RealPostgres>> create(const RealPostgresOptions& options);
  // Stops the server (immediate) if it runs.
  ~RealPostgres();
  RealPostgres(const RealPostgres&) = delete;
  RealPostgres& operator=(const RealPostgres&) = delete;

  // Whether the programs are there: skip the test when not.
  static bool is_available();

  // Waits until the server takes connections. The error carries the end of the server's log.
  Result<> start();
  Result<> stop(const std::string& mode = "fast");
  // kill -9 of the postmaster and its children, as a power cut would.
  void crash();

  // Runs `sql` with psql and returns what it prints, unaligned and without header, trimmed.
  Result<std::string> psql(const std::string& sql, const std::string& database = "postgres") const;
  // Runs one of the server's programs as its user; returns standard output.
  Result<std::string> run(const std::vector<std::string>& command) const;

  const std::string& data_directory() const { return data_directory_; }
  const std::string& bin_directory() const { return bin_directory_; }
  // A directory that the server's user may write to, for archives and tablespaces.
  const std::string& scratch_directory() const { return scratch_directory_; }
  const std::string& socket_directory() const { return socket_directory_; }
  // The user the server runs as and the superuser of its database.
  static std::string user() { return "postgres"; }
  // Keywords for libpq: host, port, user, dbname.
  std::vector<std::pair<std::string, std::string>> connection_parameters() const;
  std::string log() const;

 private:
  RealPostgres() = default;

  TemporaryDirectory directory_;
  std::string bin_directory_;
  std::string data_directory_;
  std::string scratch_directory_;
  std::string socket_directory_;
};

}  // namespace cairn::tests
