// SPDX-License-Identifier: Apache-2.0
// A bounded queue between the stages of a pipeline.
//
// Thread-safe for any number of senders and receivers. Outlives its users.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/result.h"

namespace cairn {

template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) { ASSERT(capacity > 0); }

  // Waits for room. Cancelled if `stop` comes first. Sending after close() is a bug.
  Result<> send(T item, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const bool has_room = changed_.wait(lock, stop, [&] { return items_.size() < capacity_; });
    if (!has_room || stop.stop_requested()) return cancelled("stopped while sending");
    ASSERT(!is_closed_);
    items_.push_back(std::move(item));
    changed_.notify_all();
    return {};
  }

  // The next item; nothing when the channel is closed and drained, which means the input is
  // complete. Cancelled if `stop` comes first: being stopped never looks like the end.
  Result<std::optional<T>> receive(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const bool is_ready = changed_.wait(lock, stop, [&] { return !items_.empty() || is_closed_; });
    if (!is_ready || stop.stop_requested()) return cancelled("stopped while receiving");
    if (items_.empty()) return std::optional<T>();
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    return item;
  }

  // No more items will be sent. Idempotent.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<T> items_;
  bool is_closed_ = false;
};

}  // namespace cairn
