// SPDX-License-Identifier: Apache-2.0
// A delete that dies after every possible number of writes, with and without the last one taking
// effect: every listed backup stays complete, nothing permanent is lost, and a repetition ends
// where the uninterrupted delete ends.
#include <gtest/gtest.h>

#include "engine/retention/mark.h"
#include "engine/retention/retention.h"
#include "tests/support/faulty_store.h"
#include "tests/support/synthetic_repository.h"

namespace cairn::engine {
namespace {

using object_store::MemoryStore;
using repository::BackupName;
using tests::keys_of;

// Two chains, one with a permanent delta, a failed backup, WAL on two timelines.
struct Sample {
  ManualClock clock{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 8 / 20))};
  MemoryStore store{clock};
  std::optional<BackupName> permanent;

  Sample() {
    tests::SyntheticRepository repo(store, clock);
    repo.add_wal(1, 8, 32);
    repo.add_wal(2, 31, 40);
    repo.put("wal_005/00000002.history.lz4");
    const BackupName a = repo.add_full(1, 10);
    const BackupName a1 = repo.add_delta(1, 12, a);
    repo.add_delta(1, 14, a1);
    const BackupName b = repo.add_full(1, 16);
    permanent = repo.add_delta(1, 18, b, true);
    repo.add_unfinished("base_000000010000000000000013");
    const BackupName c = repo.add_full(1, 24);
    repo.add_delta(1, 26, c);
    repo.add_full(2, 34);
    repo.put(repository::ownership_key().text());
    clock.advance(std::chrono::hours(48));
  }
};

Result<DeleteOutcome> run(object_store::ObjectStore& store, const DeleteRequest& request,
                          Clock& clock) {
  return run_delete(store, request, {.thread_count = 1}, true, clock, [](std::string_view) {}, {});
}

struct CrashCase {
  std::string name;
  DeleteRequest request;
};

class RetentionCrashTest : public testing::TestWithParam<CrashCase> {};

TEST_P(RetentionCrashTest, EveryListedBackupStaysCompleteAndARepetitionFinishes) {
  const DeleteRequest& request = GetParam().request;
  Sample whole;
  tests::FaultyStore counted(whole.store);
  ASSERT_OK(run(counted, request, whole.clock));
  const std::int64_t writes = counted.write_count();
  ASSERT_GT(writes, 3);
  const std::set<std::string> expected = keys_of(whole.store);
  ASSERT_TRUE(tests::incomplete_backups(whole.store).empty());

  for (std::int64_t k = 0; k < writes; ++k) {
    for (const bool reply_lost : {false, true}) {
      SCOPED_TRACE(fmt::format("dies after write {}, reply lost: {}", k, reply_lost));
      Sample sample;
      tests::FaultyStore dying(sample.store,
                               tests::DieAfter{.writes = k, .reply_lost = reply_lost});
      const auto died = run(dying, request, sample.clock);
      ASSERT_TRUE(!died.ok() || died.value().failure_count > 0);
      const std::vector<std::string> problems = tests::incomplete_backups(sample.store);
      ASSERT_TRUE(problems.empty()) << problems.front();
      if (!request.is_forced) {
        ASSERT_OK(repository::load_sentinel(sample.store, *sample.permanent, {}));
      }
      // What is done already must not be asked of the next newest.
      if (request.target_name == "LATEST" && keys_of(sample.store) == expected) continue;
      const auto again = run(sample.store, request, sample.clock);
      // All was done before the reply was lost: what was asked for is gone.
      const bool is_done = !again.ok() && again.error().code() == ErrorCode::NotFound;
      ASSERT_TRUE(is_done || tests::is_ok(again));
      ASSERT_EQ(keys_of(sample.store), expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Verbs, RetentionCrashTest,
    testing::Values(
        CrashCase{
            "Before",
            {.verb = DeleteVerb::Before, .before = {.name = "base_000000020000000000000022"}}},
        CrashCase{
            "Retain",
            {.verb = DeleteVerb::Retain, .modifier = DeleteModifier::Full, .retain_count = 2}},
        CrashCase{"RetainByTime",
                  {.verb = DeleteVerb::Retain,
                   .modifier = DeleteModifier::FindFull,
                   .retain_count = 2,
                   .uses_sentinel_time = true}},
        CrashCase{"TargetFull",
                  {.verb = DeleteVerb::Target, .target_name = "base_00000001000000000000000A"}},
        CrashCase{"TargetChain",
                  {.verb = DeleteVerb::Target,
                   .modifier = DeleteModifier::FindFull,
                   .target_name = "base_00000001000000000000000E_D_00000001000000000000000C"}},
        CrashCase{"TargetLatest", {.verb = DeleteVerb::Target, .target_name = "LATEST"}},
        CrashCase{"Everything", {.verb = DeleteVerb::Everything, .is_forced = true}},
        CrashCase{"Garbage", {.verb = DeleteVerb::Garbage}}),
    [](const auto& crash) { return crash.param.name; });

TEST(MarkCrashTest, APermanentDeltaNeverHasAnImpermanentParent) {
  for (std::int64_t k = 0; k < 3; ++k) {
    for (const bool reply_lost : {false, true}) {
      SCOPED_TRACE(fmt::format("dies after write {}, reply lost: {}", k, reply_lost));
      Sample sample;
      const std::string leaf = "base_00000001000000000000000E_D_00000001000000000000000C";
      tests::FaultyStore dying(sample.store,
                               tests::DieAfter{.writes = k, .reply_lost = reply_lost});
      const auto quiet = [](std::string_view) {};
      ASSERT_FALSE(mark_backup(dying, leaf, true, quiet, {}).ok());
      bool may_be_permanent = true;
      for (const auto& link :
           repository::load_chain(sample.store, BackupName::parse(leaf).value(), {}).value()) {
        const bool is_permanent =
            repository::find_metadata(sample.store, link.name, {}).value()->is_permanent;
        ASSERT_TRUE(may_be_permanent || !is_permanent);
        may_be_permanent = is_permanent;
      }
      ASSERT_OK(mark_backup(sample.store, leaf, true, quiet, {}));
    }
  }
}

}  // namespace
}  // namespace cairn::engine
