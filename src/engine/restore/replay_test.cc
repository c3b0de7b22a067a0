// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/replay.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/support/expect_ok.h"

namespace cairn::engine {
namespace {

using postgres::RecoveryAction;

// One look at the server: an answer, or nothing for a session or statement that fails.
struct Look {
  std::string in_recovery = "t";
  std::optional<std::string> lsn = {};
  std::optional<std::string> last_commit = {};
  std::string paused = "f";
  bool connects = true;
  bool answers = true;
};

// A server that shows one look after the other, and the last one for ever.
class Script {
 public:
  explicit Script(std::deque<Look> looks) : looks_(std::move(looks)) {}

  Result<postgres::Rows> ask() {
    const Look look = next();
    if (!look.answers) return unavailable("the connection was lost");
    return postgres::Rows{{look.in_recovery, look.lsn, look.last_commit, look.paused}};
  }
  bool lets_in() {
    ++connects;
    if (looks_.front().connects) return true;
    next();
    return false;
  }
  int connects = 0;
  int looked = 0;

 private:
  Look next() {
    ++looked;
    const Look look = looks_.front();
    if (looks_.size() > 1) looks_.pop_front();
    return look;
  }
  std::deque<Look> looks_;
};

class Session final : public postgres::PostgresSession {
 public:
  explicit Session(Script& script) : script_(script) {}
  Result<postgres::Rows> query(const postgres::Statement&, std::stop_token) override {
    return script_.ask();
  }

 private:
  Script& script_;
};

struct Progress final : ProgressSink {
  void phase(std::string_view) override {}
  void total(std::uint64_t bytes) override { whole = bytes; }
  void advance(std::uint64_t bytes) override { done += bytes; }
  std::uint64_t whole = 0;
  std::uint64_t done = 0;
};

struct Outcome {
  Result<ReplayReport> result;
  Progress progress;
};

Outcome follow(Script& script, const ReplaySettings& settings,
               std::function<std::optional<std::string>()> how_ended = {},
               std::stop_token stop = {}) {
  ManualClock clock{WallTime{}};
  clock.skip_waits();
  Progress progress;
  if (!how_ended) how_ended = [] { return std::optional<std::string>(); };
  const ReplayWorld world{
      .connect = [&](std::stop_token) -> Result<std::unique_ptr<postgres::PostgresSession>> {
        if (!script.lets_in()) return unavailable("the database system is starting up");
        return std::unique_ptr<postgres::PostgresSession>(std::make_unique<Session>(script));
      },
      .how_server_ended = how_ended,
      .clock = clock,
      .progress = progress};
  auto result = follow_replay(world, settings, std::move(stop));
  return {std::move(result), progress};
}

TEST(ReplayTest, FollowsUntilThePromotion) {
  Script script({{.connects = false},
                 {.connects = false},
                 {.lsn = std::nullopt},
                 {.lsn = "0/2000100"},
                 {.lsn = "0/3000000", .last_commit = "2026-08-20 10:00:00+00"},
                 {.answers = false},
                 {.in_recovery = "f", .lsn = "0/3000500"}});
  const Outcome outcome = follow(script, {.start = {0x2000000}, .end = postgres::Lsn{0x3000500}});
  ASSERT_OK(outcome.result);
  const ReplayReport& report = outcome.result.value();
  EXPECT_EQ(report.replayed, postgres::Lsn{0x3000500});
  EXPECT_EQ(report.last_commit, "2026-08-20 10:00:00+00");
  EXPECT_FALSE(report.is_paused);
  EXPECT_EQ(outcome.progress.whole, 0x1000500U);
  EXPECT_EQ(outcome.progress.done, 0x1000500U);
  EXPECT_EQ(script.connects, 4);  // Two refused, one lost, one to the end.
}

TEST(ReplayTest, EndsWhereItPauses) {
  Script script({{.lsn = "0/2000100"}, {.lsn = "0/2000200", .paused = "t"}});
  const Outcome outcome = follow(script, {.action = RecoveryAction::Pause});
  ASSERT_OK(outcome.result);
  EXPECT_TRUE(outcome.result.value().is_paused);
  EXPECT_EQ(outcome.result.value().replayed, postgres::Lsn{0x2000200});
}

TEST(ReplayTest, AShutdownIsTheEndOnlyIfItWasAskedFor) {
  struct Case {
    RecoveryAction action;
    std::string words;
    std::string expected;
  };
  const Case cases[] = {
      {RecoveryAction::Shutdown, "", "ok"},
      {RecoveryAction::Shutdown, "FATAL: could not find WAL", "Internal"},
      {RecoveryAction::Promote, "", "Internal"},
      {RecoveryAction::Pause, "FATAL: recovery ended before the target", "Internal"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.words);
    Script script({{.lsn = "0/2000100"}});
    int looks = 0;
    const Outcome outcome = follow(script, {.action = c.action}, [&] {
      return ++looks > 2 ? std::optional<std::string>(c.words) : std::nullopt;
    });
    EXPECT_EQ(tests::outcome(outcome.result), c.expected);
    if (outcome.result.ok()) {
      EXPECT_EQ(outcome.result.value().replayed, postgres::Lsn{0x2000100});
    } else {
      EXPECT_NE(outcome.result.error().message().find(c.words), std::string::npos);
    }
  }
}

TEST(ReplayTest, StandingStillForTooLongIsAnError) {
  Script script({{.lsn = "0/2000100"}});
  const Outcome outcome = follow(script, {.poll_interval = std::chrono::seconds(1),
                                          .stall_deadline = std::chrono::seconds(60)});
  EXPECT_EQ(tests::outcome(outcome.result), "Unavailable");
  EXPECT_NEAR(script.looked, 62, 2);
}

TEST(ReplayTest, SlowProgressIsProgress) {
  std::deque<Look> looks;
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 50; ++j) looks.push_back({.lsn = fmt::format("0/{:X}", 0x2000000 + i)});
  }
  looks.push_back({.in_recovery = "f", .lsn = "0/3000000"});
  Script script(looks);
  const Outcome outcome = follow(script, {.poll_interval = std::chrono::seconds(1),
                                          .stall_deadline = std::chrono::seconds(60)});
  EXPECT_OK(outcome.result);
}

TEST(ReplayTest, CanBeStopped) {
  Script script({{.lsn = "0/2000100"}});
  std::stop_source stop;
  int looks = 0;
  const Outcome outcome = follow(
      script, {},
      [&] {
        if (++looks == 5) stop.request_stop();
        return std::optional<std::string>();
      },
      stop.get_token());
  EXPECT_EQ(tests::outcome(outcome.result), "Cancelled");
}

}  // namespace
}  // namespace cairn::engine
