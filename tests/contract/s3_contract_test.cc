// SPDX-License-Identifier: Apache-2.0
// The contract, kept by a real S3 server.
#include "object_store/memory/memory_store.h"
#include "tests/contract/object_store_contract.h"
#include "tests/contract/s3_server.h"

namespace cairn::tests {

namespace {

class TestedS3 final : public TestedStore {
 public:
  object_store::ObjectStore& store() override { return sandbox_.store(); }

 private:
  S3Sandbox sandbox_;
};

// Stands in while its test is being skipped: a test that was set up needs some store.
class UntestedStore final : public TestedStore {
 public:
  UntestedStore() { skip(); }
  object_store::ObjectStore& store() override { return store_; }

 private:
  static void skip() { GTEST_SKIP() << kNoS3Server; }

  ManualClock clock_{WallTime{}};
  object_store::MemoryStore store_{clock_};
};

std::unique_ptr<TestedStore> make_tested() {
  if (!s3_server_settings()) return std::make_unique<UntestedStore>();
  return std::make_unique<TestedS3>();
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Remote, ObjectStoreContract,
                         testing::Values(ContractCase{"S3", make_tested}), contract_case_name);

}  // namespace cairn::tests
