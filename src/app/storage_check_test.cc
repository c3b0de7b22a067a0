// SPDX-License-Identifier: Apache-2.0
#include "app/storage_check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/forwarding_store.h"

namespace cairn::app {
namespace {

using object_store::ObjectKey;
using object_store::Operation;

constexpr std::chrono::seconds kDeadline{10};

// Overwrites what should be created only once, as servers do that do not know the condition.
class CarelessStore final : public tests::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes,
                         const object_store::Metadata& metadata, std::stop_token stop) override {
    return inner_.put(key, bytes, metadata, std::move(stop));
  }
};

class HangingStore final : public tests::ForwardingStore {
 public:
  HangingStore(object_store::ObjectStore& inner, Clock& clock)
      : ForwardingStore(inner), clock_(clock) {}
  Result<object_store::ListPage> list(const object_store::ListRequest&,
                                      std::stop_token stop) override {
    TRY(clock_.wait_for(std::chrono::hours(1), stop));
    return unavailable("nobody answered");
  }

 private:
  Clock& clock_;
};

class StorageCheckTest : public testing::Test {
 protected:
  Result<bool> check(object_store::ObjectStore& store) {
    return check_storage(store, clock_, random_, kDeadline, out_, {});
  }
  bool has_printed(std::string_view text) const {
    return out_.bytes().find(text) != std::string::npos;
  }

  ManualClock clock_{WallTime{}};
  SeededRandom random_{1};
  object_store::MemoryStore memory_{clock_};
  StringSink out_;
};

TEST_F(StorageCheckTest, PrintsALineForEachStepAndLeavesNothing) {
  const Result<bool> is_good = check(memory_);
  ASSERT_OK(is_good);
  EXPECT_TRUE(is_good.value()) << out_.bytes();
  EXPECT_EQ(std::ranges::count(out_.bytes(), '\n'), 6);
  EXPECT_FALSE(has_printed("FAILED"));
  EXPECT_EQ(memory_.object_count(), 0U);
}

TEST_F(StorageCheckTest, TellsTheCauseOfEachFailure) {
  for (const Operation operation : {Operation::List, Operation::PutIfAbsent, Operation::Open,
                                    Operation::Put, Operation::Remove}) {
    SCOPED_TRACE(operation_name(operation));
    tests::FaultyStore faulty(memory_);
    faulty.add_fault({.operation = operation, .code = ErrorCode::Denied});
    const Result<bool> is_good = check(faulty);
    ASSERT_OK(is_good);
    EXPECT_FALSE(is_good.value());
    EXPECT_TRUE(has_printed("FAILED\n    injected"));
    (void)out_.take();
  }
}

TEST_F(StorageCheckTest, FindsStoresThatOverwrite) {
  CarelessStore careless(memory_);
  EXPECT_FALSE(check(careless).value());
  EXPECT_TRUE(has_printed("If-None-Match is not honoured"));
  EXPECT_EQ(memory_.object_count(), 0U);
}

TEST_F(StorageCheckTest, GivesUpAtItsDeadline) {
  SystemClock system;
  HangingStore hanging(memory_, system);
  clock_.skip_waits();  // The deadline has passed at once.
  const Result<bool> is_good = check(hanging);
  ASSERT_EQ(tests::outcome(is_good), "Unavailable");
  EXPECT_EQ(is_good.error().message(), "the storage did not answer within 10 s");
}

TEST_F(StorageCheckTest, StopsWhenAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(
      tests::outcome(check_storage(memory_, clock_, random_, kDeadline, out_, stop.get_token())),
      "Cancelled");
}

}  // namespace
}  // namespace cairn::app
