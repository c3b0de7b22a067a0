// SPDX-License-Identifier: Apache-2.0
#include "app/signal_watcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <semaphore>

namespace cairn::app {
namespace {

// Each in a process of its own: blocked signals would stay with the tests that follow.
class SignalWatcherDeathTest : public testing::Test {
 protected:
  SignalWatcherDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  static void signal_and_wait(const SignalWatcher& watcher, int number) {
    std::binary_semaphore stopped(0);
    const std::stop_callback on_stop(watcher.stop_token(), [&] { stopped.release(); });
    kill(getpid(), number);
    stopped.acquire();
  }
};

TEST_F(SignalWatcherDeathTest, TheFirstSignalAsksToStop) {
  const auto run = [] {
    block_signals();
    const SignalWatcher watcher;
    if (watcher.signal() != 0 || watcher.stop_token().stop_requested()) _exit(1);
    signal_and_wait(watcher, SIGTERM);
    _exit(watcher.signal() == SIGTERM ? 0 : 2);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

TEST_F(SignalWatcherDeathTest, TheSecondSignalEndsTheProgram) {
  const auto run = [] {
    block_signals();
    const SignalWatcher watcher;
    signal_and_wait(watcher, SIGINT);
    kill(getpid(), SIGTERM);
    pause();
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST_F(SignalWatcherDeathTest, AClosedPipeIsAnErrorAndNoSignal) {
  const auto run = [] {
    block_signals();
    int ends[2];
    if (pipe(ends) != 0) _exit(1);
    close(ends[0]);
    const bool failed = write(ends[1], "x", 1) < 0 && errno == EPIPE;
    _exit(failed ? 0 : 2);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

TEST_F(SignalWatcherDeathTest, GoesWithoutASignal) {
  const auto run = [] {
    block_signals();
    {
      const SignalWatcher watcher;
    }
    _exit(0);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace cairn::app
