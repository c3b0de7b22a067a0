// SPDX-License-Identifier: Apache-2.0
// What a real S3 server answers to what users get wrong, and to what only S3 has.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "concurrency/task_group.h"
#include "object_store/s3/s3_store.h"
#include "tests/contract/contract_support.h"
#include "tests/contract/s3_server.h"

namespace cairn::tests {

using object_store::list_all;
using object_store::ObjectInfo;
using object_store::ObjectKey;
using object_store::ObjectStore;
using object_store::S3Settings;

namespace {

class S3BehaviourTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!s3_server_settings()) GTEST_SKIP() << kNoS3Server;
    settings_ = *s3_server_settings();
  }

  // What every kind of call says to a store made from these settings.
  static std::vector<Error> refusals(const S3Settings& settings) {
    S3Sandbox sandbox(settings);
    ObjectStore& store = sandbox.store();
    std::vector<Error> errors;
    const auto note = [&](const auto& result) {
      errors.push_back(result.ok() ? internal_error("it succeeded") : result.error());
    };
    note(store.put(key("a"), "x", {}, kNever));
    note(store.put_if_absent(key("a"), "x", {}, kNever));
    note(store.open(key("a"), {}, kNever));
    note(store.head(key("a"), kNever));
    note(store.list({}, kNever));
    note(store.remove(key("a"), kNever));
    const ObjectKey keys[] = {key("a")};
    note(store.remove_batch(keys, kNever));
    note(store.start_upload(key("a"), {{}, kMebibyte}, kNever));
    note(store.collect_unfinished("", WallTime::max(), kNever));
    return errors;
  }

  void expect_refused(ErrorCode code, std::initializer_list<std::string> parts) {
    for (const Error& error : refusals(settings_)) {
      EXPECT_EQ(error_code_name(error.code()), error_code_name(code)) << error.message();
      for (const std::string& part : parts) {
        EXPECT_TRUE(error.message().contains(part)) << part << " is not in: " << error.message();
      }
      const std::string secret(s3_server_settings()->secret_access_key.expose());
      EXPECT_FALSE(error.message().contains(secret)) << error.message();
    }
  }

  S3Settings settings_;
};

TEST_F(S3BehaviourTest, AnUnknownAccessKeyIsNamed) {
  settings_.access_key_id = "NOSUCHKEY";
  expect_refused(ErrorCode::Denied, {"InvalidAccessKeyId", "\"NOSUCHKEY\"", "AWS_ACCESS_KEY_ID",
                                     "request id", "s3://" + settings_.bucket});
}

TEST_F(S3BehaviourTest, AWrongSecretIsExplained) {
  settings_.secret_access_key = Secret("wrong");
  expect_refused(ErrorCode::Denied,
                 {"SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY", "request id"});
}

TEST_F(S3BehaviourTest, AMissingBucketIsNoMissingObject) {
  settings_.bucket = "no-such-bucket-here";
  expect_refused(ErrorCode::InvalidArgument,
                 {"NoSuchBucket", "bucket \"no-such-bucket-here\" does not exist", "create it"});
}

TEST_F(S3BehaviourTest, AnAbsentServerIsUnavailable) {
  settings_.endpoint = "http://127.0.0.1:1";
  expect_refused(ErrorCode::Unavailable, {"127.0.0.1:1"});
  settings_.endpoint = "http://no-such-host.invalid";
  expect_refused(ErrorCode::Unavailable, {"no-such-host.invalid"});
}

TEST_F(S3BehaviourTest, AnotherRegionIsAcceptedOrCorrected) {
  settings_.region = "mars-north-1";
  S3Sandbox sandbox(settings_);
  EXPECT_OK(put(sandbox.store(), "a", "x"));
  EXPECT_EQ(bytes_of(sandbox.store(), "a"), "x");
}

TEST_F(S3BehaviourTest, ListsManyKeysPageByPage) {
  constexpr int kCount = 2500;
  S3Sandbox sandbox;
  TaskGroup tasks{kNever};
  for (int part = 0; part < 8; ++part) {
    tasks.start([&, part](std::stop_token stop) -> Result<> {
      for (int i = part; i < kCount; i += 8) {
        TRY(sandbox.store().put(key(fmt::format("k/{:05}", i)), "x", {}, stop));
      }
      return {};
    });
  }
  ASSERT_OK(tasks.join());
  const auto all = list_all(sandbox.store(), {.prefix = "k/"}, kCount + 1, kNever);
  ASSERT_OK(all);
  ASSERT_EQ(all.value().size(), static_cast<std::size_t>(kCount));
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(all.value()[static_cast<std::size_t>(i)].key, fmt::format("k/{:05}", i));
  }
  std::vector<ObjectKey> keys;
  for (const ObjectInfo& object : all.value()) keys.push_back(key(object.key));
  EXPECT_TRUE(sandbox.store().remove_batch(keys, kNever).value().empty());
  EXPECT_EQ(list_text(sandbox.store(), {}), "");
}

TEST_F(S3BehaviourTest, StoresOfOneBucketDoNotSeeEachOther) {
  S3Sandbox one;
  S3Sandbox other;
  ASSERT_OK(put(one.store(), "a", "x"));
  EXPECT_EQ(list_text(other.store(), {}), "");
  EXPECT_EQ(outcome(other.store().head(key("a"), kNever)), "NotFound");
}

TEST_F(S3BehaviourTest, UnfinishedUploadsOfOthersAreLeftAlone) {
  S3Sandbox one;
  S3Sandbox other;
  const auto upload = other.store().start_upload(key("up"), {{}, 5 * kMebibyte}, kNever);
  ASSERT_OK(upload);
  EXPECT_EQ(one.store().collect_unfinished("", WallTime::max(), kNever).value(), 0U);
  EXPECT_OK(upload.value()->put_part(1, "x", kNever));
  EXPECT_OK(upload.value()->complete(1, kNever));
}

// More than one page of them.
TEST_F(S3BehaviourTest, ManyUnfinishedUploadsAreCollected) {
  constexpr std::uint64_t kCount = 1100;
  S3Sandbox sandbox;
  TaskGroup tasks{kNever};
  for (std::uint64_t part = 0; part < 8; ++part) {
    tasks.start([&, part](std::stop_token stop) -> Result<> {
      for (std::uint64_t i = part; i < kCount; i += 8) {
        TRY(sandbox.store().start_upload(key(fmt::format("up {}+", i)), {{}, kMebibyte}, stop));
      }
      return {};
    });
  }
  ASSERT_OK(tasks.join());
  EXPECT_EQ(sandbox.store().collect_unfinished("", WallTime::max(), kNever).value(), kCount);
  EXPECT_EQ(sandbox.store().collect_unfinished("", WallTime::max(), kNever).value(), 0U);
}

TEST_F(S3BehaviourTest, AStorageClassIsKept) {
  settings_.storage_class = "STANDARD";
  S3Sandbox sandbox(settings_);
  EXPECT_OK(put(sandbox.store(), "a", "x"));
  EXPECT_EQ(bytes_of(sandbox.store(), "a"), "x");
}

}  // namespace
}  // namespace cairn::tests
