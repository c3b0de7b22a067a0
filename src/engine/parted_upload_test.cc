// SPDX-License-Identifier: Apache-2.0
#include "engine/parted_upload.h"

#include <gtest/gtest.h>

#include <chrono>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_store.h"
#include "tests/support/streams.h"

namespace cairn::engine {
namespace {

using object_store::ObjectKey;
using object_store::Operation;
using tests::FaultyStore;

constexpr std::size_t kPartBytes = 1000;

struct World {
  ManualClock clock{WallTime{}};
  object_store::MemoryStore memory{clock};
  FaultyStore store{memory};
  tests::RecordingStore recorded{store};
};

// Writes `bytes` in pieces of `piece_bytes` to one object and ends it; the error is the group's, as
// in a backup.
Result<StoredObject> upload(object_store::ObjectStore& store, const Bytes& bytes,
                            std::size_t piece_bytes) {
  TaskGroup tasks{{}};
  Uploader uploader(store, {.part_bytes = kPartBytes, .thread_count = 3, .stream_count = 1}, tasks);
  const auto write = [&]() -> Result<StoredObject> {
    const auto upload = uploader.start(ObjectKey("a/b"));
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
      TRY(upload->write(std::string_view(bytes).substr(at, piece_bytes)));
    }
    TRY(upload->finish());
    return upload->stored();
  };
  Result<StoredObject> stored = write();
  uploader.close();
  Result<> joined = tasks.join();
  if (!joined.ok()) return std::move(joined).error();
  return stored;
}

TEST(PartedUploadTest, StoresObjectsOfAllSizes) {
  const std::size_t sizes[] = {0, 1, 999, 1000, 1001, 1999, 2000, 2001, 20'000, 50'500};
  for (const std::size_t size : sizes) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{700}, std::size_t{100'000}}) {
      if (size > 5000 && piece == 1) continue;
      SCOPED_TRACE(fmt::format("{} bytes in pieces of {}", size, piece));
      World world;
      const Bytes bytes = tests::random_bytes(size, size);
      const auto stored = upload(world.recorded, bytes, piece);
      ASSERT_OK(stored);
      EXPECT_EQ(stored.value().key, "a/b");
      EXPECT_EQ(stored.value().size_bytes, size);
      EXPECT_EQ(stored.value().sha256_hex, codec::sha256_hex(bytes));
      EXPECT_EQ(get(world.memory, ObjectKey("a/b"), 1 << 20, {}).value(), bytes);
      EXPECT_EQ(world.memory.unfinished_count(), 0U);
      // What fits into one part needs one request.
      const bool is_single = size <= kPartBytes;
      EXPECT_EQ(world.recorded.count(Operation::Put), is_single ? 1 : 0);
      const auto parts = static_cast<int>((size + kPartBytes - 1) / kPartBytes);
      EXPECT_EQ(world.recorded.count(Operation::PutPart), is_single ? 0 : parts);
    }
  }
}

TEST(PartedUploadTest, AFailedRequestFailsTheUploadAndLeavesNothingVisible) {
  struct Case {
    Operation operation;
    std::size_t size;
  };
  const Case cases[] = {{Operation::Put, 10},
                        {Operation::StartUpload, 5000},
                        {Operation::PutPart, 5000},
                        {Operation::PutPart, 200'000},
                        {Operation::Complete, 5000}};
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} of {} bytes", operation_name(c.operation), c.size));
    World world;
    world.store.add_fault({.operation = c.operation, .code = ErrorCode::Denied});
    const auto stored = upload(world.recorded, tests::random_bytes(c.size, 1), 300);
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().code(), ErrorCode::Denied) << stored.error().message();
    EXPECT_NE(stored.error().message().find("a/b"), std::string::npos) << stored.error().message();
    EXPECT_EQ(world.memory.object_count(), 0U);
    EXPECT_EQ(world.memory.unfinished_count(), 0U);
  }
}

TEST(PartedUploadTest, WhatCanNotBeAbortedIsLeftToGarbageCollection) {
  World world;
  world.store.add_fault({.operation = Operation::PutPart, .times = 100});
  world.store.add_fault({.operation = Operation::Abort});
  EXPECT_EQ(tests::outcome(upload(world.recorded, tests::random_bytes(9000, 1), 300)),
            "Unavailable");
  EXPECT_EQ(world.memory.object_count(), 0U);
  EXPECT_EQ(world.memory.unfinished_count(), 1U);
}

