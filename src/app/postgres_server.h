// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server started as a child of this process, which outlives it.
//
// Not thread-safe.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace cairn::app {

struct ServerCommand {
  std::string binary = {};  // of postgres
  std::string data_directory = {};
  std::string log_path = {};  // gets what the server prints
  std::vector<std::string> arguments = {};
};

class PostgresServer {
 public:
  static Result<PostgresServer> start(const ServerCommand& command);

  pid_t process_id() const { return process_id_; }
  // Nothing while it runs; once it has ended, "" if in order, else the last complaint in its log.
  std::optional<std::string> how_it_ended();

 private:
  PostgresServer(pid_t process_id, std::string log_path)
      : process_id_(process_id), log_path_(std::move(log_path)) {}

  pid_t process_id_;
  std::string log_path_;
  std::optional<std::string> ending_;
};

// Where the running server of a data directory can be reached: libpq's host and port, from its
// postmaster.pid. NotFound until it listens.
Result<std::map<std::string, std::string>> server_address(const std::string& data_directory);

// The directory that holds the `postgres` of this major version: `given` if not empty, else where
// Debian installs it, else one on `path` (as the PATH variable). NotFound names the option to use.
Result<std::string> find_server_binaries(const std::string& given, int major_version,
                                         const std::string& path);

}  // namespace cairn::app
