// SPDX-License-Identifier: Apache-2.0
#include "concurrency/buffer_pool.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cairn {

namespace {
constexpr std::size_t kAlignment = 4096;
}

Buffer::Buffer(Buffer&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), memory_(other.memory_), size_(other.size_) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  return *this;
}

Buffer::~Buffer() {
  if (pool_ != nullptr) pool_->give_back(memory_);
}

std::size_t Buffer::append(std::string_view bytes) {
  const std::size_t count = std::min(bytes.size(), memory_.size() - size_);
  std::memcpy(memory_.data() + size_, bytes.data(), count);
  size_ += count;
  return count;
}

BufferPool::BufferPool(std::size_t count, std::size_t bytes_each)
    : count_(count), bytes_each_(bytes_each) {
  ASSERT(count > 0 && bytes_each > 0);
  const std::size_t total = (count * bytes_each + kAlignment - 1) / kAlignment * kAlignment;
  memory_ = static_cast<char*>(std::aligned_alloc(kAlignment, total));
  ASSERT(memory_ != nullptr);
  for (std::size_t i = 0; i < count; ++i) free_.emplace_back(memory_ + i * bytes_each, bytes_each);
}

BufferPool::~BufferPool() {
  ASSERT(free_.size() == count_);  // A buffer that outlives its pool is a bug.
  std::free(memory_);
}

Result<Buffer> BufferPool::acquire(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const bool is_free = returned_.wait(lock, stop, [&] { return !free_.empty(); });
  if (!is_free || stop.stop_requested()) return cancelled("stopped while waiting for a buffer");
  const std::span<char> memory = free_.back();
  free_.pop_back();
  return Buffer(this, memory);
}

void BufferPool::give_back(std::span<char> memory) {
  const std::lock_guard lock(mutex_);
  free_.push_back(memory);
  returned_.notify_one();
}

}  // namespace cairn
