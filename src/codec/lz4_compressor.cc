// SPDX-License-Identifier: Apache-2.0
#include <xxhash.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "codec/lz4_block.h"
#include "codec/lz4_stream.h"
#include "concurrency/channel.h"
#include "concurrency/task_group.h"

namespace cairn::codec {

namespace {

// LZ4 Frame Format 1.6: magic; FLG: version 1, independent blocks, content checksum; BD: blocks of
// 4 MiB; the second byte of XXH32(FLG, BD). The same bytes that WAL-G writes.
constexpr std::string_view kFrameHeader("\x04\x22\x4d\x18\x64\x70\xb9", 7);
// What malloc and the bookkeeping add to a slot.
constexpr std::size_t kSlotOverheadBytes = 16 * 1024;
constexpr std::string_view kEndMark("\0\0\0\0", 4);

// XXH32 of all that was written, as the frame ends with it.
class ContentChecksum {
 public:
  ContentChecksum() { ASSERT(state_ != nullptr && XXH32_reset(state_.get(), 0) == XXH_OK); }

  void update(std::string_view bytes) {
    ASSERT(XXH32_update(state_.get(), bytes.data(), bytes.size()) == XXH_OK);
  }
  std::array<char, 4> bytes() const {
    const std::uint32_t value = XXH32_digest(state_.get());
    return {static_cast<char>(value & 0xff), static_cast<char>((value >> 8) & 0xff),
            static_cast<char>((value >> 16) & 0xff), static_cast<char>(value >> 24)};
  }

 private:
  struct Free {
    void operator()(XXH32_state_t* state) const { XXH32_freeState(state); }
  };
  std::unique_ptr<XXH32_state_t, Free> state_{XXH32_createState()};
};

// The frame around the blocks; how those are packed is the derived class's matter.
class Lz4Compressor : public Sink {
 public:
  Result<> write(std::string_view bytes) final {
    if (bytes.empty()) return {};
    TRY(start_frame());
    checksum_.update(bytes);
    return write_blocks(bytes);
  }

  Result<> finish() final {
    TRY(start_frame());
    TRY(finish_blocks());
    const std::array<char, 4> checksum = checksum_.bytes();
    TRY(out_.write(kEndMark));
    return out_.write({checksum.data(), checksum.size()});
  }

 protected:
  explicit Lz4Compressor(Sink& out) : out_(out) {}
  virtual Result<> write_blocks(std::string_view bytes) = 0;
  virtual Result<> finish_blocks() = 0;

  Sink& out_;

 private:
  Result<> start_frame() {
    if (has_started_) return {};
    has_started_ = true;
    return out_.write(kFrameHeader);
  }

  ContentChecksum checksum_;
  bool has_started_ = false;
};

// Packs on the thread that writes. Whole blocks of the caller's are packed where they lie.
class SerialLz4Compressor final : public Lz4Compressor {
 public:
  explicit SerialLz4Compressor(Sink& out) : Lz4Compressor(out) {}

 private:
  Result<> write_blocks(std::string_view bytes) override {
    while (!bytes.empty()) {
      if (slot_.plain_bytes == 0 && bytes.size() >= kLz4BlockBytes) {
        const std::span<char> packed{slot_.packed_memory.get(), lz4_packed_bytes_max()};
        const std::size_t count = pack_lz4_block(bytes.substr(0, kLz4BlockBytes), packed);
        TRY(out_.write({packed.data(), count}));
        bytes.remove_prefix(kLz4BlockBytes);
        continue;
      }
      bytes.remove_prefix(slot_.append(bytes));
      if (slot_.is_full()) TRY(finish_blocks());
    }
    return {};
  }

  Result<> finish_blocks() override {
    if (slot_.plain_bytes == 0) return {};
    slot_.pack();
    slot_.plain_bytes = 0;
    return out_.write(slot_.packed());
  }

