// SPDX-License-Identifier: Apache-2.0
#include "tests/support/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace cairn::tests {
namespace {

std::vector<std::string> child_environment(const std::vector<std::string>& additions) {
  std::vector<std::string> result = {"LC_ALL=C"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("PG") && !text.starts_with("LC_ALL=")) result.emplace_back(text);
  }
  result.insert(result.begin(), additions.begin(), additions.end());
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Reads both pipes until both are closed.
void collect(std::array<int, 2> pipes, std::array<std::string*, 2> texts) {
  std::array<pollfd, 2> polled = {pollfd{pipes[0], POLLIN, 0}, pollfd{pipes[1], POLLIN, 0}};
  for (int open = 2; open > 0;) {
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      std::array<char, 65536> buffer;
      const ssize_t got = read(polled[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        texts[i]->append(buffer.data(), static_cast<std::size_t>(got));
      } else if (got == 0 || errno != EINTR) {
        polled[i].fd = -1;
        --open;
      }
    }
  }
}

int status_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

Result<ProgramOutcome> try_program(const std::vector<std::string>& command,
                                   const std::vector<std::string>& environment) {
  std::array<int, 2> output{};
  std::array<int, 2> complaint{};
  if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(complaint.data(), O_CLOEXEC) != 0) {
    return system_error(errno, "make a pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  posix_spawn_file_actions_adddup2(&actions, complaint[1], 2);
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = child_environment(environment);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, command[0].c_str(), &actions, nullptr,
                                   pointers(arguments).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  close(complaint[1]);
  ProgramOutcome outcome;
  if (failure == 0) {
    collect({output[0], complaint[0]}, {&outcome.standard_output, &outcome.standard_error});
  }
  close(output[0]);
  close(complaint[0]);
  if (failure != 0) return system_error(failure, "start " + command[0]);
  int wait_status = 0;
  while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) continue;
  outcome.status = status_of(wait_status);
  return outcome;
}

Result<std::string> run_program(const std::vector<std::string>& command,
                                const std::vector<std::string>& environment) {
  ProgramOutcome outcome = TRY(try_program(command, environment));
  if (outcome.status != 0) {
    std::string line;
    for (const std::string& word : command) line += word + " ";
    return internal_error("{}ended with status {}: {}{}", line, outcome.status,
                          outcome.standard_error, outcome.standard_output);
  }
  return std::move(outcome.standard_output);
}

}  // namespace cairn::tests
