// SPDX-License-Identifier: Apache-2.0
// Starts programs that outlive this one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace cairn::app {

// Runs `program` in a session of its own, with no signal blocked and SIGPIPE as usual, reading from
// /dev/null; what it prints is appended to `output_path`, made with mode 0600 if it does not exist.
// `arguments` include the program's name for itself. NotFound if there is no such program.
Result<pid_t> start_detached_process(const std::string& program, std::vector<std::string> arguments,
                                     const std::string& output_path);

}  // namespace cairn::app
