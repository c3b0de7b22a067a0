// SPDX-License-Identifier: Apache-2.0
// Runs a program and takes what it prints.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace cairn::tests {

struct ProgramOutcome {
  int status = 0;  // as the shell shows it: 128 + n when signal n ended it
  std::string standard_output;
  std::string standard_error;
};

// Waits for the program to end and to close its outputs. `command[0]` is looked up in PATH. The
// environment is ours without PG* variables, with LC_ALL=C, and with `environment` ("NAME=value").
Result<ProgramOutcome> try_program(const std::vector<std::string>& command,
                                   const std::vector<std::string>& environment = {});

// The standard output of a program that must end with status 0; the error shows its complaint.
Result<std::string> run_program(const std::vector<std::string>& command,
                                const std::vector<std::string>& environment = {});

}  // namespace cairn::tests
