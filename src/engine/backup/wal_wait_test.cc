// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/wal_wait.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_store.h"

namespace cairn::engine {
namespace {

using object_store::ObjectKey;

// Calls back at each wait, and skips it.
class WaitingClock final : public Clock {
 public:
  std::function<void(int)> on_wait = {};
  int wait_count() const { return wait_count_; }
  std::chrono::nanoseconds waited() const { return now_ - SteadyTime{}; }

  WallTime now() override { return {}; }
  SteadyTime steady_now() override { return now_; }
  Result<> wait_until(SteadyTime time, std::stop_token stop) override {
    if (stop.stop_requested()) return cancelled("stopped");
    now_ = std::max(now_, time);
    if (on_wait) on_wait(++wait_count_);
    return {};
  }

 private:
  SteadyTime now_{};
  int wait_count_ = 0;
};

constexpr std::uint64_t kSegment = 16 << 20;

class WalWaitTest : public testing::Test {
 protected:
  void archive(const std::string& name) {
    ASSERT_OK(store_.put(ObjectKey("wal_005/" + name), "WAL", {}, {}));
  }
  Result<> wait(std::uint64_t start, std::uint64_t end, std::chrono::seconds deadline,
                std::stop_token stop = {}) {
    return wait_for_wal(recorded_, {.timeline = {1}, .start = {start}, .end = {end}}, deadline,
                        clock_, std::move(stop));
  }

  ManualClock store_clock_{WallTime{}};
  object_store::MemoryStore store_{store_clock_};
  tests::FaultyStore faulty_{store_};
  tests::RecordingStore recorded_{faulty_};
  WaitingClock clock_;
};

TEST_F(WalWaitTest, DoesNotWaitForWhatIsThere) {
  archive("000000010000000000000003.lz4");
  archive("000000010000000000000004.zst");
  EXPECT_OK(wait(3 * kSegment + 40, 4 * kSegment + 100, std::chrono::seconds(0)));
  // The end of a backup may be the end of a segment: nothing of the next one is needed.
  EXPECT_OK(wait(3 * kSegment + 40, 5 * kSegment, std::chrono::seconds(0)));
  EXPECT_EQ(tests::outcome(wait(3 * kSegment + 40, 5 * kSegment + 1, std::chrono::seconds(0))),
            "NotFound");
}

TEST_F(WalWaitTest, WaitsForWhatComesLater) {
  clock_.on_wait = [&](int count) {
    if (count == 2) archive("000000010000000000000004.lz4");  // In the wrong order.
    if (count == 4) archive("000000010000000000000003.lz4");
    if (count == 6) archive("000000010000000000000005.lz4");
  };
  EXPECT_OK(wait(3 * kSegment + 40, 5 * kSegment + 100, std::chrono::seconds(60)));
  EXPECT_EQ(clock_.wait_count(), 6);
}

TEST_F(WalWaitTest, SaysWhatIsMissingAndWhatToLookAt) {
  archive("000000010000000000000003.lz4");
  archive("000000010000000000000005.lz4");
  const auto waited = wait(3 * kSegment + 40, 5 * kSegment + 100, std::chrono::seconds(60));
  ASSERT_EQ(tests::outcome(waited), "NotFound");
  const std::string& text = waited.error().message();
  EXPECT_NE(text.find("000000010000000000000004"), std::string::npos) << text;
  EXPECT_NE(text.find("archive_command"), std::string::npos) << text;
  EXPECT_GE(clock_.waited(), std::chrono::seconds(60));
  EXPECT_LE(clock_.waited(), std::chrono::seconds(66));
}

TEST_F(WalWaitTest, OtherNamesDoNotCount) {
  for (const std::string name :
       {"000000010000000000000003.partial.lz4", "000000010000000000000003.00000028.backup.lz4",
        "000000020000000000000003.lz4", "00000001.history.lz4", "000000010000000000000003.lz5",
        "00000001000000000000000300.lz4", "000000010000000000000002.lz4",
        "000000010000000000000003_delta.lz4"}) {
    archive(name);
  }
  EXPECT_EQ(tests::outcome(wait(3 * kSegment + 40, 3 * kSegment + 100, std::chrono::seconds(0))),
            "NotFound");
  archive("000000010000000000000003");  // Not compressed.
  EXPECT_OK(wait(3 * kSegment + 40, 3 * kSegment + 100, std::chrono::seconds(0)));
}

TEST_F(WalWaitTest, ReadsAllPagesOfALongArchive) {
  for (int i = 0; i < 2500; ++i) {
    archive(fmt::format("00000001000000{:02X}000000{:02X}.lz4", i / 256, i % 256));
  }
  EXPECT_OK(wait(40, std::uint64_t{2400} * kSegment, std::chrono::seconds(0)));
  EXPECT_EQ(recorded_.count(object_store::Operation::List), 3);
}

TEST_F(WalWaitTest, DoesNotListAgainWhatItHasSeen) {
  for (int i = 0; i < 2500; ++i) {
    archive(fmt::format("00000001000000{:02X}000000{:02X}.lz4", i / 256, i % 256));
  }
  clock_.on_wait = [&](int count) {
    if (count == 5)
      archive(fmt::format("00000001000000{:02X}000000{:02X}.lz4", 2500 / 256, 2500 % 256));
  };
  EXPECT_OK(wait(40, std::uint64_t{2501} * kSegment, std::chrono::seconds(60)));
  EXPECT_EQ(recorded_.count(object_store::Operation::List), 3 + 5);
}

TEST_F(WalWaitTest, ErrorsAndStopsEndTheWait) {
  std::stop_source stop;
  clock_.on_wait = [&](int count) {
    if (count == 3) stop.request_stop();
  };
  EXPECT_EQ(tests::outcome(
                wait(3 * kSegment, 3 * kSegment + 100, std::chrono::hours(1), stop.get_token())),
            "Cancelled");
  faulty_.add_fault({.operation = object_store::Operation::List, .code = ErrorCode::Denied});
  EXPECT_EQ(tests::outcome(wait(3 * kSegment, 3 * kSegment + 100, std::chrono::hours(1))),
            "Denied");
}

}  // namespace
}  // namespace cairn::engine
