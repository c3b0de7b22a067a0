// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/retention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "engine/retention/mark.h"
#include "repository/json_go.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_store.h"
#include "tests/support/synthetic_repository.h"
#include "tests/support/walg_repository.h"

namespace cairn::engine {
namespace {

using object_store::MemoryStore;
using object_store::ObjectKey;
using object_store::Operation;
using repository::BackupName;
using repository::JsonValue;
using tests::keys_of;
using tests::SyntheticRepository;

const WallTime kStart = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 8 / 20));

class RetentionTest : public testing::Test {
 protected:
  Result<DeleteOutcome> run(object_store::ObjectStore& target, const DeleteRequest& request,
                            bool is_confirmed = true) {
    lines.clear();
    return run_delete(target, request, settings, is_confirmed, clock,
                      [&](std::string_view line) { lines.emplace_back(line); }, {});
  }
  Result<DeleteOutcome> run_before(const BackupName& name, bool is_confirmed = true) {
    return run(store, {.verb = DeleteVerb::Before, .before = {.name = name.text()}}, is_confirmed);
  }

  ManualClock clock{kStart};
  MemoryStore store{clock};
  SyntheticRepository repo{store, clock};
  RetentionSettings settings;
  std::vector<std::string> lines;
};

TEST_F(RetentionTest, RemovesBackupsAndWalThatAreOld) {
  repo.add_wal(1, 8, 40);
  const BackupName old_full = repo.add_full(1, 10);
  const BackupName old_delta = repo.add_delta(1, 12, old_full);
  const BackupName kept = repo.add_full(1, 20);
  repo.put("wal_005/00000002.history.lz4");
  repo.put("wal_005/0000000100000000000000A.json");
  repo.put("foreign/000000010000000000000001.txt");
  const auto outcome = run_before(kept);
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome.value().object_count, 2U * 6 + 12);
  EXPECT_EQ(outcome.value().failure_count, 0U);
  const std::set<std::string> keys = keys_of(store);
  EXPECT_EQ(keys.size(), 6U + 21 + 3);
  EXPECT_FALSE(keys.contains("wal_005/" + SyntheticRepository::segment(1, 19) + ".lz4"));
  EXPECT_TRUE(keys.contains("wal_005/" + SyntheticRepository::segment(1, 20) + ".lz4"));
  EXPECT_TRUE(tests::incomplete_backups(store).empty());
  EXPECT_EQ(lines.back(), "Objects deleted successfully: count=24");
  EXPECT_NE(old_delta, old_full);
}

TEST_F(RetentionTest, RemovesNothingWithoutConfirmation) {
  repo.add_wal(1, 8, 40);
  repo.add_full(1, 10);
  const BackupName kept = repo.add_full(1, 20);
  const std::set<std::string> before = keys_of(store);
  tests::RecordingStore recorded(store);
  for (const DeleteRequest& request :
       {DeleteRequest{.verb = DeleteVerb::Before, .before = {.name = kept.text()}},
        DeleteRequest{.verb = DeleteVerb::Target, .target_name = kept.text()},
        DeleteRequest{.verb = DeleteVerb::Garbage},
        DeleteRequest{.verb = DeleteVerb::Everything}}) {
    const auto outcome = run(recorded, request, false);
    ASSERT_OK(outcome);
    EXPECT_GT(outcome.value().object_count, 0U);
    EXPECT_EQ(keys_of(store), before);
    const auto marked = std::ranges::count_if(lines, [](const std::string& line) {
      return line.starts_with("Object marked for deletion: ") && line.ends_with(" storage=default");
    });
    EXPECT_EQ(static_cast<std::uint64_t>(marked), outcome.value().object_count);
    EXPECT_EQ(
        lines.back(),
        fmt::format("Dry run: objects would be deleted count={}, Run with --confirm to execute",
                    outcome.value().object_count));
  }
  for (const Operation write :
       {Operation::Put, Operation::Remove, Operation::RemoveBatch, Operation::CollectUnfinished}) {
    EXPECT_EQ(recorded.count(write), 0);
  }
}

