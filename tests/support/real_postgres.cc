// SPDX-License-Identifier: Apache-2.0
#include "tests/support/real_postgres.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "tests/support/run_program.h"

namespace cairn::tests {
namespace {

constexpr const char* kDefaultBinDirectory = "/usr/lib/postgresql/15/bin";
constexpr std::size_t kLogTailBytes = 4000;

std::string default_bin_directory() {
  const char* chosen = std::getenv("CAIRN_TEST_PG_BIN");
  return chosen != nullptr && *chosen != '\0' ? chosen : kDefaultBinDirectory;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Whether a process is there and not merely waiting for its parent to notice its death.
bool is_running(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto after_name = stat.rfind(')');
  return after_name != std::string::npos && after_name + 2 < stat.size() &&
         stat[after_name + 2] != 'Z';
}

pid_t parent_of(const std::string& pid) {
  const std::string stat = read_file("/proc/" + pid + "/stat");
  const auto after_name = stat.rfind(')');
  if (after_name == std::string::npos || after_name + 4 > stat.size()) return 0;
  return static_cast<pid_t>(std::strtol(stat.c_str() + after_name + 4, nullptr, 10));
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (parent_of(name) == parent) {
      children.push_back(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)));
    }
  }
  return children;
}

// The postmaster's process, 0 if none runs on this data directory.
pid_t postmaster(const std::string& data_directory) {
  const std::string text = read_file(data_directory + "/postmaster.pid");
  const auto pid = static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
  return pid > 0 && is_running(pid) ? pid : 0;
}

std::vector<std::string> as_server_user(std::vector<std::string> command) {
  if (geteuid() != 0) return command;
  std::vector<std::string> whole = {"runuser", "-u", RealPostgres::user(), "--"};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

Result<> give_to_server_user(const std::string& directory) {
  if (geteuid() != 0) return {};
  TRY(run_program({"chown", "-R", RealPostgres::user() + ":" + RealPostgres::user(), directory}));
  return {};
}

Result<> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return internal_error("make {}: {}", path, error.message());
  return give_to_server_user(path);
}

void append_lines(const std::string& path, const std::vector<std::string>& lines) {
  std::ofstream file(path, std::ios::app);
  for (const std::string& line : lines) file << line << "\n";
}

std::string trim_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

bool RealPostgres::is_available() {
  return access((default_bin_directory() + "/initdb").c_str(), X_OK) == 0;
}

Result<std::unique_ptr<RealPostgres>> RealPostgres::create(const RealPostgresOptions& options) {
  // A killed postmaster must vanish from the process table, or the next one takes it for alive. Not
  // every container has an init that sees to it, so we inherit the orphans.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::unique_ptr<RealPostgres> server(new RealPostgres());
  const std::string& root = server->directory_.path();
  chmod(root.c_str(), 0755);  // The server's user has to get through.
  server->bin_directory_ =
      options.bin_directory.empty() ? default_bin_directory() : options.bin_directory;
  server->scratch_directory_ = root + "/scratch";
  server->socket_directory_ = root + "/socket";
  TRY(make_directory(server->scratch_directory_));
  TRY(make_directory(server->socket_directory_));
  if (options.data_directory.empty()) {
    server->data_directory_ = root + "/data";
    TRY(make_directory(server->data_directory_));
    std::vector<std::string> initdb = {server->bin_directory_ + "/initdb",
                                       "--pgdata=" + server->data_directory_,
                                       "--username=" + user(),
                                       "--auth=trust",
                                       "--encoding=UTF8",
                                       "--locale=C",
                                       "--no-sync"};
    if (options.has_data_checksums) {
      initdb.push_back("--data-checksums");
    }
    initdb.insert(initdb.end(), options.initdb_arguments.begin(), options.initdb_arguments.end());
    TRY(server->run(initdb));
    // The tests kill processes, not machines.
    append_lines(server->data_directory_ + "/postgresql.conf",
                 {"fsync = off", "shared_buffers = 16MB", "max_connections = 20",
                  "timezone = 'UTC'", "log_timezone = 'UTC'"});
  } else {
    server->data_directory_ = options.data_directory;
    chmod(std::filesystem::path(options.data_directory).parent_path().c_str(), 0755);
    chmod(options.data_directory.c_str(), 0700);
    TRY(give_to_server_user(options.data_directory));
  }
  append_lines(server->data_directory_ + "/postgresql.conf", options.configuration);
  return server;
}

RealPostgres::~RealPostgres() {
  if (postmaster(data_directory_) != 0 && !stop("immediate").ok()) crash();
}

Result<> RealPostgres::start() {
  const std::string log_file = socket_directory_ + "/server.log";
  const auto started = run({bin_directory_ + "/pg_ctl", "start", "-w", "-t", "120", "-s", "-D",
                            data_directory_, "-l", log_file, "-o",
                            "-c listen_addresses='' -c port=5432 -c unix_socket_directories='" +
                                socket_directory_ + "'"});
  if (started.ok()) return {};
  const std::string text = log();
  return internal_error("{}; the server's log ends: {}", started.error().message(),
                        text.substr(text.size() - std::min(text.size(), kLogTailBytes)));
}

Result<> RealPostgres::stop(const std::string& mode) {
  TRY(run({bin_directory_ + "/pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", mode, "-D",
           data_directory_}));
  return {};
}

void RealPostgres::crash() {
  const pid_t parent = postmaster(data_directory_);
  if (parent == 0) return;
  std::vector<pid_t> all = children_of(parent);
  all.insert(all.begin(), parent);
  for (const pid_t pid : all) kill(pid, SIGKILL);
  for (const pid_t pid : all) {
    while (is_running(pid)) poll(nullptr, 0, 5);
    waitpid(pid, nullptr, 0);
  }
}

Result<std::string> RealPostgres::psql(const std::string& sql, const std::string& database) const {
  std::string program = bin_directory_ + "/psql";
  if (access(program.c_str(), X_OK) != 0) {
    program = std::string(kDefaultBinDirectory) + "/psql";
  }
  const std::string out =
      TRY(run_program({program, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h",
                       socket_directory_, "-p", "5432", "-U", user(), "-d", database, "-c", sql}));
  return trim_end(out);
}

Result<std::string> RealPostgres::run(const std::vector<std::string>& command) const {
  return run_program(as_server_user(command));
}

std::vector<std::pair<std::string, std::string>> RealPostgres::connection_parameters() const {
  return {{"host", socket_directory_}, {"port", "5432"}, {"user", user()}, {"dbname", "postgres"}};
}

std::string RealPostgres::log() const {
  return read_file(socket_directory_ + "/server.log");
}

}  // namespace cairn::tests
