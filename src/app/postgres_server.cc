// SPDX-License-Identifier: Apache-2.0
#include "app/postgres_server.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "app/detached_process.h"

namespace cairn::app {

namespace {

constexpr std::streamoff kLogTailBytes = 64 * 1024;

// The last line that says why a server ended.
std::string last_complaint(const std::string& log_path) {
  std::ifstream log(log_path, std::ios::binary | std::ios::ate);
  if (!log) return "its log " + log_path + " can not be read";
  const std::streamoff size = log.tellg();
  log.seekg(std::max<std::streamoff>(0, size - kLogTailBytes));
  std::string complaint;
  for (std::string line; std::getline(log, line);) {
    if (line.find("FATAL:") != std::string::npos || line.find("PANIC:") != std::string::npos) {
      complaint = line;
    }
  }
  return complaint.empty() ? "see " + log_path : complaint + " (see " + log_path + ")";
}

}  // namespace

Result<PostgresServer> PostgresServer::start(const ServerCommand& command) {
  std::vector<std::string> words = {command.binary, "-D", command.data_directory};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  const pid_t child =
      TRY(start_detached_process(command.binary, std::move(words), command.log_path));
  return PostgresServer(child, command.log_path);
}

std::optional<std::string> PostgresServer::how_it_ended() {
  if (ending_) return ending_;
  int status = 0;
  const pid_t ended = waitpid(process_id_, &status, WNOHANG);
  if (ended != process_id_) return std::nullopt;
  const bool is_in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  ending_ = is_in_order ? "" : last_complaint(log_path_);
  return ending_;
}

Result<std::map<std::string, std::string>> server_address(const std::string& data_directory) {
  const std::string path = data_directory + "/postmaster.pid";
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; lines.size() < 8 && std::getline(file, line);) lines.push_back(line);
  // Lines of postmaster.pid: pid, data directory, start time, port, socket directory, host, …
  if (lines.size() < 6 || lines[3].empty()) return not_found("{} has no address yet", path);
  const std::string& host = lines[4].empty() ? lines[5] : lines[4];
  if (host.empty()) return not_found("{} names neither a socket nor a host", path);
  return std::map<std::string, std::string>{{"host", host == "*" ? "localhost" : host},
                                            {"port", lines[3]}};
}

Result<std::string> find_server_binaries(const std::string& given, int major_version,
                                         const std::string& path) {
  std::vector<std::string> candidates;
  if (!given.empty()) {
    candidates.push_back(given);
  } else {
    candidates.push_back(fmt::format("/usr/lib/postgresql/{}/bin", major_version));
    std::istringstream folders(path);
    for (std::string folder; std::getline(folders, folder, ':');) {
      if (!folder.empty()) candidates.push_back(folder);
    }
  }
  for (const std::string& candidate : candidates) {
    if (access((candidate + "/postgres").c_str(), X_OK) == 0) return candidate;
  }
  return not_found(
      "there is no postgres program of version {} {}; name its directory with --pg-bin",
      major_version, given.empty() ? "in the usual places" : "in " + given);
}

}  // namespace cairn::app