TEST_F(RetentionTest, TellsTheSameAsItDoes) {
  const auto build = [](MemoryStore& target, ManualClock& time) {
    SyntheticRepository made(target, time);
    made.add_wal(1, 8, 40);
    const BackupName full = made.add_full(1, 10);
    made.add_delta(1, 12, full);
    made.add_full(1, 20);
  };
  build(store, clock);
  const std::set<std::string> before = keys_of(store);
  const DeleteRequest request{.verb = DeleteVerb::Everything};
  ASSERT_OK(run(store, request, false));
  std::set<std::string> told;
  for (const std::string& line : lines) {
    std::string_view rest = line;
    if (!rest.starts_with("Object marked for deletion: ")) continue;
    rest.remove_prefix(28);
    EXPECT_TRUE(told.emplace(rest.substr(0, rest.find(' '))).second) << line;
  }
  EXPECT_EQ(told, before);
  ASSERT_OK(run(store, request));
  EXPECT_TRUE(keys_of(store).empty());
}

TEST_F(RetentionTest, SentinelsGoFirstAndDeltasBeforeTheirParents) {
  repo.add_wal(1, 10, 20);
  const BackupName full = repo.add_full(1, 10);
  const BackupName delta = repo.add_delta(1, 12, full);
  const BackupName kept = repo.add_full(1, 20);
  tests::RecordingStore recorded(store);
  ASSERT_OK(run(recorded, {.verb = DeleteVerb::Before, .before = {.name = kept.text()}}));
  std::vector<std::string> removed;
  for (const auto& call : recorded.calls()) {
    if (call.operation == Operation::RemoveBatch) removed.push_back(call.key);
  }
  ASSERT_GT(removed.size(), 2U);
  EXPECT_EQ(removed[0], repository::sentinel_key(delta).text());
  EXPECT_EQ(removed[1], repository::sentinel_key(full).text());
  const auto first_wal = std::ranges::find_if(
      removed, [](const std::string& key) { return key.starts_with("wal_005/"); });
  EXPECT_TRUE(std::all_of(first_wal, removed.end(),
                          [](const std::string& key) { return key.starts_with("wal_005/"); }));
}

TEST_F(RetentionTest, HandlesMoreWalThanFitsIntoABatch) {
  repo.add_wal(1, 1, 3500);
  const BackupName kept = repo.add_full(1, 3400);
  tests::RecordingStore recorded(store);
  const auto outcome = run(recorded, {.verb = DeleteVerb::Before, .before = {.name = kept.text()}});
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome.value().object_count, 3399U);
  EXPECT_EQ(keys_of(store).size(), 6U + 101);
}

TEST_F(RetentionTest, ReportsEveryKeyThatCouldNotBeRemoved) {
  repo.add_wal(1, 8, 30);
  repo.add_full(1, 10);
  const BackupName kept = repo.add_full(1, 20);
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = Operation::RemoveBatch,
                    .key_pattern = "wal_005/.*(09|11)\\.lz4",
                    .code = ErrorCode::Denied,
                    .times = 2});
  const DeleteRequest request{.verb = DeleteVerb::Before, .before = {.name = kept.text()}};
  const auto outcome = run(faulty, request);
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome.value().failure_count, 2U);
  EXPECT_EQ(outcome.value().object_count, 6U + 10);
  const std::string message = delete_failure(outcome.value()).message();
  for (const std::uint64_t number : {9U, 17U}) {
    EXPECT_NE(message.find(SyntheticRepository::segment(1, number)), std::string::npos) << message;
  }
  ASSERT_OK(run(faulty, request));
  EXPECT_EQ(keys_of(store).size(), 6U + 11);
}

