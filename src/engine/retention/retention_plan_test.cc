// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/retention_plan.h"

#include <gtest/gtest.h>

#include "tests/support/synthetic_repository.h"

namespace cairn::engine {
namespace {

using repository::BackupName;
using tests::SyntheticRepository;

class RetentionPlanTest : public testing::Test {
 protected:
  Result<RetentionPlan> plan(const DeleteRequest& request) {
    const Inventory inventory = load_inventory(store, settings, {}).value();
    return make_retention_plan(inventory, request, settings, clock.now());
  }
  Result<RetentionPlan> plan_before(const BackupName& name) {
    return plan({.verb = DeleteVerb::Before, .before = {.name = name.text()}});
  }
  static std::vector<std::string> doomed(const RetentionPlan& plan) {
    std::vector<std::string> names;
    for (const auto& wave : plan.waves) {
      for (const BackupName& name : wave) names.push_back(name.text());
    }
    return names;
  }
  static bool goes(const RetentionPlan& plan, std::uint32_t timeline, std::uint64_t number) {
    return plan.wal &&
           may_delete_wal(*plan.wal, {.timeline = {timeline}, .first = number, .last = number});
  }

  ManualClock clock{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 8 / 20))};
  object_store::MemoryStore store{clock};
  SyntheticRepository repo{store, clock};
  RetentionSettings settings;
};

TEST_F(RetentionPlanTest, DeltasGoBeforeTheirParents) {
  const BackupName full = repo.add_full(1, 10);
  const BackupName first = repo.add_delta(1, 12, full);
  const BackupName second = repo.add_delta(1, 14, first);
  const BackupName sibling = repo.add_delta(1, 15, first);
  const BackupName last = repo.add_full(1, 20);
  const RetentionPlan made = plan_before(last).value();
  EXPECT_EQ(made.waves, (std::vector<std::vector<BackupName>>{{second, sibling}, {first}, {full}}));
  EXPECT_TRUE(goes(made, 1, 19));
  EXPECT_FALSE(goes(made, 1, 20));
}

TEST_F(RetentionPlanTest, PermanentBackupsStayWithWhatTheyAreADeltaOf) {
  const BackupName full = repo.add_full(1, 10);
  const BackupName delta = repo.add_delta(1, 12, full);
  const BackupName permanent = repo.add_delta(1, 14, delta, true);
  const BackupName leaf = repo.add_delta(1, 16, permanent);
  const BackupName last = repo.add_full(2, 20);
  const RetentionPlan made = plan_before(last).value();
  EXPECT_EQ(doomed(made), std::vector<std::string>{leaf.text()});
  EXPECT_EQ(made.notes.size(), 3U);
  // Each keeps the WAL that makes it consistent, and no more.
  for (const std::uint64_t number : {10U, 12U, 14U}) EXPECT_FALSE(goes(made, 1, number)) << number;
  for (const std::uint64_t number : {9U, 11U, 13U, 15U, 16U, 30U}) {
    EXPECT_TRUE(goes(made, 1, number)) << number;
  }
}

TEST_F(RetentionPlanTest, ABackupThatARemainingOneNeedsStays) {
  // A delta taken from an older full although there is a newer one.
  const BackupName old_full = repo.add_full(1, 10);
  const BackupName unrelated = repo.add_delta(1, 12, old_full);
  const BackupName new_full = repo.add_full(1, 20);
  repo.add_delta(1, 22, old_full);
  const RetentionPlan made = plan_before(new_full).value();
  EXPECT_EQ(doomed(made), std::vector<std::string>{unrelated.text()});
  EXPECT_FALSE(goes(made, 1, 10));
  EXPECT_TRUE(goes(made, 1, 12));
}

TEST_F(RetentionPlanTest, ARunningBackupKeepsItsWalAndItsParent) {
  const BackupName full = repo.add_full(1, 10);
  repo.add_full(1, 30);
  const BackupName last = repo.add_full(1, 40);
  repo.add_unfinished("base_000000010000000000000014");
  repo.add_unfinished("base_000000010000000000000016_D_00000001000000000000000A");
  RetentionPlan made = plan_before(last).value();
  EXPECT_EQ(doomed(made), std::vector<std::string>{"base_00000001000000000000001E"});
  EXPECT_TRUE(made.leftovers.empty());
  EXPECT_TRUE(goes(made, 1, 19));
  EXPECT_FALSE(goes(made, 1, 20));
  EXPECT_FALSE(goes(made, 1, 39));
  EXPECT_EQ(plan({.verb = DeleteVerb::Target, .target_name = full.text()}).error().code(),
            ErrorCode::Conflict);
  // A day without a new object: it failed.
  clock.advance(std::chrono::hours(25));
  made = plan_before(last).value();
  EXPECT_EQ(doomed(made).size(), 2U);
  EXPECT_EQ(made.leftovers.size(), 2U);
  EXPECT_TRUE(goes(made, 1, 39));
}

