// SPDX-License-Identifier: Apache-2.0
#include "engine/wal_report/wal_verify.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/support/walg_repository.h"

namespace cairn::engine {
namespace {

using object_store::MemoryStore;
using object_store::ObjectKey;
using postgres::Lsn;
using postgres::TimelineHistory;
using postgres::TimelineId;
using postgres::WalSegmentSize;

const std::string kFixtures = std::string(CAIRN_SOURCE_DIR) + "/tests/fixtures/walg/";
const WalSegmentSize kSmall = WalSegmentSize::of(1 << 20).value();

std::string golden(const std::string& name) {
  return tests::read_text_file(kFixtures + name).value();
}

WalVerifyRequest request_at(std::uint32_t timeline, std::string_view lsn) {
  return {.checks_integrity = true,
          .checks_timeline = true,
          .timeline = {timeline},
          .lsn = postgres::parse_lsn(lsn).value(),
          .segment_size = kSmall};
}

class WalVerifyTest : public testing::Test {
 protected:
  void load(const std::string& archive) {
    ASSERT_OK(tests::load_repository(kFixtures + archive, store));
  }
  void make_holes() {
    for (const char* segment : {"00000001000000000000000F", "000000020000000000000015"}) {
      ASSERT_OK(store.remove(ObjectKey("wal_005/" + std::string(segment) + ".lz4"), {}));
    }
  }
  WalVerification verify(const WalVerifyRequest& request) {
    auto outcome = run_wal_verify(store, request, nullptr, {});
    EXPECT_OK(outcome);
    return outcome.value().verification;
  }