TEST_F(RetentionTest, ABackupWhoseSentinelStaysIsLeftAlone) {
  repo.add_wal(1, 8, 30);
  const BackupName full = repo.add_full(1, 10);
  const BackupName delta = repo.add_delta(1, 12, full);
  const BackupName kept = repo.add_full(1, 20);
  tests::FaultyStore locked(store);
  locked.add_fault({.operation = Operation::RemoveBatch,
                    .key_pattern = repository::sentinel_key(delta).text(),
                    .code = ErrorCode::Denied});
  const auto outcome = run(locked, {.verb = DeleteVerb::Before, .before = {.name = kept.text()}});
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome.value().failure_count, 1U);
  EXPECT_EQ(outcome.value().failures[0].key, repository::sentinel_key(delta).text());
  EXPECT_EQ(outcome.value().object_count, 0U);
  EXPECT_TRUE(tests::incomplete_backups(store).empty());
  EXPECT_EQ(repository::list_backups(store, {}).value().size(), 3U);
  EXPECT_NE(delete_failure(outcome.value()).message().find(repository::sentinel_key(delta).text()),
            std::string::npos);
}

TEST_F(RetentionTest, OneLockedObjectDoesNotStopTheOthers) {
  repo.add_wal(1, 8, 30);
  const BackupName old_backup = repo.add_full(1, 10);
  const BackupName kept = repo.add_full(1, 20);
  tests::FaultyStore locked(store);
  locked.add_fault(
      {.operation = Operation::RemoveBatch, .key_pattern = "part_001", .code = ErrorCode::Denied});
  const DeleteRequest request{.verb = DeleteVerb::Before, .before = {.name = kept.text()}};
  const auto outcome = run(locked, request);
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome.value().failure_count, 1U);
  // The locked part and the mark that says what it is.
  EXPECT_EQ(keys_of(store).size(), 6U + 11 + 2);
  ASSERT_OK(run(store, request));
  EXPECT_EQ(keys_of(store).size(), 6U + 11);
  EXPECT_NE(old_backup, kept);
}

TEST_F(RetentionTest, DeletesNothingWhenBackupsCameMeanwhile) {
  repo.add_full(1, 10);
  const BackupName kept = repo.add_full(1, 20);
  repo.add_full(1, 5, true);
  const std::set<std::string> before = keys_of(store);
  // Told after the decision was made and before anything is removed.
  const auto say = [&](std::string_view line) {
    if (line.find("it is permanent") != line.npos) repo.add_full(1, 30);
  };
  const DeleteRequest request{.verb = DeleteVerb::Before, .before = {.name = kept.text()}};
  EXPECT_EQ(tests::outcome(run_delete(store, request, settings, true, clock, say, {})), "Conflict");
  EXPECT_EQ(keys_of(store).size(), before.size() + 6);
}

TEST_F(RetentionTest, FailsClosedWhateverFails) {
  repo.add_wal(1, 8, 30);
  const BackupName old_backup = repo.add_full(1, 10);
  const BackupName kept = repo.add_full(1, 20, true);
  repo.add_unfinished("base_000000010000000000000019");
  const std::set<std::string> before = keys_of(store);
  for (const std::string& pattern :
       {repository::sentinel_key(kept).text(), repository::metadata_key(kept).text(),
        repository::sentinel_key(old_backup).text(), repository::metadata_key(old_backup).text(),
        std::string("base_000000010000000000000019/")}) {
    SCOPED_TRACE(pattern);
    tests::FaultyStore faulty(store);
    faulty.add_fault({.operation = Operation::Open, .key_pattern = pattern, .times = 1000});
    faulty.add_fault({.operation = Operation::List, .key_pattern = pattern, .times = 1000});
    EXPECT_FALSE(run(faulty, {.verb = DeleteVerb::Before, .before = {.name = kept.text()}}).ok());
    EXPECT_EQ(keys_of(store), before);
  }
}

