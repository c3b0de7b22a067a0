// SPDX-License-Identifier: Apache-2.0
// The crash tests are worth as much as the store that breaks for them.
#include "tests/support/faulty_store.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/recording_store.h"

namespace cairn::object_store {
namespace {

using tests::DieAfter;
using tests::Fault;
using tests::FaultyStore;
using tests::outcome;
using tests::RecordingStore;

const std::stop_token kNever;

// Six writes, one after the other.
Result<> six_writes(ObjectStore& store) {
  TRY(store.put(ObjectKey("1"), "x", {}, kNever));
  TRY(store.put_if_absent(ObjectKey("2"), "x", {}, kNever));
  const auto upload = TRY(store.start_upload(ObjectKey("3"), {{}, 1}, kNever));
  TRY(upload->put_part(1, "x", kNever));
  TRY(upload->complete(1, kNever));
  const std::vector<ObjectKey> keys = {ObjectKey("1"), ObjectKey("2")};
  TRY(store.remove_batch(keys, kNever));
  return {};
}

std::string keys_of(ObjectStore& store) {
  std::string keys;
  for (const ObjectInfo& info : list_all(store, {}, 100, kNever).value()) keys += info.key;
  return keys;
}

TEST(FaultyStoreTest, ItDiesAtEveryWrite) {
  const std::string left[] = {"", "1", "12", "12", "123", "23", "3"};
  for (std::int64_t writes = 0; writes <= 6; ++writes) {
    for (const bool reply_lost : {false, true}) {
      SCOPED_TRACE(writes);
      ManualClock clock{WallTime{}};
      MemoryStore disk(clock);
      FaultyStore store(disk, DieAfter{writes, reply_lost});
      const Result<> result = six_writes(store);
      EXPECT_EQ(outcome(result), writes == 6 ? "ok" : "Internal");
      EXPECT_EQ(store.is_dead(), writes != 6);
      const auto effective = static_cast<std::size_t>(writes) + (reply_lost && writes < 6 ? 1 : 0);
      EXPECT_EQ(keys_of(disk), left[effective]);
      EXPECT_EQ(store.write_count(), static_cast<std::int64_t>(effective));
      if (store.is_dead()) {
        EXPECT_EQ(outcome(store.head(ObjectKey("1"), kNever)), "Internal") << "dead is dead";
        EXPECT_EQ(outcome(store.list({}, kNever)), "Internal");
        EXPECT_EQ(outcome(store.start_upload(ObjectKey("1"), {{}, 1}, kNever)), "Internal");
      }
    }
  }
}

TEST(FaultyStoreTest, FaultsHitWhatTheyNameAndEnd) {
  ManualClock clock{WallTime{}};
  MemoryStore disk(clock);
  FaultyStore store(disk);
  ASSERT_OK(disk.put(ObjectKey("a/1"), "0123456789", {}, kNever));
  ASSERT_OK(disk.put(ObjectKey("b/1"), "0123456789", {}, kNever));
  store.add_fault({.operation = Operation::Open, .key_pattern = "^a/", .code = ErrorCode::Denied});
  store.add_fault(
      {.operation = Operation::Open, .key_pattern = "^a/", .kind = Fault::Kind::FlipByte, .at = 3});
  EXPECT_EQ(get(store, ObjectKey("b/1"), 10, kNever).value(), "0123456789");
  EXPECT_EQ(outcome(get(store, ObjectKey("a/1"), 10, kNever)), "Denied");
  const Bytes flipped = get(store, ObjectKey("a/1"), 10, kNever).value();
  EXPECT_EQ(flipped.substr(0, 3) + flipped.substr(4), "012456789");
  EXPECT_NE(flipped[3], '3');
  EXPECT_EQ(get(store, ObjectKey("a/1"), 10, kNever).value(), "0123456789");
  EXPECT_EQ(store.calls(Operation::Open), 4);
  EXPECT_EQ(store.faults_left(), 0);

  store.add_fault({.operation = Operation::Remove, .kind = Fault::Kind::LoseReply});
  EXPECT_EQ(outcome(store.remove(ObjectKey("a/1"), kNever)), "Unavailable");
  EXPECT_EQ(keys_of(disk), "b/1");
}

TEST(RecordingStoreTest, CallsAreInOrder) {
  ManualClock clock{WallTime{}};
  MemoryStore disk(clock);
  RecordingStore store(disk);
  ASSERT_OK(six_writes(store));
  EXPECT_EQ(store.lines(),
            (std::vector<std::string>{"put 1", "put_if_absent 2", "start_upload 3", "put_part 3",
                                      "complete 3", "remove_batch 1", "remove_batch 2"}));
  EXPECT_EQ(store.count(Operation::RemoveBatch), 2);
  EXPECT_EQ(store.calls().at(3).size_bytes, 1U);
  store.forget();
  EXPECT_FALSE(store.put_if_absent(ObjectKey("3"), "x", {}, kNever).ok());
  EXPECT_FALSE(store.calls().at(0).ok);
}

}  // namespace
}  // namespace cairn::object_store