TEST(PartedUploadTest, AnUploadThatIsDroppedIsAborted) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{500}, std::size_t{7777}}) {
    SCOPED_TRACE(size);
    World world;
    TaskGroup tasks{{}};
    Uploader uploader(world.recorded, {.part_bytes = kPartBytes, .thread_count = 2}, tasks);
    {
      const auto upload = uploader.start(ObjectKey("dropped"));
      EXPECT_OK(upload->write(tests::random_bytes(size, 1)));
    }
    uploader.close();
    EXPECT_OK(tasks.join());
    EXPECT_EQ(world.memory.object_count(), 0U);
    EXPECT_EQ(world.memory.unfinished_count(), 0U);
    EXPECT_EQ(world.recorded.count(Operation::Abort), size > kPartBytes ? 1 : 0);
  }
}

TEST(PartedUploadTest, AnErrorOfOneStreamEndsTheOthers) {
  World world;
  world.store.add_fault({.operation = Operation::PutPart, .key_pattern = "bad"});
  TaskGroup tasks{{}};
  Uploader uploader(world.recorded,
                    {.part_bytes = kPartBytes, .thread_count = 2, .stream_count = 3}, tasks);
  const Bytes piece = tests::random_bytes(450, 1);
  {
    TaskGroup writers(tasks.stop_token());
    for (const std::string name : {"good1", "bad", "good2"}) {
      writers.start([&, name](std::stop_token) -> Result<> {
        const auto upload = uploader.start(ObjectKey(name));
        // Without an end of its own: only the error ends it.
        while (true) TRY(upload->write(piece));
      });
    }
    EXPECT_EQ(tests::outcome(writers.join()), "Cancelled");
  }
  uploader.close();
  const auto joined = tasks.join();
  EXPECT_EQ(tests::outcome(joined), "Unavailable");
  EXPECT_EQ(world.memory.object_count(), 0U);
  EXPECT_EQ(world.memory.unfinished_count(), 0U);
}

TEST(PartedUploadTest, SeveralStreamsShareTheThreads) {
  World world;
  TaskGroup tasks{{}};
  Uploader uploader(world.recorded,
                    {.part_bytes = kPartBytes, .thread_count = 2, .stream_count = 4}, tasks);
  EXPECT_EQ(uploader.memory_bytes(), 6 * kPartBytes);
  {
    TaskGroup writers(tasks.stop_token());
    for (std::uint64_t i = 0; i < 4; ++i) {
      writers.start([&, i](std::stop_token) -> Result<> {
        for (std::uint64_t object = 0; object < 3; ++object) {
          const auto upload = uploader.start(ObjectKey(fmt::format("{}/{}", i, object)));
          TRY(upload->write(tests::random_bytes(25'000 + i, i)));
          TRY(upload->finish());
        }
        return {};
      });
    }
    EXPECT_OK(writers.join());
  }
  uploader.close();
  EXPECT_OK(tasks.join());
  EXPECT_EQ(world.memory.object_count(), 12U);
  EXPECT_EQ(get(world.memory, ObjectKey("3/2"), 1 << 20, {}).value(),
            tests::random_bytes(25'003, 3));
}

TEST(PartedUploadTest, BeingStoppedIsNoSuccess) {
  World world;
  std::stop_source stop;
  TaskGroup tasks(stop.get_token());
  Uploader uploader(world.recorded, {.part_bytes = kPartBytes, .thread_count = 2}, tasks);
  {
    const auto upload = uploader.start(ObjectKey("stopped"));
    EXPECT_OK(upload->write(tests::random_bytes(1500, 1)));
    stop.request_stop();
    EXPECT_EQ(tests::outcome(upload->finish()), "Cancelled");
  }
  uploader.close();
  const auto joined = tasks.join();
  EXPECT_TRUE(joined.ok() || joined.error().code() == ErrorCode::Cancelled);
  EXPECT_EQ(world.memory.object_count(), 0U);
  EXPECT_EQ(world.memory.unfinished_count(), 0U);
}

}  // namespace
}  // namespace cairn::engine
