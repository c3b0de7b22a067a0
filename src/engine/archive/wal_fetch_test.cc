// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_fetch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "codec/cipher.h"
#include "engine/archive/prefetch_directory.h"
#include "engine/archive/wal_download.h"
#include "engine/archive/wal_prefetch.h"
#include "engine/archive/wal_push.h"
#include "files/disk_directory.h"
#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_store.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wal_sample.h"

namespace cairn::engine {
namespace {

using object_store::ObjectKey;
using object_store::Operation;
using tests::Fault;
using tests::kSampleSystem;
using tests::outcome;
using tests::wal_sample;
using tests::wal_sample_name;

constexpr std::string_view kDestination = "RECOVERYXLOG";

class WalFetchTest : public testing::Test {
 protected:
  WalFetchTest() {
    directory_ = files::open_disk_directory(temporary_.path()).value();
    clock_.skip_waits();
  }

  // Archives `bytes` as wal-push would.
  void archive(const std::string& file, const std::string& bytes,
               codec::Compression compression = codec::Compression::Lz4) {
    const tests::TemporaryDirectory folder;
    tests::write_whole_file(folder.path() + "/" + file, bytes);
    const auto directory = files::open_disk_directory(folder.path()).value();
    const repository::Sealing sealing = {.compression = compression, .cipher = cipher_.get()};
    WalUploader uploader(store_, sealing);
    ASSERT_OK(uploader.upload({.directory = *directory, .file = file}, {}));
  }
  void archive_segments(unsigned first, unsigned last) {
    for (unsigned number = first; number <= last; ++number) {
      const std::string name = wal_sample_name(number);
      archive(name, wal_sample(name, {.seed = number}));
    }
  }
  static std::string sample(unsigned number) {
    return wal_sample(wal_sample_name(number), {.seed = number});
  }

  WalDestination destination() {
    return {.directory = *directory_,
            .name = std::string(kDestination),
            .system_identifier = kSampleSystem,
            .prefetch_root = *directory_};
  }
  Result<WalFetchReport> fetch_from(object_store::ObjectStore& store, const std::string& file) {
    WalFetcher fetcher(store, cipher_.get(), clock_, settings_);
    return fetcher.fetch(file, destination(), {});
  }
  Result<WalFetchReport> fetch(const std::string& file) { return fetch_from(recording_, file); }
  Result<WalFetchReport> fetch(unsigned number) { return fetch(wal_sample_name(number)); }

  Result<WalPrefetchReport> prefetch_from(object_store::ObjectStore& store, unsigned last,
                                          int count) {
    return prefetch_wal(store, cipher_.get(), *directory_, {.timeline = {1}, .number = last},
                        postgres::WalSegmentSize::of(tests::kSampleSegmentBytes).value(),
                        {.count = count}, {});
  }
  Result<WalPrefetchReport> prefetch(unsigned last, int count) {
    return prefetch_from(recording_, last, count);
  }

  bool has_file(const std::string& path) { return directory_->stat(path).ok(); }
  std::string fetched() {
    return tests::read_whole_file(temporary_.path() + "/" + std::string(kDestination));
  }
  // What a failed fetch may leave behind: nothing.
  std::vector<std::string> files_left() {
    std::vector<std::string> names;
    for (const auto& entry : directory_->list("").value()) {
      if (entry.type == files::FileType::Regular) names.push_back(entry.name);
    }
    return names;
  }
  void place_prefetched(const std::string& file, const std::string& bytes) {
    std::filesystem::create_directories(temporary_.path() + "/.wal-g/prefetch/running");
    tests::write_whole_file(temporary_.path() + "/.wal-g/prefetch/" + file, bytes);
  }
  bool is_prefetched(unsigned number) {
    return has_file(".wal-g/prefetch/" + wal_sample_name(number));
  }

