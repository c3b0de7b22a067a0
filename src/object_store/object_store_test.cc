// SPDX-License-Identifier: Apache-2.0
#include "object_store/object_store.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"

namespace cairn::object_store {
namespace {

using tests::outcome;

const std::stop_token kNever;

TEST(ObjectKeyTest, IsANameThatEveryStoreCanHold) {
  struct Case {
    std::string text;
    bool expected;
  };
  const Case cases[] = {
      {"a", true},
      {"wal_005/000000010000000000000001.lz4", true},
      {"a b/ü+%/...", true},
      {std::string(1024, 'x'), true},
      {std::string(1025, 'x'), false},
      {"", false},
      {"/a", false},
      {"a/", false},
      {"a//b", false},
      {".", false},
      {"a/./b", false},
      {"../a", false},
      {"a/..", false},
      {"a\nb", false},
      {std::string("a\0b", 3), false},
      {"a\x7f", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ObjectKey::parse(c.text).ok(), c.expected);
  }
  EXPECT_EQ(outcome(ObjectKey::parse("..")), "InvalidArgument");
}

class ListingTest : public testing::Test {
 protected:
  ListingTest() {
    for (const char* name : {"a/1", "a/2", "b/1"}) {
      EXPECT_OK(store_.put(ObjectKey(name), "12345", {}, kNever));
    }
  }
  ManualClock clock_{WallTime{}};
  MemoryStore store_{clock_};
};

TEST_F(ListingTest, AnErrorOfTheTakerEndsIt) {
  int taken = 0;
  const Result<> result = for_each(
      store_, {.page_max = 1},
      [&](const ObjectInfo&) -> Result<> {
        if (++taken == 2) return conflict("enough");
        return {};
      },
      kNever);
  EXPECT_EQ(outcome(result), "Conflict");
  EXPECT_EQ(taken, 2);
}

TEST_F(ListingTest, NothingIsReadWithoutLimit) {
  EXPECT_EQ(list_all(store_, {}, 3, kNever).value().size(), 3U);
  EXPECT_EQ(outcome(list_all(store_, {}, 2, kNever)), "Internal");
  EXPECT_EQ(get(store_, ObjectKey("a/1"), 5, kNever).value(), "12345");
  EXPECT_EQ(outcome(get(store_, ObjectKey("a/1"), 4, kNever)), "Corrupt");
}

TEST_F(ListingTest, AbsenceIsNoError) {
  EXPECT_EQ(find(store_, ObjectKey("none"), kNever).value(), std::nullopt);
  EXPECT_EQ(find(store_, ObjectKey("a/1"), kNever).value()->size_bytes, 5U);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(outcome(find(store_, ObjectKey("a/1"), stop.get_token())), "Cancelled");
}

}  // namespace
}  // namespace cairn::object_store