  ManualClock clock{WallTime{}};
  MemoryStore store{clock};
};

TEST_F(WalVerifyTest, PrintsWhatWalGPrints) {
  struct Case {
    std::vector<std::string> archives;
    std::string folder;
    std::uint32_t timeline;
    std::string_view lsn;
  };
  const Case cases[] = {{{"lz4/repo.tar"}, "lz4", 1, "0/1600000"},
                        {{"delta/repo.tar", "timelines/added.tar"}, "timelines", 2, "0/1700000"},
                        {{"deletion/repo.tar.gz"}, "deletion", 2, "0/2200000"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.folder);
    for (const auto& object : object_store::list_all(store, {}, 10'000, {}).value()) {
      ASSERT_OK(store.remove(ObjectKey(object.key), {}));
    }
    for (const std::string& archive : c.archives) load(archive);
    const WalVerification made = verify(request_at(c.timeline, c.lsn));
    EXPECT_EQ(format_verification_json(made), golden(c.folder + "/wal-verify-offline.json"));
  }
}

TEST_F(WalVerifyTest, PrintsHolesAsWalGDoes) {
  load("delta/repo.tar");
  load("timelines/added.tar");
  WalVerification made = verify(request_at(2, "0/1700000"));
  EXPECT_EQ(format_verification(made), golden("timelines/wal-verify.txt"));
  make_holes();
  made = verify(request_at(2, "0/1700000"));
  EXPECT_EQ(format_verification_json(made), golden("timelines/hole/wal-verify.json"));
  // WAL-G prints the two blocks in any order; here integrity is always first.
  const std::string theirs = golden("timelines/hole/wal-verify.txt");
  const std::size_t second = theirs.find("[wal-verify] integrity");
  ASSERT_NE(second, 0U);
  EXPECT_EQ(format_verification(made), theirs.substr(second) + theirs.substr(0, second));
}

TEST_F(WalVerifyTest, LooksFromAnotherPlaceAsWalGDoes) {
  load("delta/repo.tar");
  load("timelines/added.tar");
  make_holes();
  EXPECT_EQ(format_verification_json(verify(request_at(1, "0/1400000"))),
            golden("timelines/hole/wal-verify-timeline1.json"));
  WalVerifyRequest from_last = request_at(2, "0/1700000");
  from_last.checks_timeline = false;
  from_last.backup_name = "base_000000010000000000000012_D_000000010000000000000010";
  EXPECT_EQ(format_verification_json(verify(from_last)),
            golden("timelines/hole/wal-verify-from-last-backup.json"));
}

TEST_F(WalVerifyTest, WarnsAboutAnEmptyArchiveAsWalGDoes) {
  const auto outcome = run_wal_verify(store, request_at(1, "0/3000000"), nullptr, {});
  ASSERT_OK(outcome);
  EXPECT_EQ(
      format_verification_json(outcome.value().verification),
      R"({"integrity":{"status":"WARNING","details":[{"timeline_id":1,)"
      R"("start_segment":"000000010000000000000001","end_segment":"00000001000000000000001E",)"
      R"("segments_count":30,"status":"MISSING_LOST"},{"timeline_id":1,)"
      R"("start_segment":"00000001000000000000001F","end_segment":"00000001000000000000002E",)"
      R"("segments_count":16,"status":"MISSING_UPLOADING"}]},"timeline":{"status":"WARNING",)"
      R"("details":{"current_timeline_id":1,"highest_storage_timeline_id":0}}})");
  EXPECT_FALSE(outcome.value().warnings.empty());
}

TEST_F(WalVerifyTest, RefusesABackupThatIsNotOnTheWay) {
  load("deletion/repo.tar.gz");
  WalVerifyRequest request = request_at(2, "0/2100000");
  request.backup_name = "base_nothing";
  EXPECT_EQ(tests::outcome(run_wal_verify(store, request, nullptr, {})), "NotFound");
  request = request_at(1, "0/1C00000");
  request.backup_name = "base_00000002000000000000001D";
  EXPECT_EQ(tests::outcome(run_wal_verify(store, request, nullptr, {})), "InvalidArgument");
  EXPECT_EQ(tests::outcome(run_wal_verify(store, {.checks_timeline = true}, nullptr, {})),
            "InvalidArgument");
}

// Segments 1 to 30 of timeline 1, without those in `missing`; backups never matter.
WalListing listing_without(const std::set<std::uint64_t>& missing, std::uint32_t timeline = 1) {
  WalListing listing;
  for (std::uint64_t number = 1; number <= 30; ++number) {
    if (!missing.contains(number)) listing.segments[{timeline}].add(number);
  }
  return listing;
}

TEST(CheckIntegrityTest, JudgesByHowNewAMissingSegmentIs) {
  struct Case {
    std::set<std::uint64_t> missing;
    std::uint64_t delayed_max;
    std::uint64_t uploading_max;
    CheckStatus status;
    std::vector<std::pair<std::uint64_t, SegmentStatus>> runs;  // last segment, status
  };
  using S = SegmentStatus;
  const Case cases[] = {
      {{}, 0, 16, CheckStatus::Ok, {{30, S::Found}}},
      {{30}, 1, 0, CheckStatus::Warning, {{29, S::Found}, {30, S::Delayed}}},
      {{30}, 0, 1, CheckStatus::Warning, {{29, S::Found}, {30, S::Uploading}}},
      {{30}, 0, 0, CheckStatus::Failure, {{29, S::Found}, {30, S::Lost}}},
      // Delayed ends with the first segment found; then so many may still be uploading.
      {{30, 28, 20},
       5,
       4,
       CheckStatus::Failure,
       {{19, S::Found},
        {20, S::Lost},
        {27, S::Found},
        {28, S::Uploading},
        {29, S::Found},
        {30, S::Delayed}}},
      {{5, 6, 7}, 0, 16, CheckStatus::Failure, {{4, S::Found}, {7, S::Lost}, {30, S::Found}}},
      {{3}, 0, 16, CheckStatus::Failure, {{3, S::Lost}, {30, S::Found}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.missing.size());
    const WalVerifyRequest request{.timeline = {1},
                                   .lsn = Lsn{31 * kSmall.bytes() + 1},
                                   .delayed_segments_max = c.delayed_max,
                                   .uploading_segments_max = c.uploading_max,
                                   .segment_size = kSmall};
    const IntegrityCheck check = check_integrity(listing_without(c.missing),
                                                 TimelineHistory(TimelineId{1}), request, 3, false);
    EXPECT_EQ(check.status, c.status);
    std::vector<std::pair<std::uint64_t, SegmentStatus>> runs;
    std::uint64_t next = 3;
    for (const SegmentRun& run : check.runs) {
      EXPECT_EQ(run.first.number, next);
      EXPECT_EQ(run.count, run.last.number - run.first.number + 1);
      next = run.last.number + 1;
      runs.emplace_back(run.last.number, run.status);
    }
    EXPECT_EQ(runs, c.runs);
  }
}

TEST(CheckIntegrityTest, FollowsTheHistoryAcrossTimelines) {
  // Timeline 1 until segment 10, 2 until 20, 3 to now. Segment 15 is only on the timeline left.
  const auto history = TimelineHistory::parse({3}, "1\t0/A00100\tx\n2\t0/1400100\ty\n").value();
  WalListing listing;
  for (std::uint64_t number = 1; number <= 15; ++number) listing.segments[{1}].add(number);
  for (std::uint64_t number = 10; number <= 25; ++number) {
    if (number != 15) listing.segments[{2}].add(number);
  }
  for (std::uint64_t number = 20; number <= 30; ++number) listing.segments[{3}].add(number);
  const WalVerifyRequest request{.timeline = {3},
                                 .lsn = Lsn{31 * kSmall.bytes() + 1},
                                 .uploading_segments_max = 0,
                                 .segment_size = kSmall};
  const IntegrityCheck check = check_integrity(listing, history, request, 2, false);
  std::vector<std::string> runs;
  for (const SegmentRun& run : check.runs) {
    runs.push_back(fmt::format("{} {}-{} {}", run.first.timeline.value, run.first.number,
                               run.last.number, segment_status_name(run.status)));
  }
  EXPECT_EQ(runs, (std::vector<std::string>{"1 2-9 FOUND", "2 10-14 FOUND", "2 15-15 MISSING_LOST",
                                            "2 16-19 FOUND", "3 20-30 FOUND"}));
  EXPECT_EQ(check.status, CheckStatus::Failure);
}

TEST(CheckIntegrityTest, AHugeGapCostsNothing) {
  WalListing listing;
  listing.segments[{1}].add(2);
  const WalVerifyRequest request{
      .timeline = {1}, .lsn = Lsn{~std::uint64_t{0}}, .segment_size = kSmall};
  const IntegrityCheck check =
      check_integrity(listing, TimelineHistory(TimelineId{1}), request, 1, true);
  EXPECT_EQ(check.runs.size(), 4U);
  EXPECT_EQ(check.status, CheckStatus::Failure);
}

TEST(CheckIntegrityTest, NothingToLookAtIsFine) {
  const WalVerifyRequest request{
      .timeline = {1}, .lsn = Lsn{kSmall.bytes() * 5 + 1}, .segment_size = kSmall};
  const IntegrityCheck check =
      check_integrity({}, TimelineHistory(TimelineId{1}), request, 5, false);
  EXPECT_TRUE(check.runs.empty());
  EXPECT_EQ(check.status, CheckStatus::Ok);
  EXPECT_EQ(format_verification_json({.integrity = check}),
            R"({"integrity":{"status":"OK","details":null}})");
}

TEST(CheckTimelineTest, ComparesWithTheHighestInTheArchive) {
  WalListing listing;
  EXPECT_EQ(check_timeline(listing, {1}).status, CheckStatus::Warning);
  listing.segments[{2}].add(1);
  EXPECT_EQ(check_timeline(listing, {2}).status, CheckStatus::Ok);
  EXPECT_EQ(check_timeline(listing, {1}).status, CheckStatus::Failure);
  listing.histories.insert({3});
  EXPECT_EQ(check_timeline(listing, {2}).status, CheckStatus::Failure);
  EXPECT_EQ(check_timeline(listing, {2}).highest, TimelineId{3});
}

TEST(OldestWantedSegmentTest, TakesTheOldestThatIsOnTheHistory) {
  const auto history = TimelineHistory::parse({2}, "1\t0/A00100\tx\n").value();
  const auto backup = [](std::string_view segment, bool is_permanent = false) {
    return repository::ListedBackup{
        .entry = {.name = repository::BackupName::full(segment)},
        .metadata = repository::BackupMetadata{.is_permanent = is_permanent}};
  };
  std::vector<std::string> warnings;
  const std::vector<repository::ListedBackup> backups = {
      backup("000000010000000000000002", true),  // permanent
      backup("00000001000000000000000A"),        // where timeline 1 was left
      backup("000000020000000000000009"),        // before timeline 2 began
      backup("000000030000000000000004"),        // a stranger
      backup("000000010000000000000005"),       backup("00000002000000000000000C")};
  EXPECT_EQ(oldest_wanted_segment(backups, history, kSmall, warnings), 5U);
  EXPECT_EQ(warnings.size(), 4U);
  EXPECT_EQ(oldest_wanted_segment({}, history, kSmall, warnings), std::nullopt);
}

}  // namespace
}  // namespace cairn::engine