  const tests::TemporaryDirectory temporary_;
  std::unique_ptr<files::Directory> directory_;
  ManualClock clock_{WallTime{}};
  object_store::MemoryStore store_{clock_};
  tests::RecordingStore recording_{store_};
  std::unique_ptr<codec::Cipher> cipher_;
  WalFetchSettings settings_;
};

TEST_F(WalFetchTest, BringsEveryKindOfFile) {
  const std::string name = wal_sample_name(1);
  const std::pair<std::string, std::string> files[] = {
      {name, wal_sample(name)},
      {name + ".partial", wal_sample(name, {.seed = 3})},
      {"00000002.history", "1\t0/1000000\tno recovery target specified\n"},
      {name + ".00000028.backup", "START WAL LOCATION: 0/1000028\n"},
  };
  for (const auto& [file, bytes] : files) {
    SCOPED_TRACE(file);
    archive(file, bytes);
    const auto report = fetch(file);
    ASSERT_OK(report);
    EXPECT_EQ(report.value().outcome, WalFetchOutcome::Downloaded);
    EXPECT_EQ(fetched(), bytes);
    EXPECT_EQ(files_left(), std::vector<std::string>{std::string(kDestination)});
  }
}

TEST_F(WalFetchTest, ReadsEncryptedWal) {
  cipher_ = codec::make_sodium_cipher(Secret("a key of at least 25 bytes"), "none").value();
  archive_segments(1, 1);
  ASSERT_OK(fetch(1));
  EXPECT_EQ(fetched(), sample(1));
  cipher_.reset();
  EXPECT_EQ(outcome(fetch(1)), "Corrupt");
}

TEST_F(WalFetchTest, AbsenceIsAnAnswerOnceEveryNameWasAsked) {
  const auto report = fetch(1);
  ASSERT_OK(report);
  EXPECT_EQ(report.value().outcome, WalFetchOutcome::Absent);
  EXPECT_FALSE(report.value().wants_prefetch);
  EXPECT_EQ(files_left(), std::vector<std::string>{});
  EXPECT_GT(recording_.count(Operation::Open), 5);
}

TEST_F(WalFetchTest, AFailureIsNeverAnAbsence) {
  ASSERT_OK(fetch(1));
  for (const tests::RecordedCall& call : recording_.calls()) {
    for (const ErrorCode code : {ErrorCode::Unavailable, ErrorCode::Denied, ErrorCode::Internal}) {
      SCOPED_TRACE(call.key);
      tests::FaultyStore faulty(store_);
      const std::string pattern = std::regex_replace(call.key, std::regex("\\."), "\\.") + "$";
      faulty.add_fault({.operation = Operation::Open, .key_pattern = pattern, .code = code});
      EXPECT_EQ(outcome(fetch_from(faulty, wal_sample_name(1))), error_code_name(code));
      EXPECT_EQ(faulty.faults_left(), 0);
    }
  }
}

TEST_F(WalFetchTest, LeavesNothingOfWhatIsDamaged) {
  const std::string name = wal_sample_name(1);
  const ObjectKey key("wal_005/" + name + ".lz4");
  archive_segments(1, 2);
  const auto whole = store_.open(key, {}, {}).value().info;
  const std::string stored = object_store::get(store_, key, 1 << 30, {}).value();
  const std::string other =
      object_store::get(store_, ObjectKey("wal_005/" + wal_sample_name(2) + ".lz4"), 1 << 30, {})
          .value();
  std::string flipped = stored;
  flipped[flipped.size() / 2] ^= 1;
  struct Case {
    std::string bytes;
    object_store::Metadata metadata;
  };
  const Case cases[] = {
      {stored.substr(0, stored.size() / 2), whole.metadata},
      {stored.substr(0, stored.size() - 1), {}},
      {flipped, {}},
      {"", {}},
      {stored + "x", {}},
      {other, {}},                                         // Another segment under this name.
      {stored, {{"cairn-sha256", std::string(64, '0')}}},  // Not what was archived.
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.bytes.size());
    ASSERT_OK(store_.put(key, c.bytes, c.metadata, {}));
    EXPECT_EQ(outcome(fetch(1)), "Corrupt");
    EXPECT_EQ(files_left(), std::vector<std::string>{});
  }
}

TEST_F(WalFetchTest, LeavesNothingOfABrokenDownload) {
  archive_segments(1, 1);
  tests::FaultyStore faulty(store_);
  faulty.add_fault({.operation = Operation::Open, .kind = Fault::Kind::CutBody, .at = 100'000});
  EXPECT_EQ(outcome(fetch_from(faulty, wal_sample_name(1))), "Unavailable");
  EXPECT_EQ(files_left(), std::vector<std::string>{});
}

TEST_F(WalFetchTest, RefusesWalOfAnotherCluster) {
  const std::string name = wal_sample_name(1);
  archive(name, wal_sample(name, {.system_identifier = 7}));
  EXPECT_EQ(outcome(fetch(1)), "InvalidArgument");
  EXPECT_EQ(files_left(), std::vector<std::string>{});
}

TEST_F(WalFetchTest, RefusesADamagedHistory) {
  ASSERT_OK(store_.put(ObjectKey("wal_005/00000002.history"), "garbage", {}, {}));
  EXPECT_EQ(outcome(fetch("00000002.history")), "Corrupt");
  EXPECT_EQ(outcome(fetch("../../etc/passwd")), "InvalidArgument");
}

TEST_F(WalFetchTest, ReplacesWhatAnEarlierTryLeft) {
  archive_segments(1, 1);
  tests::write_whole_file(temporary_.path() + "/RECOVERYXLOG.cairn-tmp", "killed");
  tests::write_whole_file(temporary_.path() + "/RECOVERYXLOG", "old");
  ASSERT_OK(fetch(1));
  EXPECT_EQ(fetched(), sample(1));
  EXPECT_EQ(files_left(), std::vector<std::string>{std::string(kDestination)});
}

TEST_F(WalFetchTest, RemembersHowTheArchiveIsCompressed) {
  const std::string name = wal_sample_name(1);
  archive(name, wal_sample(name), codec::Compression::Lzma);
  ASSERT_OK(fetch(1));
  EXPECT_GT(recording_.count(Operation::Open), 1);
  recording_.forget();
  ASSERT_OK(fetch(1));
  EXPECT_EQ(recording_.lines(), std::vector<std::string>{"open wal_005/" + name + ".lzma"});
}

TEST_F(WalFetchTest, TakesWhatWasPrefetchedWithoutARequest) {
  archive_segments(1, 4);
  ASSERT_EQ(prefetch(1, 3).value().fetched_count, 3);
  recording_.forget();
  for (unsigned number = 2; number <= 4; ++number) {
    const auto report = fetch(number);
    ASSERT_OK(report);
    EXPECT_EQ(report.value().outcome, WalFetchOutcome::Prefetched);
    EXPECT_EQ(fetched(), sample(number));
    EXPECT_FALSE(is_prefetched(number));
  }
  EXPECT_EQ(recording_.lines(), std::vector<std::string>{});
}

TEST_F(WalFetchTest, TakesFromAPrefetchDirectoryElsewhere) {
  const tests::TemporaryDirectory elsewhere;
  const auto root = files::open_disk_directory(elsewhere.path()).value();
  archive_segments(1, 1);
  std::filesystem::create_directories(elsewhere.path() + "/.wal-g/prefetch");
  const std::string waiting = elsewhere.path() + "/.wal-g/prefetch/" + wal_sample_name(1);
  tests::write_whole_file(waiting, sample(1));
  WalFetcher fetcher(recording_, nullptr, clock_, settings_);
  const WalDestination destination = {
      .directory = *directory_, .name = std::string(kDestination), .prefetch_root = *root};
  EXPECT_EQ(fetcher.fetch(wal_sample_name(1), destination, {}).value().outcome,
            WalFetchOutcome::Prefetched);
  EXPECT_EQ(fetched(), sample(1));
  EXPECT_FALSE(std::filesystem::exists(waiting));
  EXPECT_EQ(files_left(), std::vector<std::string>{std::string(kDestination)});
}

TEST_F(WalFetchTest, DoesNotTrustWhatLiesInThePrefetchDirectory) {
  archive_segments(1, 1);
  const std::string name = wal_sample_name(1);
  for (const std::string& bytes :
       {std::string("garbage"), std::string(tests::kSampleSegmentBytes, '\0'),
        sample(1).substr(0, 5000), wal_sample(name, {.system_identifier = 7})}) {
    place_prefetched(name, bytes);
    const auto report = fetch(1);
    ASSERT_OK(report);
    EXPECT_EQ(report.value().outcome, WalFetchOutcome::Downloaded);
    EXPECT_EQ(fetched(), sample(1));
    EXPECT_FALSE(is_prefetched(1));
  }
}

TEST_F(WalFetchTest, DoesNotWaitForAPrefetcherThatDied) {
  archive_segments(1, 1);
  place_prefetched("running/" + wal_sample_name(1), "killed");
  const SteadyTime before = clock_.steady_now();
  EXPECT_EQ(fetch(1).value().outcome, WalFetchOutcome::Downloaded);
  EXPECT_EQ(clock_.steady_now(), before);
}

TEST_F(WalFetchTest, WaitsOnlySoLongForAPrefetcherThatHangs) {
  archive_segments(1, 1);
  place_prefetched("running/" + wal_sample_name(1), "hanging");
  const auto lock = PrefetchDirectory(*directory_).try_lock().value();
  const SteadyTime before = clock_.steady_now();
  EXPECT_EQ(fetch(1).value().outcome, WalFetchOutcome::Downloaded);
  EXPECT_GE(clock_.steady_now() - before, std::chrono::milliseconds(500));
  EXPECT_LT(clock_.steady_now() - before, std::chrono::milliseconds(600));
}

TEST_F(WalFetchTest, AsksForAPrefetchWhenLittleIsLeft) {
  settings_.prefetch_count = 4;
  archive_segments(1, 10);
  EXPECT_TRUE(fetch(1).value().wants_prefetch);
  ASSERT_OK(prefetch(1, 4));
  EXPECT_FALSE(fetch(2).value().wants_prefetch);  // 3 to 5 are there.
  EXPECT_TRUE(fetch(3).value().wants_prefetch);
  {
    const auto lock = PrefetchDirectory(*directory_).try_lock().value();
    EXPECT_FALSE(fetch(4).value().wants_prefetch);  // Somebody is at it.
  }
  settings_.prefetch_count = 0;
  EXPECT_FALSE(fetch(5).value().wants_prefetch);
}

TEST_F(WalFetchTest, PrefetchEndsWithTheWal) {
  archive_segments(1, 3);
  const auto report = prefetch(1, 10);
  ASSERT_OK(report);
  EXPECT_EQ(report.value().fetched_count, 2);
  EXPECT_FALSE(is_prefetched(4));
}

TEST_F(WalFetchTest, PrefetchKeepsItsWindowAndRemovesTheRest) {
  archive_segments(1, 6);
  ASSERT_OK(prefetch(1, 3));
  place_prefetched("running/" + wal_sample_name(9), "killed");
  place_prefetched("000000020000000000000003", "another timeline");
  recording_.forget();
  EXPECT_EQ(prefetch(3, 3).value().fetched_count, 2);  // 4 is there.
  EXPECT_FALSE(is_prefetched(2));
  EXPECT_FALSE(is_prefetched(3));
  for (unsigned number = 4; number <= 6; ++number) EXPECT_TRUE(is_prefetched(number));
  EXPECT_FALSE(has_file(".wal-g/prefetch/000000020000000000000003"));
  EXPECT_FALSE(has_file(".wal-g/prefetch/running/" + wal_sample_name(9)));
}

TEST_F(WalFetchTest, PrefetchesOnceAtATime) {
  archive_segments(1, 3);
  ASSERT_OK(PrefetchDirectory(*directory_).make());
  const auto lock = PrefetchDirectory(*directory_).try_lock().value();
  ASSERT_TRUE(lock.has_value());
  const auto report = prefetch(1, 3);
  ASSERT_OK(report);
  EXPECT_TRUE(report.value().was_skipped);
  EXPECT_EQ(recording_.lines(), std::vector<std::string>{});
}

TEST_F(WalFetchTest, APrefetchThatFailsKeepsWhatCameBefore) {
  archive_segments(1, 5);
  tests::FaultyStore faulty(store_);
  faulty.add_fault({.operation = Operation::Open, .key_pattern = "0004\\.", .times = 100});
  EXPECT_EQ(outcome(prefetch_from(faulty, 1, 4)), "Unavailable");
  EXPECT_TRUE(is_prefetched(2));
  EXPECT_TRUE(is_prefetched(3));
  EXPECT_FALSE(is_prefetched(4));
  EXPECT_FALSE(has_file(".wal-g/prefetch/running/" + wal_sample_name(4)));
}

}  // namespace
}  // namespace cairn::engine
