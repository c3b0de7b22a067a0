// SPDX-License-Identifier: Apache-2.0
// The command line: words in, a command to run or an answer out. The one file that knows CLI11.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>

#include "app/commands.h"
#include "app/environment.h"
#include "app/exit_status.h"

namespace cairn::app {

using Command = std::function<Result<ExitStatus>(CommandContext&)>;

struct CommandLine {
  EnvironmentOptions environment = {};
  // What an error means; for wal-fetch it must not look like an absence.
  ExitStatus if_failed = ExitStatus::Failed;
  Command run = {};
};

// There is nothing to run: help, the version, or what is wrong with the command line.
struct CliAnswer {
  std::string text = {};
  ExitStatus status = ExitStatus::Ok;  // when not Ok, the text is an error
};

// `words` are the arguments without the program's own name.
std::variant<CommandLine, CliAnswer> parse_command_line(std::span<const std::string> words);

// docs/reference/cli.md.
std::string cli_markdown();

}  // namespace cairn::app
