// SPDX-License-Identifier: Apache-2.0
#include "repository/ownership.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "repository/names.h"
#include "repository/sentinel.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_store.h"

namespace cairn::repository {
namespace {

using object_store::MemoryStore;
using object_store::Operation;

constexpr std::uint64_t kOurs = 7710900357309345060;
constexpr std::uint64_t kTheirs = 18446744073709551615U;

class OwnershipTest : public testing::Test {
 protected:
  void put_backup(std::string_view segment, std::optional<std::uint64_t> system_identifier) {
    Sentinel sentinel;
    sentinel.system_identifier = system_identifier;
    ASSERT_OK(
        store.put(sentinel_key(BackupName::full(segment)), encode_sentinel(sentinel), {}, {}));
    clock.advance(std::chrono::seconds(1));
  }
  Result<> claim(std::uint64_t system_identifier) {
    return claim_ownership(store, system_identifier, clock, {});
  }
  ManualClock clock{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 8 / 20))};
  MemoryStore store{clock};
};

TEST_F(OwnershipTest, TheFirstClaimWinsAndIsRepeatable) {
  ASSERT_OK(claim(kOurs));
  EXPECT_OK(claim(kOurs));
  const auto refused = claim(kTheirs);
  ASSERT_EQ(tests::outcome(refused), "Denied");
  // Both systems and the way out.
  EXPECT_NE(refused.error().message().find("7710900357309345060"), std::string::npos);
  EXPECT_NE(refused.error().message().find("18446744073709551615"), std::string::npos);
  EXPECT_NE(refused.error().message().find("Use another prefix"), std::string::npos);
  const auto record = find_ownership(store, {}).value();
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->system_identifier, kOurs);
}

TEST_F(OwnershipTest, ARepositoryOfWalGBelongsToItsNewestBackup) {
  put_backup("000000010000000000000001", kTheirs);
  put_backup("000000010000000000000002", kOurs);
  put_backup("000000010000000000000003", std::nullopt);  // too old to know
  EXPECT_EQ(tests::outcome(claim(kTheirs)), "Denied");
  EXPECT_EQ(find_ownership(store, {}).value(), std::nullopt);
  EXPECT_OK(claim(kOurs));
  EXPECT_TRUE(find_ownership(store, {}).value().has_value());
}

TEST_F(OwnershipTest, CostsOneRequestOnceClaimed) {
  ASSERT_OK(claim(kOurs));
  tests::RecordingStore recorded(store);
  ASSERT_OK(claim_ownership(recorded, kOurs, clock, {}));
  EXPECT_EQ(recorded.lines(), std::vector<std::string>{"open cairn/ownership.json"});
}

TEST_F(OwnershipTest, SurvivesALostReplyAndALostRace) {
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = Operation::PutIfAbsent,
                    .kind = tests::Fault::Kind::LoseReply,
                    .code = ErrorCode::AlreadyExists});
  EXPECT_OK(claim_ownership(faulty, kOurs, clock, {}));
  EXPECT_EQ(tests::outcome(claim_ownership(faulty, kTheirs, clock, {})), "Denied");
  EXPECT_EQ(faulty.faults_left(), 0);
}

TEST_F(OwnershipTest, GivesUpWhenTheRecordComesAndGoes) {
  tests::FaultyStore faulty(store);
  faulty.add_fault(
      {.operation = Operation::PutIfAbsent, .code = ErrorCode::AlreadyExists, .times = 100});
  EXPECT_EQ(tests::outcome(claim_ownership(faulty, kOurs, clock, {})), "Unavailable");
}

TEST_F(OwnershipTest, FailsClosed) {
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = Operation::Open});
  EXPECT_EQ(tests::outcome(claim_ownership(faulty, kOurs, clock, {})), "Unavailable");
  faulty.add_fault({.operation = Operation::List});
  EXPECT_EQ(tests::outcome(claim_ownership(faulty, kOurs, clock, {})), "Unavailable");
  EXPECT_EQ(store.object_count(), 0U);
}

TEST_F(OwnershipTest, RefusesADamagedRecord) {
  struct Case {
    std::string_view json;
    std::string_view outcome;
  };
  const Case cases[] = {{"", "Corrupt"},
                        {"{", "Corrupt"},
                        {R"({"version":1})", "Corrupt"},
                        {R"({"version":1,"system_identifier":7})", "Corrupt"},
                        {R"({"version":1,"system_identifier":"7x"})", "Corrupt"},
                        {R"({"version":1,"system_identifier":"-7"})", "Corrupt"},
                        {R"({"version":2,"system_identifier":"7"})", "InvalidArgument"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.json);
    EXPECT_EQ(tests::outcome(parse_ownership(c.json)), c.outcome);
    ASSERT_OK(store.put(ownership_key(), c.json, {}, {}));
    EXPECT_EQ(tests::outcome(claim(7)), c.outcome);
  }
}

TEST_F(OwnershipTest, TheRecordIsText) {
  const Ownership ownership{.system_identifier = kOurs, .created = clock.now()};
  const std::string json = encode_ownership(ownership);
  EXPECT_EQ(json, R"({"version":1,"system_identifier":"7710900357309345060",)"
                  R"("created_time":"2026-08-20T00:00:00Z"})");
  EXPECT_EQ(parse_ownership(json).value(), ownership);
}

TEST(OwnershipMarkerTest, ChangesWithTheStoreAndTheSystem) {
  EXPECT_EQ(ownership_marker("s3://b/p", 7), ownership_marker("s3://b/p", 7));
  EXPECT_NE(ownership_marker("s3://b/p", 7), ownership_marker("s3://b/q", 7));
  EXPECT_NE(ownership_marker("s3://b/p", 7), ownership_marker("s3://b/p", 8));
}

}  // namespace
}  // namespace cairn::repository