  Lz4Slot slot_;
};

// Packs on threads of its own. Slots go round: filled by the caller, packed by some thread, written
// out by the caller in the order in which they were filled. When none is free the caller waits for
// the oldest, which is the back-pressure and the memory limit.
class ParallelLz4Compressor final : public Lz4Compressor {
 public:
  ParallelLz4Compressor(int thread_count, Sink& out)
      : Lz4Compressor(out), slots_(slot_count(thread_count)), jobs_(slots_.size()) {
    for (Job& slot : slots_) free_.push_back(&slot);
    for (int i = 0; i < thread_count; ++i) {
      workers_.start([this](std::stop_token stop) { return pack_jobs(std::move(stop)); });
    }
  }

  static std::size_t slot_count(int thread_count) {
    return static_cast<std::size_t>(thread_count) + 1;
  }

 private:
  struct Job {
    Lz4Slot slot = {};
    bool is_packed = false;  // guarded by mutex_
  };

  Result<> pack_jobs(std::stop_token stop) {
    while (const std::optional<Job*> job = TRY(jobs_.receive(stop))) {
      (*job)->slot.pack();
      const std::lock_guard lock(mutex_);
      (*job)->is_packed = true;
      packed_.notify_one();
    }
    return {};
  }

  Result<> write_blocks(std::string_view bytes) override {
    while (!bytes.empty()) {
      if (filling_ == nullptr) filling_ = TRY(take_free());
      bytes.remove_prefix(filling_->slot.append(bytes));
      if (filling_->slot.is_full()) TRY(hand_over());
    }
    return {};
  }

  Result<> finish_blocks() override {
    if (filling_ != nullptr) TRY(hand_over());
    while (!in_flight_.empty()) TRY(write_oldest());
    return {};
  }

  Result<Job*> take_free() {
    if (free_.empty()) TRY(write_oldest());
    Job* const job = free_.back();
    free_.pop_back();
    job->slot.plain_bytes = 0;
    job->is_packed = false;  // No thread knows of this slot now.
    return job;
  }

  Result<> hand_over() {
    in_flight_.push_back(filling_);
    TRY(jobs_.send(std::exchange(filling_, nullptr), workers_.stop_token()));
    while (!in_flight_.empty() && is_packed(*in_flight_.front())) TRY(write_oldest());
    return {};
  }

  bool is_packed(const Job& job) {
    const std::lock_guard lock(mutex_);
    return job.is_packed;
  }

  Result<> write_oldest() {
    Job* const job = in_flight_.front();
    {
      std::unique_lock lock(mutex_);
      packed_.wait(lock, [job] { return job->is_packed; });
    }
    in_flight_.pop_front();
    TRY(out_.write(job->slot.packed()));
    free_.push_back(job);
    return {};
  }

  std::vector<Job> slots_;
  // These three belong to the caller's thread.
  std::vector<Job*> free_;
  Job* filling_ = nullptr;
  std::deque<Job*> in_flight_;

  Channel<Job*> jobs_;
  std::mutex mutex_;
  std::condition_variable packed_;
  // Last: the threads end before what they use.
  TaskGroup workers_{std::stop_token()};
};

}  // namespace

Result<std::unique_ptr<Sink>> make_lz4_compressor(const CompressorOptions& options, Sink& out) {
  if (options.level.value_or(1) != 1) {
    return invalid_argument("lz4 level {} is not supported: only 1 is", *options.level);
  }
  if (options.thread_count == 1) {
    return std::unique_ptr<Sink>(std::make_unique<SerialLz4Compressor>(out));
  }
  return std::unique_ptr<Sink>(std::make_unique<ParallelLz4Compressor>(options.thread_count, out));
}

std::uint64_t lz4_compressor_memory_bytes(const CompressorOptions& options) {
  const std::uint64_t slot_bytes = kLz4BlockBytes + lz4_packed_bytes_max() + kSlotOverheadBytes;
  if (options.thread_count == 1) return slot_bytes;
  return slot_bytes * ParallelLz4Compressor::slot_count(options.thread_count);
}

}  // namespace cairn::codec
