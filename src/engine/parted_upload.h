// SPDX-License-Identifier: Apache-2.0
// Turns a stream of bytes of unknown length into an object, part by part, several parts at a time.
//
// One Uploader serves all streams of an operation: a fixed pool of part buffers and a fixed number
// of uploading threads, so memory does not grow with the size or number of objects. An object that
// fits into one part is stored with a single put.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/stream.h"
#include "codec/digest.h"
#include "concurrency/buffer_pool.h"
#include "concurrency/channel.h"
#include "concurrency/task_group.h"
#include "object_store/object_store.h"

namespace cairn::engine {

struct UploaderSettings {
  std::size_t part_bytes = 8 * 1024 * 1024;
  int thread_count = 8;  // parts on their way to the store at once
  int stream_count = 1;  // objects being written at once
};

// What became of a finished object.
struct StoredObject {
  std::string key = {};
  std::uint64_t size_bytes = 0;
  std::string sha256_hex = {};
};

class PartedUpload;

// Starts its threads in `tasks`; their first error stops the whole group. Must outlive its uploads,
// and be closed (close()) before the group is joined. start() is thread-safe.
class Uploader {
 public:
  Uploader(object_store::ObjectStore& store, const UploaderSettings& settings, TaskGroup& tasks);

  // At most settings.stream_count unfinished uploads may exist at once, or they wait for each other
  // for ever.
  std::unique_ptr<PartedUpload> start(const object_store::ObjectKey& key);
  // No more parts will come: lets the threads end.
  void close() { parts_.close(); }
  std::size_t memory_bytes() const { return pool_.memory_bytes(); }

 private:
  friend class PartedUpload;
  struct Part {
    PartedUpload* owner;
    int number;
    Buffer bytes;
  };
  Result<> run(std::stop_token stop);

  object_store::ObjectStore& store_;
  TaskGroup& tasks_;
  BufferPool pool_;
  Channel<Part> parts_;
};

// Nothing is visible under the key before finish() succeeded. An upload that is destroyed
// unfinished is aborted. Belongs to one thread.
class PartedUpload final : public Sink {
 public:
  PartedUpload(Uploader& uploader, object_store::ObjectKey key);
  ~PartedUpload() override;

  Result<> write(std::string_view bytes) override;
  Result<> finish() override;
  // After finish().
  StoredObject stored() const;
  std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  friend class Uploader;
  Result<> send_part();
  void part_done();
  void wait_for_parts();

  Uploader& uploader_;
  const object_store::ObjectKey key_;
  std::unique_ptr<object_store::Upload> upload_;
  std::optional<Buffer> filling_;
  codec::Sha256 digest_;
  std::string digest_hex_;
  std::uint64_t written_bytes_ = 0;
  int sent_count_ = 0;
  bool is_finished_ = false;
  std::mutex mutex_;
  std::condition_variable all_done_;
  int waiting_count_ = 0;  // parts handed over whose fate is not known yet
};

}  // namespace cairn::engine