TEST_F(RetentionTest, GarbageCollectsFailedBackupsAndUploads) {
  repo.add_wal(1, 8, 30);
  const BackupName kept = repo.add_full(1, 20);
  repo.add_unfinished("base_000000010000000000000019");  // newer than the oldest backup
  ASSERT_OK(store.start_upload(ObjectKey("basebackups_005/x/part"), {.part_bytes = 1}, {}));
  clock.advance(std::chrono::hours(30));
  repo.add_unfinished("base_00000001000000000000001D");
  ASSERT_OK(store.start_upload(ObjectKey("basebackups_005/y/part"), {.part_bytes = 1}, {}));
  const auto outcome = run(store, {.verb = DeleteVerb::Garbage});
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome.value().unfinished_upload_count, 1U);
  EXPECT_EQ(store.unfinished_count(), 1U);
  const std::set<std::string> keys = keys_of(store);
  EXPECT_EQ(keys.size(), 6U + 11 + 2);
  EXPECT_TRUE(tests::incomplete_backups(store).empty());
  EXPECT_NE(kept.text(), "");
}

TEST_F(RetentionTest, EverythingRemovesTheClaimLast) {
  repo.add_full(1, 20);
  repo.add_wal(1, 8, 30);
  repo.put(repository::ownership_key().text());
  repo.put("foreign/thing");
  tests::RecordingStore recorded(store);
  ASSERT_OK(run(recorded, {.verb = DeleteVerb::Everything}));
  EXPECT_TRUE(keys_of(store).empty());
  std::string last;
  for (const auto& call : recorded.calls()) {
    if (call.operation == Operation::RemoveBatch) last = call.key;
  }
  EXPECT_EQ(last, repository::ownership_key().text());
}

TEST_F(RetentionTest, NothingToDoIsNoError) {
  const BackupName kept = repo.add_full(1, 20);
  ASSERT_OK(run_before(kept));
  EXPECT_EQ(lines.back(), "No objects matched the deletion criteria.");
  ASSERT_OK(run(store, {.verb = DeleteVerb::Retain, .retain_count = 5}));
  EXPECT_EQ(lines.back(), "No backup found for deletion");
  EXPECT_EQ(tests::outcome(run(store, {.verb = DeleteVerb::Target, .target_name = "base_x"})),
            "NotFound");
}

// What WAL-G itself did to the same repository.
struct WalgCase {
  std::string mark = {};  // a backup-mark command that ran first
  std::string arguments = {};
  bool is_ok = false;
  std::set<std::string> removed = {};
};

std::vector<WalgCase> walg_cases(const std::string& path) {
  const std::string text = tests::read_text_file(path).value();
  const JsonValue all = JsonValue::parse(text, {}).value();
  std::vector<WalgCase> cases;
  for (const JsonValue& item : all.items()) {
    WalgCase made{.mark = item.find("before")->text(),
                  .arguments = item.find("args")->text(),
                  .is_ok = item.find("confirm_exit")->text() == "0"};
    for (const JsonValue& key : item.find("removed")->items()) made.removed.insert(key.text());
    cases.push_back(std::move(made));
  }
  return cases;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// "delete retain FULL 1 --after X"
Result<DeleteRequest> request_of(const std::string& arguments, WallTime now) {
  std::vector<std::string> words = words_of(arguments);
  DeleteFlags flags;
  std::vector<std::string> rest;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "--after") {
      flags.after = words[++i];
    } else if (words[i] == "--target-user-data") {
      flags.target_user_data = words[++i];
    } else if (words[i] == "--use-sentinel-time") {
      flags.uses_sentinel_time = true;
    } else if (words[i] == "--without-backup-check") {
      flags.skips_backup_check = true;
    } else {
      rest.push_back(words[i]);
    }
  }
  return parse_delete_request(words[1], rest, flags, now);
}

