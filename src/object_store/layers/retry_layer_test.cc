// SPDX-License-Identifier: Apache-2.0
#include "object_store/layers/retry_layer.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"

namespace cairn::object_store {
namespace {

using tests::Fault;
using tests::FaultyStore;
using tests::outcome;

const std::stop_token kNever;
const ObjectKey kKey("wal_005/segment");

class RetryLayerTest : public testing::Test {
 protected:
  RetryLayerTest() { clock_.skip_waits(); }

  void fail(Operation operation, int times, ErrorCode code = ErrorCode::Unavailable) {
    faulty_.add_fault({.operation = operation, .code = code, .times = times});
  }
  void lose_reply(Operation operation, int times = 1) {
    faulty_.add_fault({.operation = operation, .kind = Fault::Kind::LoseReply, .times = times});
  }
  void cut_body(std::uint64_t at, int times, ErrorCode code = ErrorCode::Unavailable) {
    faulty_.add_fault({.operation = Operation::Open,
                       .kind = Fault::Kind::CutBody,
                       .code = code,
                       .times = times,
                       .at = at});
  }
  std::string read(const ByteRange& range = {}) {
    Result<OpenObject> object = retry_->open(kKey, {.range = range}, kNever);
    if (!object.ok()) return "<" + outcome(object) + ">";
    const Result<Bytes> bytes = read_all(*object.value().body, 1000);
    return bytes.ok() ? bytes.value() : "<" + outcome(bytes) + ">";
  }

