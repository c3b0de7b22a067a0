// SPDX-License-Identifier: Apache-2.0
#include "concurrency/channel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "concurrency/task_group.h"

namespace cairn {
namespace {

TEST(ChannelTest, KeepsTheOrderAndEndsWhenClosed) {
  Channel<std::unique_ptr<int>> channel(2);
  ASSERT_TRUE(channel.send(std::make_unique<int>(1), {}).ok());
  ASSERT_TRUE(channel.send(std::make_unique<int>(2), {}).ok());
  channel.close();
  EXPECT_EQ(**channel.receive({}).value(), 1);
  EXPECT_EQ(**channel.receive({}).value(), 2);
  EXPECT_FALSE(channel.receive({}).value().has_value());
}

TEST(ChannelTest, BeingStoppedNeverLooksLikeTheEnd) {
  Channel<int> channel(1);
  std::stop_source stop;
  stop.request_stop();
  channel.close();
  const Result<std::optional<int>> received = channel.receive(stop.get_token());
  ASSERT_FALSE(received.ok());
  EXPECT_EQ(received.error().code(), ErrorCode::Cancelled);
}

TEST(ChannelTest, AFullChannelMakesTheSenderWaitUntilStopped) {
  Channel<int> channel(1);
  ASSERT_TRUE(channel.send(1, {}).ok());
  TaskGroup tasks({});
  tasks.start([&](std::stop_token stop) { return channel.send(2, stop); });
  tasks.request_stop();
  EXPECT_EQ(tasks.join().error().code(), ErrorCode::Cancelled);
}

TEST(ChannelTest, ManySendersAndReceiversLoseNothing) {
  constexpr int kEach = 1000;
  Channel<int> channel(3);
  std::atomic<long> sum = 0;
  std::atomic<int> senders = 4;
  TaskGroup tasks({});
  for (int i = 0; i < 4; ++i) {
    tasks.start([&](std::stop_token stop) -> Result<> {
      for (int n = 1; n <= kEach; ++n) TRY(channel.send(n, stop));
      if (--senders == 0) channel.close();
      return {};
    });
    tasks.start([&](std::stop_token stop) -> Result<> {
      while (std::optional<int> n = TRY(channel.receive(stop))) sum += *n;
      return {};
    });
  }
  ASSERT_TRUE(tasks.join().ok());
  EXPECT_EQ(sum, 4L * kEach * (kEach + 1) / 2);
}

}  // namespace
}  // namespace cairn