class WalgDeleteTest : public RetentionTest, public testing::WithParamInterface<std::string> {
 protected:
  static constexpr std::string_view kLeftover = "basebackups_005/base_000000010000000000000015/";

  // Where we differ on purpose. Nothing: the run must be refused.
  static std::optional<std::set<std::string>> ours(const WalgCase& c,
                                                   const std::set<std::string>& permanent,
                                                   const std::set<std::string>& all) {
    std::set<std::string> removed = c.removed;
    const bool is_everything = c.arguments.starts_with("delete everything");
    const bool is_target = c.arguments.starts_with("delete target");
    const bool is_garbage = c.arguments.starts_with("delete garbage");
    // Strangers' objects are not ours to judge by their names.
    if (!is_everything)
      std::erase_if(removed, [](const auto& k) { return k.starts_with("fremd/"); });
    for (const std::string& sentinel : permanent) {
      if (is_target && removed.contains(sentinel)) return std::nullopt;
    }
    if (!c.is_ok && !is_garbage) return std::nullopt;
    // Failed backups are garbage whatever their age relative to others; and a delta as the oldest
    // backup is no reason to give up.
    if (is_garbage && c.arguments != "delete garbage ARCHIVES") {
      for (const std::string& key : all) {
        if (key.starts_with(kLeftover)) removed.insert(key);
      }
    }
    if (is_garbage && !c.is_ok) {
      for (const char* segment : {"08", "09", "0B"}) {
        removed.insert("wal_005/0000000100000000000000" + std::string(segment) + ".lz4");
      }
    }
    return removed;
  }
};

TEST_P(WalgDeleteTest, RemovesWhatWalGRemovesButForTheKnownDifferences) {
  const std::string folder = std::string(CAIRN_SOURCE_DIR) + "/tests/fixtures/walg/" +
                             GetParam().substr(0, GetParam().find('/'));
  const std::string tar = std::string(CAIRN_SOURCE_DIR) + "/tests/fixtures/walg/" + GetParam();
  settings.segment_size = postgres::WalSegmentSize::of(1 << 20).value();
  clock.advance(parse_rfc3339("2026-11-25T00:00:00Z").value() - clock.now());
  const std::vector<WalgCase> cases = walg_cases(folder + "/deletes.json");
  ASSERT_GT(cases.size(), 10U);
  for (const WalgCase& c : cases) {
    SCOPED_TRACE(c.mark + " / " + c.arguments);
    MemoryStore fresh(clock);
    ASSERT_OK(tests::load_repository(tar, fresh));
    const auto quiet = [](std::string_view) {};
    if (!c.mark.empty()) {
      const std::vector<std::string> words = words_of(c.mark);
      ASSERT_OK(mark_backup(fresh, words.back(), words[1] != "-i", quiet, {}));
    }
    std::set<std::string> permanent;
    for (const auto& entry : repository::list_backups(fresh, {}).value()) {
      if (repository::find_metadata(fresh, entry.name, {}).value()->is_permanent) {
        permanent.insert(repository::sentinel_key(entry.name).text());
      }
    }
    const std::set<std::string> before = keys_of(fresh);
    const auto expected = ours(c, permanent, before);
    const auto request = request_of(c.arguments, clock.now());
    const bool is_ok = request.ok() && run(fresh, request.value()).ok();
    EXPECT_EQ(is_ok, expected.has_value());
    const std::set<std::string> after = keys_of(fresh);
    std::set<std::string> removed;
    std::ranges::set_difference(before, after, std::inserter(removed, removed.end()));
    EXPECT_EQ(removed, expected.value_or(std::set<std::string>{}));
    EXPECT_TRUE(std::ranges::includes(before, after)) << "something was left behind";
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, WalgDeleteTest,
                         testing::Values("deletion/repo.tar.gz", "delta/repo.tar"),
                         [](const auto& fixture) {
                           return fixture.param.substr(0, fixture.param.find('/'));
                         });

}  // namespace
}  // namespace cairn::engine
