// SPDX-License-Identifier: Apache-2.0
// A fixed set of equally large buffers, allocated once.
//
// The pool is the memory limit of a pipeline: a stage that finds it empty waits until a later stage
// returns a buffer, and that wait is the back-pressure. Use one pool per boundary between stages; a
// stage that holds two buffers of one pool can deadlock.
//
// Thread-safe. Must outlive its buffers.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn {

class BufferPool;

// A buffer on loan: `bytes()` is the filled part. Returns to its pool when destroyed.
class Buffer {
 public:
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  std::string_view bytes() const { return {memory_.data(), size_}; }
  std::span<char> memory() { return memory_; }
  std::size_t size() const { return size_; }
  bool is_full() const { return size_ == memory_.size(); }
  void resize(std::size_t size) {
    ASSERT(size <= memory_.size());
    size_ = size;
  }
  // Takes as much of `bytes` as fits and returns how much that was.
  std::size_t append(std::string_view bytes);

 private:
  friend class BufferPool;
  Buffer(BufferPool* pool, std::span<char> memory) : pool_(pool), memory_(memory) {}
  BufferPool* pool_;
  std::span<char> memory_;
  std::size_t size_ = 0;
};

class BufferPool {
 public:
  BufferPool(std::size_t count, std::size_t bytes_each);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // Waits for a buffer. Cancelled if `stop` comes first.
  Result<Buffer> acquire(std::stop_token stop);
  std::size_t bytes_each() const { return bytes_each_; }
  std::size_t memory_bytes() const { return count_ * bytes_each_; }

 private:
  friend class Buffer;
  void give_back(std::span<char> memory);

  const std::size_t count_;
  const std::size_t bytes_each_;
  char* memory_;
  std::mutex mutex_;
  std::condition_variable_any returned_;
  std::vector<std::span<char>> free_;
};

}  // namespace cairn
