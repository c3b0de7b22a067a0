// SPDX-License-Identifier: Apache-2.0
// The layers that only look on or slow down; what they must not change is the contract suite's.
#include <gtest/gtest.h>

#include "object_store/layers/meter_layer.h"
#include "object_store/layers/prefix_layer.h"
#include "object_store/layers/throttle_layer.h"
#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"

namespace cairn::object_store {
namespace {

using tests::FaultyStore;
using tests::outcome;

const std::stop_token kNever;
const ObjectKey kKey("wal_005/segment");

class LayersTest : public testing::Test {
 protected:
  LayersTest() { clock_.skip_waits(); }
  // Seconds that passed on the clock since last asked.
  double seconds() {
    const WallTime now = clock_.now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

  WallTime last_ = parse_rfc3339("2026-08-20T10:00:00Z").value();
  ManualClock clock_{last_};
  MemoryStore memory_{clock_};
};

TEST_F(LayersTest, TheMeterCountsEveryCall) {
  FaultyStore faulty(memory_);
  Meter meter;
  const auto layer = make_meter_layer(faulty, meter);
  EXPECT_EQ(meter.counts().text(), "none");
  ASSERT_OK(layer->put_if_absent(kKey, "12345", {}, kNever));
  EXPECT_EQ(meter.counts().text(), "1 put_if_absent");
  EXPECT_EQ(outcome(layer->put_if_absent(kKey, "12345", {}, kNever)), "AlreadyExists");
  EXPECT_EQ(outcome(layer->head(ObjectKey("none"), kNever)), "NotFound");
  EXPECT_EQ(meter.counts().errors(), 0U) << "answers are not errors";
  EXPECT_EQ(meter.counts().bytes_sent, 5U);

  faulty.add_fault({.operation = Operation::Put});
  EXPECT_FALSE(layer->put(kKey, "1234567", {}, kNever).ok());
  ASSERT_OK(layer->put(kKey, "1234567", {}, kNever));
  EXPECT_EQ(meter.counts().of(Operation::Put).requests, 2U);
  EXPECT_EQ(meter.counts().of(Operation::Put).errors, 1U);
  EXPECT_EQ(meter.counts().bytes_sent, 12U);

  const OpenObject object = layer->open(kKey, {}, kNever).value();
  char three[3];
  ASSERT_OK(object.body->read(three));
  EXPECT_EQ(meter.counts().bytes_received, 3U) << "only what was read";

  const auto upload = layer->start_upload(kKey, {{}, 4}, kNever).value();
  ASSERT_OK(upload->put_part(1, "1234", kNever));
  ASSERT_OK(upload->complete(1, kNever));
  ASSERT_OK(upload->abort(kNever));
  ASSERT_OK(layer->list({}, kNever));
  ASSERT_OK(layer->remove(kKey, kNever));
  ASSERT_OK(layer->remove_batch({}, kNever));
  ASSERT_OK(layer->collect_unfinished("", last_, kNever));
  EXPECT_EQ(meter.counts().text(),
            "2 put, 2 put_if_absent, 1 open, 1 head, 1 list, 1 remove, 1 remove_batch, "
            "1 start_upload, 1 put_part, 1 complete, 1 abort, 1 collect_unfinished");
  EXPECT_EQ(meter.counts().requests(), 14U);
  EXPECT_EQ(meter.counts().bytes_sent, 16U);
}

TEST_F(LayersTest, TheThrottleHoldsBothDirectionsToTheRate) {
  RateLimiter limiter(clock_, 1000);
  const auto layer = make_throttle_layer(memory_, limiter);
  ASSERT_OK(layer->put(kKey, Bytes(10'000, 'x'), {}, kNever));
  EXPECT_NEAR(seconds(), 10, 0.3);
  ASSERT_OK(get(*layer, kKey, 100'000, kNever));
  EXPECT_NEAR(seconds(), 10, 0.3);
  ASSERT_OK(layer->put_if_absent(ObjectKey("b"), Bytes(2'000, 'x'), {}, kNever));
  EXPECT_NEAR(seconds(), 2, 0.3);
  const auto upload = layer->start_upload(ObjectKey("c"), {{}, 5'000}, kNever).value();
  ASSERT_OK(upload->put_part(1, Bytes(5'000, 'x'), kNever));
  ASSERT_OK(upload->complete(1, kNever));
  EXPECT_NEAR(seconds(), 5, 0.3);
  ASSERT_OK(layer->head(kKey, kNever));
  ASSERT_OK(layer->list({}, kNever));
  ASSERT_OK(layer->remove(kKey, kNever));
  EXPECT_EQ(seconds(), 0) << "without a body it is free";

  limiter.set_rate(10'000);
  ASSERT_OK(layer->put(kKey, Bytes(10'000, 'x'), {}, kNever));
  EXPECT_NEAR(seconds(), 1, 0.3);
  limiter.set_rate(0);
  ASSERT_OK(layer->put(kKey, Bytes(10'000, 'x'), {}, kNever));
  EXPECT_EQ(seconds(), 0);
}

TEST_F(LayersTest, AThrottledTransferCanBeStopped) {
  ManualClock still(last_);  // Its waits end only by `stop`.
  RateLimiter limiter(still, 1);
  const auto layer = make_throttle_layer(memory_, limiter);
  ASSERT_OK(memory_.put(kKey, "12345", {}, kNever));
  std::stop_source stop;
  const OpenObject object = layer->open(kKey, {}, stop.get_token()).value();
  stop.request_stop();
  EXPECT_EQ(outcome(read_all(*object.body, 100)), "Cancelled");
  EXPECT_EQ(outcome(layer->put(kKey, "12345", {}, stop.get_token())), "Cancelled");
}

TEST_F(LayersTest, ThePrefixIsInTheStoreAndNotInTheAnswers) {
  const auto layer = make_prefix_layer(memory_, ObjectKey("ns/cluster"));
  ASSERT_OK(layer->put(kKey, "x", {}, kNever));
  EXPECT_OK(memory_.head(ObjectKey("ns/cluster/wal_005/segment"), kNever));
  EXPECT_EQ(layer->head(kKey, kNever).value().key, kKey.text());
  EXPECT_EQ(layer->open(kKey, {}, kNever).value().info.key, kKey.text());
  EXPECT_EQ(list_prefixes(*layer, "", kNever).value(), std::vector<std::string>{"wal_005/"});

  const ObjectKey too_long(std::string(1020, 'x'));
  EXPECT_EQ(outcome(layer->put(too_long, "x", {}, kNever)), "InvalidArgument");
  EXPECT_EQ(outcome(layer->remove_batch({&too_long, 1}, kNever)), "InvalidArgument");

  FaultyStore faulty(memory_);
  faulty.add_fault({.operation = Operation::RemoveBatch, .code = ErrorCode::Denied});
  const auto failing = make_prefix_layer(faulty, ObjectKey("ns/cluster"));
  EXPECT_EQ(failing->remove_batch({&kKey, 1}, kNever).value().at(0).key, kKey.text());
}

}  // namespace
}  // namespace cairn::object_store
