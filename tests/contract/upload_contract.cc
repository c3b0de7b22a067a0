// SPDX-License-Identifier: Apache-2.0
// The part of the contract that is about uploads in parts.
#include <algorithm>

#include "concurrency/task_group.h"
#include "tests/contract/contract_support.h"
#include "tests/contract/object_store_contract.h"

namespace cairn::tests {

using namespace object_store;  // NOLINT(google-build-using-namespace): this file is about it.

namespace {

// The least size of a part that the store takes.
std::uint64_t part_bytes_of(ObjectStore& store) {
  return std::max<std::uint64_t>(64 * 1024, store.capabilities().part_bytes_min);
}

Result<std::unique_ptr<Upload>> start(ObjectStore& store, const std::string& name) {
  return store.start_upload(key(name), {{}, part_bytes_of(store)}, kNever);
}

}  // namespace

TEST_P(ObjectStoreContract, AnUploadBecomesOneObject) {
  const std::uint64_t part_bytes = part_bytes_of(*store_);
  const auto upload = start(*store_, "f/up");
  ASSERT_OK(upload);
  const Bytes tail = "the end";
  // Out of order and in parallel.
  TaskGroup tasks{kNever};
  tasks.start([&](std::stop_token stop) { return upload.value()->put_part(4, tail, stop); });
  for (int number : {3, 1, 2}) {
    tasks.start([&, number](std::stop_token stop) {
      return upload.value()->put_part(number,
                                      sample(part_bytes, static_cast<std::uint32_t>(number)), stop);
    });
  }
  ASSERT_OK(tasks.join());
  EXPECT_EQ(outcome(store_->head(key("f/up"), kNever)), "NotFound") << "before complete()";
  EXPECT_EQ(list_text(*store_, {}), "");
  EXPECT_EQ(list_text(*store_, {.recursive = false}), "");
  ASSERT_OK(upload.value()->complete(4, kNever));
  EXPECT_TRUE(bytes_of(*store_, "f/up") ==
              sample(part_bytes, 1) + sample(part_bytes, 2) + sample(part_bytes, 3) + tail);
  EXPECT_EQ(list_text(*store_, {}), "f/up");
}

TEST_P(ObjectStoreContract, AnUploadEndsOnce) {
  const auto upload = start(*store_, "up");
  ASSERT_OK(upload);
  ASSERT_OK(upload.value()->put_part(1, "whole", kNever));
  ASSERT_OK(upload.value()->complete(1, kNever));
  EXPECT_OK(upload.value()->abort(kNever)) << "too late, and harmless";
  EXPECT_EQ(bytes_of(*store_, "up"), "whole");
  EXPECT_EQ(outcome(upload.value()->put_part(1, "x", kNever)), "NotFound");
  EXPECT_EQ(bytes_of(*store_, "up"), "whole");
}

TEST_P(ObjectStoreContract, AnUploadReplacesWhatIsThere) {
  ASSERT_OK(put(*store_, "up", "old"));
  const auto upload = start(*store_, "up");
  ASSERT_OK(upload);
  ASSERT_OK(upload.value()->put_part(1, "new", kNever));
  EXPECT_EQ(bytes_of(*store_, "up"), "old");
  ASSERT_OK(upload.value()->complete(1, kNever));
  EXPECT_EQ(bytes_of(*store_, "up"), "new");
}

TEST_P(ObjectStoreContract, ARepeatedPartReplaces) {
  const std::uint64_t part_bytes = part_bytes_of(*store_);
  const auto upload = start(*store_, "up");
  ASSERT_OK(upload);
  ASSERT_OK(upload.value()->put_part(1, sample(part_bytes, 1), kNever));
  ASSERT_OK(upload.value()->put_part(2, "a long last part", kNever));
  ASSERT_OK(upload.value()->put_part(1, sample(part_bytes, 2), kNever));
  ASSERT_OK(upload.value()->put_part(2, "short", kNever));
  ASSERT_OK(upload.value()->complete(2, kNever));
  EXPECT_TRUE(bytes_of(*store_, "up") == sample(part_bytes, 2) + "short");
}

TEST_P(ObjectStoreContract, AnUploadWithAHoleIsRefused) {
  const std::uint64_t part_bytes = part_bytes_of(*store_);
  const auto upload = start(*store_, "up");
  ASSERT_OK(upload);
  ASSERT_OK(upload.value()->put_part(1, sample(part_bytes, 1), kNever));
  ASSERT_OK(upload.value()->put_part(3, "end", kNever));
  EXPECT_EQ(outcome(upload.value()->complete(3, kNever)), "InvalidArgument");
  EXPECT_EQ(outcome(upload.value()->complete(0, kNever)), "InvalidArgument");
  EXPECT_EQ(list_text(*store_, {}), "");
  ASSERT_OK(upload.value()->put_part(2, sample(part_bytes, 2), kNever));
  ASSERT_OK(upload.value()->complete(3, kNever));
  EXPECT_TRUE(bytes_of(*store_, "up") == sample(part_bytes, 1) + sample(part_bytes, 2) + "end");
}

TEST_P(ObjectStoreContract, APartOfTheWrongSizeIsRefused) {
  const std::uint64_t part_bytes = part_bytes_of(*store_);
  EXPECT_EQ(outcome(store_->start_upload(key("up"), {{}, 0}, kNever)), "InvalidArgument");
  const auto upload = start(*store_, "up");
  ASSERT_OK(upload);
  EXPECT_EQ(outcome(upload.value()->put_part(1, sample(part_bytes + 1, 1), kNever)),
            "InvalidArgument");
  EXPECT_EQ(outcome(upload.value()->put_part(0, "x", kNever)), "InvalidArgument");
  const int count_max = store_->capabilities().part_count_max;
  EXPECT_EQ(outcome(upload.value()->put_part(count_max + 1, "x", kNever)), "InvalidArgument");
  ASSERT_OK(upload.value()->put_part(1, "too short for a first of two", kNever));
  ASSERT_OK(upload.value()->put_part(2, "end", kNever));
  EXPECT_EQ(outcome(upload.value()->complete(2, kNever)), "InvalidArgument");
  EXPECT_OK(upload.value()->abort(kNever));
}

TEST_P(ObjectStoreContract, AnAbortedUploadLeavesNothing) {
  const auto upload = start(*store_, "f/up");
  ASSERT_OK(upload);
  ASSERT_OK(upload.value()->put_part(1, "x", kNever));
  EXPECT_OK(upload.value()->abort(kNever));
  EXPECT_OK(upload.value()->abort(kNever));
  EXPECT_EQ(outcome(upload.value()->complete(1, kNever)), "NotFound");
  EXPECT_EQ(list_text(*store_, {}), "");
  EXPECT_EQ(store_->collect_unfinished("", WallTime::max(), kNever).value(), 0U);
}

TEST_P(ObjectStoreContract, UnfinishedUploadsAreCollected) {
  ASSERT_OK(put(*store_, "f/finished", "x"));
  const WallTime now = store_->head(key("f/finished"), kNever).value().modified;
  for (const char* name : {"f/dropped", "f/g/dropped", "other/dropped"}) {
    const auto upload = start(*store_, name);
    ASSERT_OK(upload);
    ASSERT_OK(upload.value()->put_part(1, "x", kNever));
  }
  ASSERT_OK(start(*store_, "f/without-a-part"));
  const std::chrono::hours day{24};
  EXPECT_EQ(store_->collect_unfinished("", now - day, kNever).value(), 0U) << "all are younger";
  EXPECT_EQ(store_->collect_unfinished("f/", now + day, kNever).value(), 3U);
  EXPECT_EQ(store_->collect_unfinished("f/", now + day, kNever).value(), 0U);
  EXPECT_EQ(store_->collect_unfinished("", now + day, kNever).value(), 1U);
  EXPECT_EQ(list_text(*store_, {}), "f/finished");
}

TEST_P(ObjectStoreContract, ACollectedUploadCannotBeCompleted) {
  const auto upload = start(*store_, "up");
  ASSERT_OK(upload);
  ASSERT_OK(upload.value()->put_part(1, "x", kNever));
  EXPECT_EQ(store_->collect_unfinished("", WallTime::max(), kNever).value(), 1U);
  EXPECT_EQ(outcome(upload.value()->complete(1, kNever)), "NotFound");
  EXPECT_EQ(list_text(*store_, {}), "");
}

TEST_P(ObjectStoreContract, AStoppedUploadIsCancelled) {
  const auto upload = start(*store_, "up");
  ASSERT_OK(upload);
  EXPECT_EQ(outcome(upload.value()->put_part(1, "x", stopped())), "Cancelled");
  ASSERT_OK(upload.value()->put_part(1, "x", kNever));
  EXPECT_EQ(outcome(upload.value()->complete(1, stopped())), "Cancelled");
  EXPECT_EQ(outcome(upload.value()->abort(stopped())), "Cancelled");
  EXPECT_OK(upload.value()->complete(1, kNever));
}

}  // namespace cairn::tests
