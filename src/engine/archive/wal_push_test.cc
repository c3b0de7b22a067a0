// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_push.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "engine/archive/archive_state.h"
#include "engine/archive/send_ahead.h"
#include "engine/archive/wal_upload.h"
#include "files/disk_directory.h"
#include "object_store/memory/memory_store.h"
#include "repository/names.h"
#include "repository/ownership.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/log_capture.h"
#include "tests/support/recording_store.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wal_sample.h"

namespace cairn::engine {
namespace {

using object_store::ObjectKey;
using tests::Fault;
using tests::kSampleSystem;
using tests::outcome;
using tests::wal_sample;
using tests::wal_sample_name;
using Lines = std::vector<std::string>;

class WalPushTest : public testing::Test {
 protected:
  WalPushTest() {
    std::filesystem::create_directories(wal_path_ + "/archive_status");
    directory_ = files::open_disk_directory(wal_path_).value();
    sealing_.compression = codec::Compression::Lz4;
  }

  void write(const std::string& file, const std::string& bytes) {
    tests::write_whole_file(wal_path_ + "/" + file, bytes);
  }
  void write_segment(unsigned number, bool is_ready = false) {
    const std::string name = wal_sample_name(number);
    write(name, wal_sample(name, {.seed = number}));
    if (is_ready) write("archive_status/" + name + ".ready", "");
  }
  bool has_file(const std::string& path) { return directory_->stat(path).ok(); }

  WalSource source(std::optional<std::uint64_t> system = kSampleSystem) {
    return {.directory = *directory_, .is_wal_directory = true, .system_identifier = system};
  }
  Result<WalPushReport> push_into(object_store::ObjectStore& store, const std::string& file) {
    WalPusher pusher(store, sealing_, clock_, settings_);
    return pusher.push(source(), file, {});
  }
  Result<WalPushReport> push(const std::string& file) { return push_into(recording_, file); }
  Result<WalPushReport> push(unsigned number) { return push(wal_sample_name(number)); }

  // The content of what is archived as `key`.
  std::string archived(const std::string& key) {
    auto opened = repository::open_sealed(store_, ObjectKey(key), nullptr, {});
    if (!opened.ok()) return opened.error().message();
    return read_all(*opened.value(), 1 << 30).value();
  }
  static std::string key_of(unsigned number) {
    return "wal_005/" + wal_sample_name(number) + ".lz4";
  }
  bool is_archived(unsigned number) {
    return archived(key_of(number)) == wal_sample(wal_sample_name(number), {.seed = number});
  }
  std::string stored_bytes(const std::string& key) {
    return object_store::get(store_, ObjectKey(key), 1 << 30, {}).value();
  }

