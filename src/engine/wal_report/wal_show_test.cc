// SPDX-License-Identifier: Apache-2.0
#include "engine/wal_report/wal_show.h"

#include <gtest/gtest.h>

#include "repository/json_go.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/walg_repository.h"

namespace cairn::engine {
namespace {

using object_store::MemoryStore;
using object_store::ObjectKey;
using postgres::WalSegmentSize;

const std::string kFixtures = std::string(CAIRN_SOURCE_DIR) + "/tests/fixtures/walg/";
const WalSegmentSize kSmall = WalSegmentSize::of(1 << 20).value();

std::string golden(const std::string& name) {
  return tests::with_microseconds(tests::read_text_file(kFixtures + name).value());
}

class WalShowTest : public testing::Test {
 protected:
  // Archives first to last; `list_folder` holds the printed times of the backups.
  void load(const std::vector<std::string>& archives, const std::string& list_folder) {
    for (const std::string& archive : archives) {
      ASSERT_OK(tests::load_repository(kFixtures + archive, store));
    }
    const auto list =
        repository::JsonValue::parse(golden(list_folder + "/backup-list.json"), {}).value();
    for (const auto& backup : list.items()) {
      const auto name = repository::BackupName::parse(backup.find("backup_name")->text()).value();
      store.set_modified(repository::sentinel_key(name),
                         parse_rfc3339(backup.find("time")->text()).value());
    }
  }
  WalReport report(bool has_backups = true) {
    const auto made = load_wal_report(store, kSmall, nullptr, has_backups, {});
    EXPECT_OK(made);
    return made.value();
  }
  void expect_golden(const std::string& folder) {
    const WalReport made = report();
    EXPECT_TRUE(made.warnings.empty());
    EXPECT_EQ(format_wal_report(made.timelines, true), golden(folder + "/wal-show.txt"));
    EXPECT_EQ(format_wal_report_json(made.timelines), golden(folder + "/wal-show.json"));
  }

  ManualClock clock{WallTime{}};
  MemoryStore store{clock};
};

TEST_F(WalShowTest, PrintsWhatWalGPrintsForOneTimeline) {
  load({"delta/repo.tar"}, "delta");
  expect_golden("delta");
  EXPECT_EQ(format_wal_report_json(report(false).timelines),
            golden("delta/wal-show-without-backups.json"));
}

TEST_F(WalShowTest, PrintsWhatWalGPrintsForTwoTimelinesAndHoles) {
  load({"delta/repo.tar", "timelines/added.tar"}, "timelines");
  expect_golden("timelines");
  for (const char* segment : {"00000001000000000000000F", "000000020000000000000015"}) {
    ASSERT_OK(store.remove(ObjectKey("wal_005/" + std::string(segment) + ".lz4"), {}));
  }
  expect_golden("timelines/hole");
}

TEST_F(WalShowTest, PrintsWhatWalGPrintsForManyBackups) {
  load({"deletion/repo.tar.gz"}, "deletion");
  expect_golden("deletion");
}

TEST_F(WalShowTest, PrintsAnEmptyArchiveAsWalGDoes) {
  const WalReport empty = report();
  EXPECT_EQ(format_wal_report_json(empty.timelines), "[]");
  EXPECT_EQ(format_wal_report(empty.timelines, true),
            "+-----+------------+-----------------+---------------+-------------+---------------+"
            "----------------+--------+---------------+\n"
            "| TLI | PARENT TLI | SWITCHPOINT LSN | START SEGMENT | END SEGMENT | SEGMENT RANGE | "
            "SEGMENTS COUNT | STATUS | BACKUPS COUNT |\n"
            "+-----+------------+-----------------+---------------+-------------+---------------+"
            "----------------+--------+---------------+\n"
            "+-----+------------+-----------------+---------------+-------------+---------------+"
            "----------------+--------+---------------+\n");
}

TEST_F(WalShowTest, ListsMissingSegmentsNewestFirst) {
  WalListing listing;
  for (const std::uint64_t number : {1U, 4U, 6U}) listing.segments[{1}].add(number);
  const auto timelines = make_wal_report(listing, {}, {}, kSmall);
  ASSERT_EQ(timelines.size(), 1U);
  EXPECT_EQ(timelines[0].missing_segments,
            (std::vector<std::string>{"000000010000000000000005", "000000010000000000000003",
                                      "000000010000000000000002"}));
  EXPECT_EQ(timelines[0].range_count, 6U);
}

TEST_F(WalShowTest, LimitsTheListOfMissingSegments) {
  WalListing listing;
  listing.segments[{1}].add(1);
  listing.segments[{1}].add(1'000'000'000);
  const auto timelines = make_wal_report(listing, {}, {}, kSmall);
  EXPECT_EQ(timelines[0].missing_segments.size(), kMissingSegmentsMax);
  EXPECT_EQ(timelines[0].range_count, 1'000'000'000U);
  EXPECT_EQ(timelines[0].segment_count, 2U);
}

TEST_F(WalShowTest, ReportsDamageAndGoesOn) {
  load({"delta/repo.tar", "timelines/added.tar"}, "timelines");
  ASSERT_OK(store.put(ObjectKey("wal_005/00000002.history.lz4"), "damaged", {}, {}));
  const WalReport made = report();
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_NE(made.warnings[0].find("00000002.history.lz4"), std::string::npos);
  EXPECT_EQ(made.timelines[1].parent, postgres::TimelineId{0});
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = object_store::Operation::List});
  EXPECT_EQ(tests::outcome(load_wal_report(faulty, kSmall, nullptr, true, {})), "Unavailable");
}

}  // namespace
}  // namespace cairn::engine
