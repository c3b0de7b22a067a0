// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/delete_target.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/support/synthetic_repository.h"

namespace cairn::engine {
namespace {

using repository::BackupName;
using tests::SyntheticRepository;

WallTime hour(int n) {
  return WallTime{} + std::chrono::hours(n);
}

KnownBackup backup(std::uint32_t timeline, std::uint64_t number, int taken,
                   const KnownBackup* parent = nullptr) {
  const std::string segment = SyntheticRepository::segment(timeline, number);
  KnownBackup made{.name = parent == nullptr ? BackupName::full(segment)
                                             : BackupName::delta(segment, parent->name),
                   .modified = hour(taken) + std::chrono::minutes(30),
                   .start = postgres::WalSegment{.timeline = {timeline}, .number = number},
                   .start_time = hour(taken)};
  if (parent != nullptr) {
    made.delta = repository::DeltaOrigin{.parent = parent->name, .full = parent->name};
  }
  return made;
}

// Full 10, deltas 12 and 14, full 20, delta 22, full 30 on timeline 2.
const KnownBackup kA = backup(1, 10, 1);
const KnownBackup kA1 = backup(1, 12, 2, &kA);
const KnownBackup kA2 = backup(1, 14, 3, &kA1);
const KnownBackup kB = backup(1, 20, 4);
const KnownBackup kB1 = backup(1, 22, 5, &kB);
const KnownBackup kC = backup(2, 30, 6);
const std::vector<KnownBackup> kAll = {kA, kA1, kA2, kB, kB1, kC};

std::string chosen(const Result<std::optional<KnownBackup>>& target) {
  if (!target.ok()) return tests::outcome(target);
  return target.value() ? target.value()->name.text() : "nothing";
}

TEST(DeleteTargetTest, BeforeChoosesAsWalGDoes) {
  struct Case {
    DeleteBound bound;
    DeleteModifier modifier;
    std::string expected;
  };
  const Case cases[] = {
      {{.name = kB.name.text()}, DeleteModifier::None, kB.name.text()},
      // The beginning of a name; the newest match wins.
      {{.name = "base_00000001"}, DeleteModifier::None, kB1.name.text()},
      {{.name = "base_00000001"}, DeleteModifier::FindFull, kB.name.text()},
      {{.name = kA2.name.text()}, DeleteModifier::None, kA2.name.text()},
      {{.name = kA2.name.text()}, DeleteModifier::FindFull, kA.name.text()},
      {{.name = "base_0000000F"}, DeleteModifier::None, "NotFound"},
      // The oldest backup at or after the time; times are those of the sentinels.
      {{.time = hour(4)}, DeleteModifier::None, kB.name.text()},
      {{.time = hour(4) + std::chrono::minutes(30)}, DeleteModifier::None, kB.name.text()},
      {{.time = hour(4) + std::chrono::minutes(31)}, DeleteModifier::None, kB1.name.text()},
      {{.time = hour(4) + std::chrono::minutes(31)}, DeleteModifier::FindFull, kB.name.text()},
      {{.time = hour(9)}, DeleteModifier::None, "nothing"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.bound.name + " " + c.expected);
    const DeleteRequest request{
        .verb = DeleteVerb::Before, .modifier = c.modifier, .before = c.bound};
    EXPECT_EQ(chosen(choose_target(kAll, request)), c.expected);
  }
  const DeleteRequest by_start{
      .verb = DeleteVerb::Before, .before = {.time = hour(4)}, .uses_sentinel_time = true};
  EXPECT_EQ(chosen(choose_target(kAll, by_start)), kB.name.text());
  EXPECT_EQ(chosen(choose_target({}, {.verb = DeleteVerb::Before, .before = {.name = "b"}})),
            "NotFound");
}

TEST(DeleteTargetTest, RetainChoosesAsWalGDoes) {
  struct Case {
    int count;
    DeleteModifier modifier;
    std::string expected;
  };
  const Case cases[] = {
      {1, DeleteModifier::None, kC.name.text()},     {2, DeleteModifier::None, kB1.name.text()},
      {6, DeleteModifier::None, kA.name.text()},     {7, DeleteModifier::None, "nothing"},
      {2, DeleteModifier::Full, kB.name.text()},     {3, DeleteModifier::Full, kA.name.text()},
      {4, DeleteModifier::Full, "nothing"},          {2, DeleteModifier::FindFull, kB.name.text()},
      {4, DeleteModifier::FindFull, kA.name.text()}, {7, DeleteModifier::FindFull, "nothing"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} {}", c.count, c.expected));
    const DeleteRequest request{
        .verb = DeleteVerb::Retain, .modifier = c.modifier, .retain_count = c.count};
    EXPECT_EQ(chosen(choose_target(kAll, request)), c.expected);
  }
}

TEST(DeleteTargetTest, RetainAfterKeepsWhatEitherKeeps) {
  struct Case {
    int count;
    DeleteBound after;
    DeleteModifier modifier;
    std::string expected;
  };
  const Case cases[] = {
      {1, {.name = kB.name.text()}, DeleteModifier::None, kB.name.text()},
      {5, {.name = kB.name.text()}, DeleteModifier::None, kA1.name.text()},
      {1, {.name = kA1.name.text()}, DeleteModifier::Full, kB.name.text()},
      {1, {.time = hour(4)}, DeleteModifier::None, kB.name.text()},
      {1, {.time = hour(3)}, DeleteModifier::FindFull, kB.name.text()},
      {2, {.time = hour(9)}, DeleteModifier::None, kB1.name.text()},
      {2, {.name = "nothing"}, DeleteModifier::None, kB1.name.text()},
      // Fewer than so many backups: all are wanted. WAL-G deletes what is before the bound.
      {9, {.name = kB.name.text()}, DeleteModifier::None, "nothing"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} {} {}", c.count, c.after.name, c.expected));
    const DeleteRequest request{.verb = DeleteVerb::Retain,
                                .modifier = c.modifier,
                                .retain_count = c.count,
                                .after = c.after};
    EXPECT_EQ(chosen(choose_target(kAll, request)), c.expected);
  }
}

TEST(DeleteTargetTest, OrdersByTimelineFirstUnlessToldOtherwise) {
  // After an upgrade the newest backup is on a lower timeline.
  std::vector<KnownBackup> backups = {backup(5, 10, 1), backup(1, 20, 2)};
  DeleteRequest request{.verb = DeleteVerb::Retain, .retain_count = 1};
  EXPECT_EQ(chosen(choose_target(backups, request)), backups[0].name.text());
  request.uses_sentinel_time = true;
  EXPECT_EQ(chosen(choose_target(backups, request)), backups[1].name.text());
}

TEST(DeleteTargetTest, ForeignNamesHaveNoPlaceInTheOrder) {
  std::vector<KnownBackup> backups = kAll;
  backups.push_back({.name = BackupName::parse("by-hand").value(), .modified = hour(9)});
  EXPECT_EQ(chosen(choose_target(backups, {.verb = DeleteVerb::Retain, .retain_count = 1})),
            kC.name.text());
  EXPECT_OK(choose_named_target(backups, {.target_name = "by-hand"}));
}

TEST(DeleteTargetTest, TargetWantsExactlyOne) {
  std::vector<KnownBackup> backups = kAll;
  backups[1].user_data_json = "{\"a\":1}";
  backups[2].user_data_json = backups[3].user_data_json = "2";
  EXPECT_EQ(choose_named_target(backups, {.target_name = kB.name.text()}).value().name, kB.name);
  EXPECT_EQ(choose_named_target(backups, {.target_name = "LATEST"}).value().name, kC.name);
  EXPECT_EQ(choose_named_target(backups, {.target_user_data = "{\"a\":1}"}).value().name, kA1.name);
  // Not the beginning of a name.
  EXPECT_EQ(tests::outcome(choose_named_target(backups, {.target_name = "base_00000002"})),
            "NotFound");
  EXPECT_EQ(tests::outcome(choose_named_target(backups, {.target_user_data = "3"})), "NotFound");
  EXPECT_EQ(tests::outcome(choose_named_target(backups, {.target_user_data = "2"})),
            "InvalidArgument");
  EXPECT_EQ(tests::outcome(choose_named_target({}, {.target_name = "LATEST"})), "NotFound");
}

}  // namespace
}  // namespace cairn::engine
