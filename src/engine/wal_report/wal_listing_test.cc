// SPDX-License-Identifier: Apache-2.0
#include "engine/wal_report/wal_listing.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "repository/sealing.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"

namespace cairn::engine {
namespace {

using object_store::ObjectKey;
using postgres::TimelineId;

TEST(SegmentSetTest, JoinsNeighboursInAnyOrder) {
  SegmentSet set;
  EXPECT_TRUE(set.empty());
  for (const std::uint64_t number : {5U, 3U, 4U, 9U, 5U, 1U, 2U, 10U}) set.add(number);
  EXPECT_EQ(set.ranges(), (std::map<std::uint64_t, std::uint64_t>{{1, 5}, {9, 10}}));
  EXPECT_EQ(set.count(), 7U);
  EXPECT_EQ(set.first(), 1U);
  EXPECT_EQ(set.last(), 10U);
  EXPECT_TRUE(set.contains(4));
  EXPECT_FALSE(set.contains(6));
  EXPECT_FALSE(set.contains(0));
  EXPECT_FALSE(set.contains(11));
}

class WalListingTest : public testing::Test {
 protected:
  void put(const std::string& name, std::string_view text = "x") {
    ASSERT_OK(store.put(ObjectKey("wal_005/" + name), text, {}, {}));
  }
  ManualClock clock{WallTime{}};
  object_store::MemoryStore store{clock};
};

TEST_F(WalListingTest, SortsTheArchiveIntoTimelines) {
  for (const char* name : {"000000010000000000000001.lz4", "000000010000000000000002.lz4",
                           "000000010000000000000002",  // the same segment twice counts once
                           "000000010000000000000003.partial.lz4", "000000020000000000000003.lz4",
                           "00000002.history.lz4", "0000000A.history", "stranger"}) {
    put(name);
  }
  const WalListing listing =
      load_wal_listing(store, postgres::WalSegmentSize::standard(), {}).value();
  ASSERT_EQ(listing.segments.size(), 2U);
  EXPECT_EQ(listing.segments.at(TimelineId{1}).count(), 2U);
  EXPECT_EQ(listing.histories, (std::set<TimelineId>{{2}, {10}}));
  EXPECT_EQ(listing.others,
            (std::vector<std::string>{"000000010000000000000003.partial.lz4", "stranger"}));
}

TEST_F(WalListingTest, NoticesAWrongSegmentSize) {
  put("000000010000000000000FFF.lz4");
  const auto listing = load_wal_listing(store, postgres::WalSegmentSize::standard(), {});
  ASSERT_EQ(tests::outcome(listing), "InvalidArgument");
  EXPECT_NE(listing.error().message().find("WALG_PG_WAL_SIZE"), std::string::npos);
  EXPECT_OK(load_wal_listing(store, postgres::WalSegmentSize::of(1 << 20).value(), {}));
}

TEST_F(WalListingTest, FailsWhenTheListingFails) {
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = object_store::Operation::List});
  EXPECT_EQ(tests::outcome(load_wal_listing(faulty, postgres::WalSegmentSize::standard(), {})),
            "Unavailable");
}

TEST_F(WalListingTest, ReadsSealedHistories) {
  const auto cipher = codec::make_sodium_cipher(Secret(std::string(32, 'k')), "none").value();
  StringSink out;
  const auto sealer = repository::make_sealer(
                          {.compression = codec::Compression::Zstd, .cipher = cipher.get()}, out)
                          .value();
  ASSERT_OK(sealer->write("1\t0/14000A0\tno recovery target specified\n"));
  ASSERT_OK(sealer->finish());
  put("00000002.history.zst", out.bytes());
  const auto history = find_timeline_history(store, {2}, cipher.get(), {});
  ASSERT_OK(history);
  ASSERT_TRUE(history.value().has_value());
  EXPECT_EQ(history.value()->ancestors()[0].end, postgres::Lsn{0x14000A0});
  EXPECT_EQ(find_timeline_history(store, {3}, cipher.get(), {}).value(), std::nullopt);
  EXPECT_FALSE(find_timeline_history(store, {2}, nullptr, {}).ok());
  put("00000003.history", "nonsense");
  EXPECT_EQ(tests::outcome(find_timeline_history(store, {3}, nullptr, {})), "Corrupt");
}

}  // namespace
}  // namespace cairn::engine