TEST_F(RetentionPlanTest, RefusesWhenNamesAndTimesContradict) {
  // After an upgrade into the same prefix, timelines begin again at 1.
  const BackupName before_upgrade = repo.add_full(5, 10);
  const BackupName after_upgrade = repo.add_full(1, 20);
  const auto refused = plan({.verb = DeleteVerb::Retain, .retain_count = 1});
  ASSERT_EQ(tests::outcome(refused), "InvalidArgument");
  EXPECT_NE(refused.error().message().find("--use-sentinel-time"), std::string::npos);
  const RetentionPlan made =
      plan({.verb = DeleteVerb::Retain, .retain_count = 1, .uses_sentinel_time = true}).value();
  EXPECT_EQ(doomed(made), std::vector<std::string>{before_upgrade.text()});
  EXPECT_TRUE(goes(made, 5, 10));
  EXPECT_FALSE(goes(made, 1, 20));
  EXPECT_NE(before_upgrade, after_upgrade);
}

TEST_F(RetentionPlanTest, TimeOrderKeepsWhatAnOlderTimelineNeeds) {
  repo.add_full(1, 10);
  const BackupName kept_on_old = repo.add_full(1, 30);
  const BackupName on_new = repo.add_full(2, 20);
  const RetentionPlan made =
      plan({.verb = DeleteVerb::Retain, .retain_count = 2, .uses_sentinel_time = true}).value();
  EXPECT_EQ(doomed(made).size(), 1U);
  EXPECT_FALSE(goes(made, 1, 30));
  EXPECT_FALSE(goes(made, 2, 30));
  EXPECT_TRUE(goes(made, 1, 29));
  EXPECT_NE(kept_on_old, on_new);
}

TEST_F(RetentionPlanTest, ADeltaIsNoBound) {
  const BackupName full = repo.add_full(1, 10);
  const BackupName delta = repo.add_delta(1, 12, full);
  const auto refused = plan_before(delta);
  ASSERT_EQ(tests::outcome(refused), "InvalidArgument");
  EXPECT_EQ(
      refused.error().message(),
      delta.text() +
          "_backup_stop_sentinel.json is incremental and it's predecessors cannot be deleted. "
          "Consider FIND_FULL option.");
}

TEST_F(RetentionPlanTest, TargetTakesItsDependantsAndNoWal) {
  const BackupName full = repo.add_full(1, 10);
  const BackupName first = repo.add_delta(1, 12, full);
  const BackupName second = repo.add_delta(1, 14, first);
  const BackupName other = repo.add_delta(1, 15, full);
  RetentionPlan made = plan({.verb = DeleteVerb::Target, .target_name = first.text()}).value();
  EXPECT_EQ(doomed(made), (std::vector<std::string>{second.text(), first.text()}));
  EXPECT_EQ(made.wal, std::nullopt);
  EXPECT_EQ(made.last, first);
  made = plan({.verb = DeleteVerb::Target,
               .modifier = DeleteModifier::FindFull,
               .target_name = second.text()})
             .value();
  EXPECT_EQ(doomed(made).size(), 4U);
  EXPECT_EQ(made.waves.back(), std::vector<BackupName>{full});
  EXPECT_NE(other, first);
}

TEST_F(RetentionPlanTest, TargetRefusesPermanentBackups) {
  const BackupName full = repo.add_full(1, 10);
  const BackupName permanent = repo.add_delta(1, 12, full, true);
  for (const BackupName& name : {full, permanent}) {
    const auto refused = plan({.verb = DeleteVerb::Target, .target_name = name.text()});
    ASSERT_EQ(tests::outcome(refused), "Denied");
    EXPECT_NE(refused.error().message().find(permanent.text()), std::string::npos);
  }
}

