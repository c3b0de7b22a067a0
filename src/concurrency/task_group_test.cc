// SPDX-License-Identifier: Apache-2.0
#include "concurrency/task_group.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace cairn {
namespace {

Result<> wait_for_stop(std::stop_token stop) {
  SystemClock clock;
  return clock.wait_for(std::chrono::hours(1), stop);
}

TEST(TaskGroupTest, TheFirstFailureStopsTheOthersAndIsTheAnswer) {
  TaskGroup tasks({});
  tasks.start(wait_for_stop);
  tasks.start([](std::stop_token) -> Result<> { return corrupt("the reason"); });
  tasks.start(wait_for_stop);
  const Result<> joined = tasks.join();
  ASSERT_FALSE(joined.ok());
  EXPECT_EQ(joined.error().message(), "the reason");
}

TEST(TaskGroupTest, StoppingTheParentStopsTheGroup) {
  std::stop_source parent;
  TaskGroup tasks(parent.get_token());
  tasks.start(wait_for_stop);
  parent.request_stop();
  EXPECT_EQ(tasks.join().error().code(), ErrorCode::Cancelled);
}

TEST(TaskGroupTest, AllGoodIsGood) {
  TaskGroup tasks({});
  int value = 0;
  tasks.start([&](std::stop_token) -> Result<> {
    value = 1;
    return {};
  });
  EXPECT_TRUE(tasks.join().ok());
  EXPECT_EQ(value, 1);
}

TEST(TaskGroupTest, DestroyingItStopsAndJoins) {
  const TaskGroup* outlived = nullptr;
  {
    TaskGroup tasks({});
    tasks.start(wait_for_stop);
    outlived = &tasks;
  }
  EXPECT_NE(outlived, nullptr);
}

}  // namespace
}  // namespace cairn
