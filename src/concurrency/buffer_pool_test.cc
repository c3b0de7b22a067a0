// SPDX-License-Identifier: Apache-2.0
#include "concurrency/buffer_pool.h"

#include <gtest/gtest.h>

#include <optional>

namespace cairn {
namespace {

TEST(BufferPoolTest, HandsOutWhatItHasAndTakesItBack) {
  BufferPool pool(2, 100);
  EXPECT_EQ(pool.memory_bytes(), 200U);
  std::optional<Buffer> one = pool.acquire({}).value();
  const Buffer two = pool.acquire({}).value();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(pool.acquire(stop.get_token()).error().code(), ErrorCode::Cancelled);
  one.reset();
  EXPECT_TRUE(pool.acquire({}).ok());
}

TEST(BufferPoolTest, ABufferTakesWhatFits) {
  BufferPool pool(1, 4);
  Buffer buffer = pool.acquire({}).value();
  EXPECT_EQ(buffer.append("abcdef"), 4U);
  EXPECT_TRUE(buffer.is_full());
  EXPECT_EQ(buffer.bytes(), "abcd");
  buffer.resize(1);
  EXPECT_EQ(buffer.bytes(), "a");
}

TEST(BufferPoolTest, AReturnedBufferComesBackEmpty) {
  BufferPool pool(1, 4);
  {
    EXPECT_EQ(pool.acquire({}).value().append("ab"), 2U);
  }
  EXPECT_EQ(pool.acquire({}).value().size(), 0U);
}

TEST(BufferPoolTest, MovingABufferMovesTheLoan) {
  BufferPool pool(2, 4);
  Buffer one = pool.acquire({}).value();
  Buffer two = pool.acquire({}).value();
  EXPECT_EQ(one.append("x"), 1U);
  two = std::move(one);
  EXPECT_EQ(two.bytes(), "x");
}

}  // namespace
}  // namespace cairn