  const tests::TemporaryDirectory temporary_;
  const std::string wal_path_ = temporary_.path() + "/pg_wal";
  std::unique_ptr<files::Directory> directory_;
  ManualClock clock_{WallTime{}};
  object_store::MemoryStore store_{clock_};
  tests::RecordingStore recording_{store_};
  repository::Sealing sealing_;
  WalPushSettings settings_{.store_identity = "memory"};
};

TEST_F(WalPushTest, CostsOneRequestAfterTheFirstContact) {
  write_segment(1);
  write_segment(2);
  ASSERT_OK(push(1));
  EXPECT_EQ(repository::find_ownership(store_, {}).value()->system_identifier, kSampleSystem);
  recording_.forget();
  const auto report = push(2);
  ASSERT_OK(report);
  EXPECT_EQ(report.value().outcome, WalPushOutcome::Stored);
  EXPECT_EQ(recording_.lines(), (Lines{"put_if_absent " + key_of(2)}));
  EXPECT_TRUE(is_archived(1));
  EXPECT_TRUE(is_archived(2));
}

TEST_F(WalPushTest, ARepeatIsRecognisedWithoutADownload) {
  write_segment(1);
  ASSERT_OK(push(1));
  recording_.forget();
  const auto again = push(1);
  ASSERT_OK(again);
  EXPECT_EQ(again.value().outcome, WalPushOutcome::AlreadyStored);
  EXPECT_EQ(recording_.lines(), (Lines{"put_if_absent " + key_of(1), "head " + key_of(1)}));
}

TEST_F(WalPushTest, NeverReplacesOtherContent) {
  const std::string name = wal_sample_name(1);
  struct Case {
    std::string file;
    std::string first;
    std::string second;
  };
  const Case cases[] = {
      {name, wal_sample(name, {.seed = 1}), wal_sample(name, {.seed = 2})},
      {name + ".partial", wal_sample(name, {.seed = 1}), wal_sample(name, {.seed = 2})},
      {"00000002.history", "1\t0/1000000\tone\n", "1\t0/2000000\tother\n"},
      {name + ".00000028.backup", "START WAL LOCATION: 0/1\n", "START WAL LOCATION: 0/2\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    write(c.file, c.first);
    ASSERT_OK(push(c.file));
    write(c.file, c.second);
    const auto second = push(c.file);
    ASSERT_EQ(outcome(second), "Conflict");
    EXPECT_NE(second.error().message().find("nothing was overwritten"), std::string::npos);
    EXPECT_EQ(archived("wal_005/" + c.file + ".lz4"), c.first);
    write(c.file, c.first);
    EXPECT_EQ(push(c.file).value().outcome, WalPushOutcome::AlreadyStored);
  }
}

TEST_F(WalPushTest, ComparesByContentWithWhatWalgStored) {
  write_segment(1);
  ASSERT_OK(push(1));
  const std::string by_walg = stored_bytes(key_of(1));
  ASSERT_OK(store_.put(ObjectKey(key_of(1)), by_walg, {}, {}));
  EXPECT_EQ(push(1).value().outcome, WalPushOutcome::AlreadyStored);
  write(wal_sample_name(1), wal_sample(wal_sample_name(1), {.seed = 9}));
  EXPECT_EQ(outcome(push(1)), "Conflict");
  ASSERT_OK(store_.put(ObjectKey(key_of(1)), "garbage", {}, {}));
  EXPECT_EQ(outcome(push(1)), "Corrupt");
}

TEST_F(WalPushTest, RefusesWhatIsNotWhatItsNameSays) {
  const std::string name = wal_sample_name(1);
  struct Case {
    std::string file;
    std::string bytes;
    std::string_view expected;
  };
  const Case cases[] = {
      {name, "", "Corrupt"},
      {name, std::string(tests::kSampleSegmentBytes, '\0'), "Corrupt"},
      {name, wal_sample(name).substr(0, 500'000), "Corrupt"},
      {name, wal_sample(name) + "x", "Corrupt"},
      {name, wal_sample(wal_sample_name(2)), "Corrupt"},
      {name, wal_sample(name, {.system_identifier = 7}), "InvalidArgument"},
      {"00000002.history", "", "Corrupt"},
      {"00000002.history", "garbage", "Corrupt"},
      {"00000002.history", std::string((1 << 20) + 1, '#'), "Corrupt"},
      {name + ".00000028.backup", "", "Corrupt"},
      {"pg_control", "x", "InvalidArgument"},
      {name + ".lz4", wal_sample(name), "InvalidArgument"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file + " " + c.bytes.substr(0, 10));
    write(c.file, c.bytes);
    EXPECT_EQ(outcome(push(c.file)), c.expected);
    EXPECT_EQ(recording_.count(object_store::Operation::Put), 0);
  }
  EXPECT_EQ(outcome(push(wal_sample_name(3))), "NotFound");
  EXPECT_EQ(store_.object_count(), 1U);  // The ownership record.
}

TEST_F(WalPushTest, RefusesTheStorageOfAnotherCluster) {
  ASSERT_OK(repository::claim_ownership(store_, 42, clock_, {}));
  write_segment(1);
  const auto report = push(1);
  ASSERT_EQ(outcome(report), "Denied");
  EXPECT_NE(report.error().message().find("42"), std::string::npos);
  EXPECT_EQ(store_.object_count(), 1U);
}

TEST_F(WalPushTest, ASegmentSpeaksForItselfWithoutAControlFile) {
  ASSERT_OK(repository::claim_ownership(store_, 42, clock_, {}));
  write_segment(1);
  WalPusher pusher(recording_, sealing_, clock_, settings_);
  EXPECT_EQ(outcome(pusher.push(source(std::nullopt), wal_sample_name(1), {})), "Denied");
}

TEST_F(WalPushTest, FilesThatShareASegmentNameDoNotShadowEachOther) {
  const std::string name = wal_sample_name(1);
  write_segment(1);
  write(name + ".partial", wal_sample(name, {.seed = 5}));
  write(name + ".00000028.backup", "START WAL LOCATION: 0/1000028\n");
  for (const std::string& file : {name, name + ".partial", name + ".00000028.backup"}) {
    EXPECT_EQ(push(file).value().outcome, WalPushOutcome::Stored) << file;
  }
  EXPECT_EQ(archived("wal_005/" + name + ".partial.lz4"), wal_sample(name, {.seed = 5}));
}

// Holds the foreground file back until so many others were tried, so that their number is certain.
class HoldingStore final : public tests::ForwardingStore {
 public:
  HoldingStore(object_store::ObjectStore& inner, std::string held, int others)
      : ForwardingStore(inner), held_(std::move(held)), others_(others) {}

  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes,
                         const object_store::Metadata& metadata, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (key.text() == held_) {
      const bool came =
          changed_.wait_for(lock, std::chrono::seconds(60), [&] { return others_ <= 0; });
      EXPECT_TRUE(came);
      return inner_.put_if_absent(key, bytes, metadata, stop);
    }
    lock.unlock();
    Result<> result = inner_.put_if_absent(key, bytes, metadata, stop);
    lock.lock();
    --others_;
    changed_.notify_all();
    return result;
  }

 private:
  const std::string held_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int others_;
};

class SendAheadTest : public WalPushTest {
 protected:
  SendAheadTest() {
    write_segment(0);
    EXPECT_OK(push(0U));  // First contact.
    recording_.forget();
  }
  // Pushes segment 1 while `others` segments after it are tried.
  Result<WalPushReport> push_first(object_store::ObjectStore& store, int others) {
    HoldingStore holding(store, key_of(1), others);
    return push_into(holding, wal_sample_name(1));
  }
};

TEST_F(SendAheadTest, SendsWhatIsReadyAndAnswersForItAtOnce) {
  for (unsigned number = 1; number <= 4; ++number) write_segment(number, true);
  write_segment(5);  // Not ready: PostgreSQL still writes to it.
  write_segment(6, true);
  EXPECT_EQ(push_first(recording_, 3).value().ahead_count, 3);
  EXPECT_EQ(recording_.calls().size(), 4U);
  for (unsigned number = 1; number <= 4; ++number) EXPECT_TRUE(is_archived(number));
  EXPECT_FALSE(is_archived(5));
  EXPECT_FALSE(is_archived(6));

  recording_.forget();
  for (unsigned number = 2; number <= 4; ++number) {
    EXPECT_EQ(push(number).value().outcome, WalPushOutcome::SentAhead);
  }
  EXPECT_EQ(recording_.lines(), Lines{});
  // An answer is given once: what follows is asked of the store.
  EXPECT_EQ(push(2).value().outcome, WalPushOutcome::AlreadyStored);
}

TEST_F(SendAheadTest, RemembersOnlyWhatFitsExactly) {
  for (unsigned number = 1; number <= 2; ++number) write_segment(number, true);
  ASSERT_EQ(push_first(store_, 1).value().ahead_count, 1);
  const std::string marker = "walg_data/walg_archive_status/" + wal_sample_name(2);
  ASSERT_TRUE(has_file(marker));

  settings_.store_identity = "another store";
  EXPECT_EQ(push(2).value().outcome, WalPushOutcome::AlreadyStored);
  settings_.store_identity = "memory";
  sealing_.compression = codec::Compression::Zstd;
  EXPECT_EQ(push(2).value().outcome, WalPushOutcome::AlreadyStored);
  sealing_.compression = codec::Compression::Lz4;
  write(wal_sample_name(2), wal_sample(wal_sample_name(2), {.seed = 99}));
  EXPECT_EQ(outcome(push(2)), "Conflict");
  // WAL-G's own markers are empty files: they say nothing of the content.
  write(marker, "");
  EXPECT_EQ(outcome(push(2)), "Conflict");
}

TEST_F(SendAheadTest, TellsPostgresWhenAskedTo) {
  settings_.renames_ready = true;
  for (unsigned number = 1; number <= 3; ++number) write_segment(number, true);
  EXPECT_EQ(push_first(store_, 2).value().ahead_count, 2);
  EXPECT_TRUE(has_file("archive_status/" + wal_sample_name(1) + ".ready"));
  for (unsigned number = 2; number <= 3; ++number) {
    EXPECT_FALSE(has_file("archive_status/" + wal_sample_name(number) + ".ready"));
    EXPECT_TRUE(has_file("archive_status/" + wal_sample_name(number) + ".done"));
    EXPECT_FALSE(has_file("walg_data/walg_archive_status/" + wal_sample_name(number)));
  }
}

TEST_F(SendAheadTest, KeepsToItsLimits) {
  struct Case {
    int upload_concurrency;
    int ahead_max;
    int expected;
  };
  const Case cases[] = {{8, 2, 2}, {2, 3, 3}, {1, 32, 0}, {8, 0, 0}};
  unsigned number = 1;
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << c.upload_concurrency << " " << c.ahead_max);
    const unsigned first = number;
    for (; number < first + 6; ++number) write_segment(number, true);
    settings_.upload_concurrency = c.upload_concurrency;
    settings_.ahead_max = c.ahead_max;
    HoldingStore holding(store_, key_of(first), c.expected);
    const auto report = push_into(holding, wal_sample_name(first));
    ASSERT_OK(report);
    EXPECT_EQ(report.value().ahead_count, c.expected);
  }
}

TEST_F(SendAheadTest, AFailureAheadIsOnlyLogged) {
  const tests::LogCapture log;
  for (unsigned number = 1; number <= 2; ++number) write_segment(number, true);
  tests::FaultyStore faulty(store_);
  faulty.add_fault(
      {.operation = object_store::Operation::PutIfAbsent, .key_pattern = "0002\\.lz4"});
  const auto report = push_first(faulty, 1);
  ASSERT_OK(report);
  EXPECT_EQ(report.value().ahead_count, 0);
  EXPECT_EQ(log.count(LogLevel::Warning, wal_sample_name(2)), 1);
  EXPECT_TRUE(is_archived(1));
  EXPECT_EQ(push(2).value().outcome, WalPushOutcome::Stored);
}

TEST_F(SendAheadTest, AFailureOfTheFileItselfIsAnErrorWhateverWasSentAhead) {
  for (unsigned number = 1; number <= 2; ++number) write_segment(number, true);
  tests::FaultyStore faulty(store_);
  faulty.add_fault(
      {.operation = object_store::Operation::PutIfAbsent, .key_pattern = "0001\\.lz4"});
  EXPECT_EQ(outcome(push_first(faulty, 1)), "Unavailable");
  EXPECT_EQ(push(1).value().outcome, WalPushOutcome::Stored);
}

TEST_F(WalPushTest, FindsTheSameFileUnderTheSuffixOfAnEarlierSetting) {
  sealing_.compression = codec::Compression::Zstd;
  write_segment(1);
  write_segment(2);
  ASSERT_OK(push(1));
  sealing_.compression = codec::Compression::Lz4;
  EXPECT_EQ(push(1).value().outcome, WalPushOutcome::AlreadyStored);
  EXPECT_FALSE(store_.head(ObjectKey(key_of(1)), {}).ok());
  // From now on the suffix is known, and a file costs one request again.
  recording_.forget();
  ASSERT_OK(push(2));
  EXPECT_EQ(recording_.lines(), (Lines{"put_if_absent " + key_of(2)}));
}

TEST_F(WalPushTest, RefusesOtherContentUnderTheSuffixOfAnEarlierSetting) {
  sealing_.compression = codec::Compression::Zstd;
  write_segment(1);
  ASSERT_OK(push(1));
  sealing_.compression = codec::Compression::Lz4;
  write(wal_sample_name(1), wal_sample(wal_sample_name(1), {.seed = 7}));
  EXPECT_EQ(outcome(push(1)), "Conflict");
}

TEST_F(WalPushTest, LooksFirstWhereTheStoreKnowsNoConditions) {
  const tests::LogCapture log;
  write_segment(1);
  write_segment(2);
  ASSERT_OK(push(1));
  tests::FaultyStore faulty(recording_);
  faulty.add_fault({.operation = object_store::Operation::PutIfAbsent,
                    .key_pattern = "wal_005",
                    .code = ErrorCode::InvalidArgument,
                    .times = 100});
  WalPusher pusher(faulty, sealing_, clock_, settings_);
  EXPECT_EQ(pusher.push(source(), wal_sample_name(1), {}).value().outcome,
            WalPushOutcome::AlreadyStored);
  for (unsigned number = 2; number <= 3; ++number) {
    write_segment(number);
    EXPECT_EQ(pusher.push(source(), wal_sample_name(number), {}).value().outcome,
              WalPushOutcome::Stored);
    EXPECT_TRUE(is_archived(number));
  }
  write(wal_sample_name(2), wal_sample(wal_sample_name(2), {.seed = 77}));
  EXPECT_EQ(outcome(pusher.push(source(), wal_sample_name(2), {})), "Conflict");
  EXPECT_EQ(log.count(LogLevel::Warning, "only if it is absent"), 1);
}

TEST_F(WalPushTest, KeepsNoStateOutsideOfAWalDirectory) {
  for (unsigned number = 1; number <= 2; ++number) write_segment(number, true);
  WalPusher pusher(recording_, sealing_, clock_, settings_);
  WalSource elsewhere = source();
  elsewhere.is_wal_directory = false;
  const auto report = pusher.push(elsewhere, wal_sample_name(1), {});
  ASSERT_OK(report);
  EXPECT_EQ(report.value().ahead_count, 0);
  EXPECT_FALSE(has_file("walg_data"));
}

TEST_F(WalPushTest, StopsWhenAskedTo) {
  write_segment(1);
  std::stop_source stop;
  stop.request_stop();
  WalPusher pusher(store_, sealing_, clock_, settings_);
  EXPECT_EQ(outcome(pusher.push(source(), wal_sample_name(1), stop.get_token())), "Cancelled");
  EXPECT_FALSE(is_archived(1));
}

// Killed at every write, with and without the write taking effect: a success was durable, and a
// repeat succeeds.
TEST_F(WalPushTest, SurvivesDeathAtEveryWrite) {
  constexpr int kWrites = 2;  // Ownership and segment.
  for (int writes = 0; writes <= kWrites; ++writes) {
    for (const bool reply_lost : {false, true}) {
      SCOPED_TRACE(testing::Message()
                   << writes << (reply_lost ? " with" : " without") << " effect");
      object_store::MemoryStore disk(clock_);
      tests::FaultyStore faulty(disk, {.writes = writes, .reply_lost = reply_lost});
      (void)directory_->remove_file("walg_data/cairn_archive");
      write_segment(1);
      EXPECT_EQ(push_into(faulty, wal_sample_name(1)).ok(), writes == kWrites);
      const auto again = push_into(disk, wal_sample_name(1));
      ASSERT_OK(again);
      const bool was_stored = writes == kWrites || (writes == kWrites - 1 && reply_lost);
      EXPECT_EQ(again.value().outcome,
                was_stored ? WalPushOutcome::AlreadyStored : WalPushOutcome::Stored);
      EXPECT_EQ(disk.object_count(), 2U);
    }
  }
}

}  // namespace
}  // namespace cairn::engine
