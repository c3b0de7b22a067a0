// SPDX-License-Identifier: Apache-2.0
// What tests use of the memory store beyond the contract.
#include "object_store/memory/memory_store.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"

namespace cairn::object_store {
namespace {

const std::stop_token kNever;
const ObjectKey kKey("a");

TEST(MemoryStoreTest, TimesAreThoseOfItsClock) {
  const WallTime start = parse_rfc3339("2026-08-20T10:00:00Z").value();
  ManualClock clock(start);
  MemoryStore store(clock);
  ASSERT_OK(store.put(kKey, "x", {}, kNever));
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(store.head(kKey, kNever).value().modified, start);
  ASSERT_OK(store.put(kKey, "x", {}, kNever));
  EXPECT_EQ(store.head(kKey, kNever).value().modified, start + std::chrono::hours(1));
  store.set_modified(kKey, start - std::chrono::hours(1));
  EXPECT_EQ(store.list({}, kNever).value().objects.at(0).modified, start - std::chrono::hours(1));
}

TEST(MemoryStoreTest, UnfinishedUploadsAreCountedAndCollectedByAge) {
  const WallTime start = parse_rfc3339("2026-08-20T10:00:00Z").value();
  ManualClock clock(start);
  MemoryStore store(clock);
  ASSERT_OK(store.start_upload(kKey, {{}, 1}, kNever));
  clock.advance(std::chrono::hours(1));
  ASSERT_OK(store.start_upload(kKey, {{}, 1}, kNever));
  EXPECT_EQ(store.unfinished_count(), 2U);
  EXPECT_EQ(store.object_count(), 0U);
  EXPECT_EQ(store.collect_unfinished("", start, kNever).value(), 0U);
  EXPECT_EQ(store.collect_unfinished("", start + std::chrono::minutes(30), kNever).value(), 1U);
  EXPECT_EQ(store.unfinished_count(), 1U);
}

}  // namespace
}  // namespace cairn::object_store
