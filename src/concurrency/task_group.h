// SPDX-License-Identifier: Apache-2.0
// Threads that live and die together.
//
// The first task that fails stops the others, and join() returns that first error. Nothing outlives
// the group: its destructor stops and joins. The group's stop token also fires when `parent` does.
//
// start() and join() belong to one thread.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/result.h"

namespace cairn {

class TaskGroup {
 public:
  explicit TaskGroup(std::stop_token parent);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  using Task = std::move_only_function<Result<>(std::stop_token)>;
  void start(Task task);
  std::stop_token stop_token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }

  // Waits for all. The first error that is not Cancelled, else Cancelled if there was one.
  Result<> join();

 private:
  void note(Error error);

  std::stop_source stop_;
  std::stop_callback<std::function<void()>> on_parent_stop_;
  std::mutex mutex_;
  std::optional<Error> first_error_;
  std::vector<std::jthread> threads_;
};

}  // namespace cairn
