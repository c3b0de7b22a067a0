// SPDX-License-Identifier: Apache-2.0
// Turns INT, TERM, HUP and QUIT into a request to stop.
//
// The signals are blocked in all threads and waited for in one, so no code of ours ever runs in a
// signal handler. The first signal asks the program to stop and clean up; the second ends it at
// once.
#pragma once

#include <stop_token>

#include "base/guarded.h"
#include "concurrency/task_group.h"

namespace cairn::app {

// Blocks those signals for this thread and those it starts later, and ignores SIGPIPE. Call first.
void block_signals();

// One per process. Constructed after block_signals().
class SignalWatcher {
 public:
  SignalWatcher();
  ~SignalWatcher();

  std::stop_token stop_token() const { return stop_.get_token(); }
  // The signal that came, or 0.
  int signal() const;

 private:
  Result<> watch(std::stop_token stop);

  std::stop_source stop_;
  Guarded<int> signal_;
  int wake_up_ = -1;  // an eventfd: ends the wait when the program ends by itself
  TaskGroup thread_;
};

}  // namespace cairn::app
