// SPDX-License-Identifier: Apache-2.0
#include "concurrency/task_group.h"

#include <utility>

namespace cairn {

TaskGroup::TaskGroup(std::stop_token parent)
    : on_parent_stop_(std::move(parent), [this] { stop_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  stop_.request_stop();
  threads_.clear();
}

void TaskGroup::start(Task task) {
  threads_.emplace_back([this, task = std::move(task)]() mutable {
    Result<> result = task(stop_.get_token());
    if (!result.ok()) note(std::move(result).error());
  });
}

void TaskGroup::note(Error error) {
  {
    const std::lock_guard lock(mutex_);
    const bool is_better = !first_error_ || (first_error_->code() == ErrorCode::Cancelled &&
                                             error.code() != ErrorCode::Cancelled);
    if (is_better) first_error_ = std::move(error);
  }
  stop_.request_stop();
}

Result<> TaskGroup::join() {
  threads_.clear();
  const std::lock_guard lock(mutex_);
  if (first_error_) return *first_error_;
  return {};
}

}  // namespace cairn