TEST_F(RetentionPlanTest, EverythingStopsAtPermanentBackupsUnlessForced) {
  repo.add_full(1, 10);
  const BackupName permanent = repo.add_full(1, 12, true);
  const auto refused = plan({.verb = DeleteVerb::Everything});
  ASSERT_EQ(tests::outcome(refused), "Denied");
  EXPECT_NE(refused.error().message().find("[" + permanent.text() + "]"), std::string::npos);
  const RetentionPlan made = plan({.verb = DeleteVerb::Everything, .is_forced = true}).value();
  EXPECT_TRUE(made.is_everything);
  EXPECT_EQ(doomed(made).size(), 2U);
}

TEST_F(RetentionPlanTest, GarbageIsWhatNoBackupNeeds) {
  repo.add_full(1, 8, true);
  const BackupName oldest = repo.add_full(1, 20);
  repo.add_full(2, 30);
  repo.add_unfinished("base_000000010000000000000050");
  clock.advance(std::chrono::hours(48));
  repo.add_unfinished("base_000000020000000000000060");
  const DeleteRequest request{.verb = DeleteVerb::Garbage};
  RetentionPlan made = plan(request).value();
  EXPECT_TRUE(made.waves.empty());
  ASSERT_EQ(made.leftovers.size(), 1U);
  EXPECT_EQ(made.leftovers[0].text(), "base_000000010000000000000050");
  EXPECT_TRUE(goes(made, 1, 7));
  EXPECT_FALSE(goes(made, 1, 8));
  EXPECT_TRUE(goes(made, 1, 9));
  EXPECT_FALSE(goes(made, 1, 20));
  EXPECT_EQ(made.unfinished_before, clock.now() - std::chrono::hours(24));
  made = plan({.verb = DeleteVerb::Garbage, .scope = GarbageScope::Archives}).value();
  EXPECT_TRUE(made.leftovers.empty());
  EXPECT_EQ(made.unfinished_before, std::nullopt);
  made = plan({.verb = DeleteVerb::Garbage, .scope = GarbageScope::Backups}).value();
  EXPECT_EQ(made.leftovers.size(), 1U);
  EXPECT_EQ(made.wal, std::nullopt);
  EXPECT_EQ(oldest.parts()->start_segment, SyntheticRepository::segment(1, 20));
}

TEST_F(RetentionPlanTest, GarbageWithoutBackupsNeedsToBeInsistedOn) {
  repo.add_full(1, 10, true);
  RetentionPlan made = plan({.verb = DeleteVerb::Garbage}).value();
  EXPECT_EQ(made.wal, std::nullopt);
  EXPECT_EQ(made.notes.back(), "Not doing anything.");
  made = plan({.verb = DeleteVerb::Garbage, .skips_backup_check = true}).value();
  EXPECT_TRUE(goes(made, 1, 99));
  EXPECT_FALSE(goes(made, 1, 10));
}

TEST_F(RetentionPlanTest, AnyDeleteFinishesAnInterruptedOne) {
  repo.add_full(1, 30);
  const BackupName marked = repo.add_unfinished("base_000000010000000000000014");
  repo.put(repository::deletion_mark_key(marked).text());
  for (const DeleteRequest& request :
       {DeleteRequest{.verb = DeleteVerb::Retain, .retain_count = 9},
        DeleteRequest{.verb = DeleteVerb::Target, .target_name = marked.text()},
        DeleteRequest{.verb = DeleteVerb::Target, .target_name = "LATEST"},
        DeleteRequest{.verb = DeleteVerb::Garbage, .scope = GarbageScope::Archives}}) {
    const RetentionPlan made = plan(request).value();
    EXPECT_EQ(made.leftovers, std::vector<BackupName>{marked});
    // LATEST is another one now: it must not go in its place.
    EXPECT_TRUE(made.waves.empty());
  }
}

TEST_F(RetentionPlanTest, AForeignBackupKeepsItsWalOnEveryTimeline) {
  repo.put(repository::sentinel_key(BackupName::parse("by-hand").value()).text(),
           fmt::format("{{\"LSN\":{}}}", 15 * SyntheticRepository::kSize.bytes() + 40));
  const BackupName last = repo.add_full(3, 40);
  const RetentionPlan made = plan_before(last).value();
  EXPECT_TRUE(made.waves.empty());
  EXPECT_TRUE(goes(made, 1, 14));
  EXPECT_FALSE(goes(made, 1, 15));
  EXPECT_FALSE(goes(made, 2, 39));
}

}  // namespace
}  // namespace cairn::engine