  const WallTime start_ = parse_rfc3339("2026-08-20T10:00:00Z").value();
  ManualClock clock_{start_};
  SeededRandom random_{1};
  MemoryStore memory_{clock_};
  FaultyStore faulty_{memory_};
  RetrySettings settings_{};
  std::unique_ptr<ObjectStore> retry_ = make_retry_layer(faulty_, settings_, clock_, random_);
};

TEST_F(RetryLayerTest, WhatIsUnavailableIsTriedAgain) {
  fail(Operation::Put, 14);
  EXPECT_OK(retry_->put(kKey, "x", {}, kNever));
  EXPECT_EQ(faulty_.calls(Operation::Put), 15);
  const auto waited = clock_.now() - start_;
  EXPECT_GT(waited, std::chrono::seconds(60)) << "the waits grow";
  EXPECT_LT(waited, std::chrono::minutes(5)) << "up to 30 s each";
}

TEST_F(RetryLayerTest, ItGivesUpInTheEndAndSaysSo) {
  fail(Operation::Put, 100);
  const Result<> put = retry_->put(kKey, "x", {}, kNever);
  EXPECT_EQ(outcome(put), "Unavailable");
  EXPECT_NE(put.error().message().find("gave up after 15 tries"), std::string::npos)
      << put.error().message();
  EXPECT_EQ(faulty_.calls(Operation::Put), 15);
}

TEST_F(RetryLayerTest, ItGivesUpAtTheDeadline) {
  const auto impatient = make_retry_layer(
      faulty_, {.tries_max = 1000, .deadline = std::chrono::seconds(10)}, clock_, random_);
  fail(Operation::Head, 1000);
  EXPECT_EQ(outcome(impatient->head(kKey, kNever)), "Unavailable");
  EXPECT_LE(clock_.now() - start_, std::chrono::seconds(10));
  EXPECT_LT(faulty_.calls(Operation::Head), 12);
}

TEST_F(RetryLayerTest, OtherErrorsAreFinal) {
  for (const ErrorCode code : {ErrorCode::NotFound, ErrorCode::Denied, ErrorCode::NoSpace,
                               ErrorCode::Corrupt, ErrorCode::Internal}) {
    fail(Operation::Head, 1, code);
    EXPECT_EQ(outcome(retry_->head(kKey, kNever)), error_code_name(code));
  }
  EXPECT_EQ(faulty_.calls(Operation::Head), 5);
}

TEST_F(RetryLayerTest, AStopEndsTheWait) {
  ManualClock still(start_);  // Its waits end only by `stop`.
  const auto retry = make_retry_layer(faulty_, {}, still, random_);
  fail(Operation::Put, 1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(outcome(retry->put(kKey, "x", {}, stop.get_token())), "Cancelled");
}

TEST_F(RetryLayerTest, ALostPutIfAbsentMeetsItself) {
  lose_reply(Operation::PutIfAbsent);
  EXPECT_EQ(outcome(retry_->put_if_absent(kKey, "x", {}, kNever)), "AlreadyExists");
  EXPECT_EQ(get(memory_, kKey, 10, kNever).value(), "x");
}

TEST_F(RetryLayerTest, AReadGoesOnWhereItBroke) {
  ASSERT_OK(memory_.put(kKey, "0123456789", {}, kNever));
  cut_body(3, 3);  // 3 bytes at a time: 012, 345, 678, 9
  EXPECT_EQ(read(), "0123456789");
  EXPECT_EQ(faulty_.calls(Operation::Open), 4);
  cut_body(2, 2);
  EXPECT_EQ(read({.offset = 3, .length = 5}), "34567");
  cut_body(0, 5);  // Nothing comes at all for a while.
  EXPECT_EQ(read({.offset = 9}), "9");
}

TEST_F(RetryLayerTest, AReadThatFailsToReopenTriesAgain) {
  ASSERT_OK(memory_.put(kKey, "0123456789", {}, kNever));
  cut_body(4, 1);
  Result<OpenObject> object = retry_->open(kKey, {}, kNever);
  ASSERT_OK(object);
  fail(Operation::Open, 5);
  EXPECT_EQ(read_all(*object.value().body, 100).value(), "0123456789");
  EXPECT_EQ(faulty_.calls(Operation::Open), 7);
}

TEST_F(RetryLayerTest, AReadThatNeverGoesOnIsGivenUp) {
  ASSERT_OK(memory_.put(kKey, "0123456789", {}, kNever));
  cut_body(0, 1000);
  EXPECT_EQ(read(), "<Unavailable>");
  EXPECT_EQ(faulty_.calls(Operation::Open), 15);
}

TEST_F(RetryLayerTest, TriesCountFromTheLastByteThatCame) {
  ASSERT_OK(memory_.put(kKey, Bytes(500, 'x'), {}, kNever));
  cut_body(10, 100);  // 50 breaks, but always some progress.
  EXPECT_EQ(read(), Bytes(500, 'x'));
}

TEST_F(RetryLayerTest, AReadNeverMixesTwoVersions) {
  ASSERT_OK(memory_.put(kKey, "0123456789", {}, kNever));
  cut_body(4, 1);
  const OpenObject object = retry_->open(kKey, {}, kNever).value();
  ASSERT_OK(memory_.put(kKey, "abcdefghij", {}, kNever));
  EXPECT_EQ(outcome(read_all(*object.body, 100)), "Conflict");
  cut_body(4, 1);
  const OpenObject other = retry_->open(kKey, {}, kNever).value();
  ASSERT_OK(memory_.remove(kKey, kNever));
  EXPECT_EQ(outcome(read_all(*other.body, 100)), "NotFound");
}

TEST_F(RetryLayerTest, OtherErrorsOfABodyAreFinal) {
  ASSERT_OK(memory_.put(kKey, "0123456789", {}, kNever));
  cut_body(4, 1, ErrorCode::Corrupt);
  EXPECT_EQ(read(), "<Corrupt>");
  EXPECT_EQ(faulty_.calls(Operation::Open), 1);
}

TEST_F(RetryLayerTest, EveryOtherCallIsTriedAgain) {
  fail(Operation::Head, 1);
  fail(Operation::List, 1);
  fail(Operation::Remove, 1);
  fail(Operation::CollectUnfinished, 1);
  fail(Operation::StartUpload, 1);
  fail(Operation::PutPart, 2);
  fail(Operation::Complete, 1);
  fail(Operation::Abort, 1);
  const auto upload = retry_->start_upload(kKey, {{}, 10}, kNever);
  ASSERT_OK(upload);
  EXPECT_OK(upload.value()->put_part(1, "x", kNever));
  EXPECT_OK(upload.value()->complete(1, kNever));
  EXPECT_OK(upload.value()->abort(kNever));
  EXPECT_OK(retry_->head(kKey, kNever));
  EXPECT_OK(retry_->list({}, kNever));
  EXPECT_OK(retry_->remove(kKey, kNever));
  EXPECT_OK(retry_->collect_unfinished("", start_, kNever));
  EXPECT_EQ(faulty_.faults_left(), 0);
}

TEST_F(RetryLayerTest, ACompleteWhoseReplyWasLostIsComplete) {
  lose_reply(Operation::Complete);
  const auto upload = retry_->start_upload(kKey, {{}, 4}, kNever).value();
  ASSERT_OK(upload->put_part(1, "head", kNever));
  ASSERT_OK(upload->put_part(2, "tl", kNever));
  EXPECT_OK(upload->complete(2, kNever));
  EXPECT_EQ(get(memory_, kKey, 100, kNever).value(), "headtl");
}

TEST_F(RetryLayerTest, AnUploadThatIsGoneIsNotComplete) {
  struct Case {
    std::string_view name;
    std::string_view existing;  // "" is none
    std::chrono::hours age;
  };
  const Case cases[] = {
      {"nothing is there", "", {}},
      {"what is there has another size", "other size", {}},
      {"what is there is older", "head", std::chrono::hours(1)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_OK(memory_.remove(kKey, kNever));
    const auto upload = retry_->start_upload(kKey, {{}, 4}, kNever).value();
    ASSERT_OK(upload->put_part(1, "head", kNever));
    if (!c.existing.empty()) {
      ASSERT_OK(memory_.put(kKey, c.existing, {}, kNever));
      memory_.set_modified(kKey, clock_.now() - c.age);
    }
    // The first try does not get through; before the second, somebody collects the upload.
    EXPECT_EQ(memory_.collect_unfinished("", WallTime::max(), kNever).value(), 1U);
    fail(Operation::Complete, 1);
    EXPECT_EQ(outcome(upload->complete(1, kNever)), "NotFound");
  }
}

TEST_F(RetryLayerTest, AnUploadGoneAtTheFirstTryIsNotSearchedFor) {
  const auto upload = retry_->start_upload(kKey, {{}, 4}, kNever).value();
  ASSERT_OK(upload->put_part(1, "head", kNever));
  ASSERT_OK(memory_.put(kKey, "head", {}, kNever));
  ASSERT_OK(memory_.collect_unfinished("", WallTime::max(), kNever));
  EXPECT_EQ(outcome(upload->complete(1, kNever)), "NotFound");
  EXPECT_EQ(faulty_.calls(Operation::Head), 0);
}

TEST_F(RetryLayerTest, OfABatchOnlyWhatFailedIsRemovedAgain) {
  std::vector<ObjectKey> keys;
  for (const char* name : {"a", "b", "c"}) {
    keys.emplace_back(name);
    ASSERT_OK(memory_.put(keys.back(), "x", {}, kNever));
  }
  faulty_.add_fault({.operation = Operation::RemoveBatch, .key_pattern = "b", .times = 2});
  faulty_.add_fault({.operation = Operation::RemoveBatch,
                     .key_pattern = "c",
                     .code = ErrorCode::Denied,
                     .times = 1});
  const auto failures = retry_->remove_batch(keys, kNever);
  ASSERT_OK(failures);
  ASSERT_EQ(failures.value().size(), 1U);
  EXPECT_EQ(failures.value()[0].key, "c");
  EXPECT_EQ(failures.value()[0].error.code(), ErrorCode::Denied);
  EXPECT_EQ(faulty_.calls(Operation::RemoveBatch), 5) << "a b c, b, b";
  EXPECT_EQ(memory_.object_count(), 1U);
}

TEST_F(RetryLayerTest, WhatABatchCannotRemoveInTheEndIsTold) {
  const std::vector<ObjectKey> keys = {ObjectKey("a"), ObjectKey("b")};
  faulty_.add_fault({.operation = Operation::RemoveBatch, .key_pattern = "b", .times = 100});
  const auto failures = retry_->remove_batch(keys, kNever);
  ASSERT_OK(failures);
  ASSERT_EQ(failures.value().size(), 1U);
  EXPECT_EQ(failures.value()[0].key, "b");
  EXPECT_EQ(failures.value()[0].error.code(), ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cairn::object_store
