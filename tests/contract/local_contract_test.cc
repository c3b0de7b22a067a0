// SPDX-License-Identifier: Apache-2.0
// The contract for everything that needs nothing but this machine: memory, a folder, the layers.
#include <chrono>

#include "base/clock.h"
#include "base/random.h"
#include "object_store/filesystem/filesystem_store.h"
#include "object_store/memory/memory_store.h"
#include "tests/contract/object_store_contract.h"
#include "tests/support/temporary_directory.h"

namespace cairn::tests {

using object_store::ObjectStore;

namespace {

const WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 8 / 20}};

class TestedMemory final : public TestedStore {
 public:
  ObjectStore& store() override { return store_; }

 private:
  ManualClock clock_{kStart};
  object_store::MemoryStore store_{clock_};
};

class TestedFilesystem final : public TestedStore {
 public:
  ObjectStore& store() override { return *store_; }

 private:
  TemporaryDirectory directory_;
  SystemClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<ObjectStore> store_ =
      object_store::open_filesystem_store(directory_.path(), clock_, random_).value();
};

template <class Tested>
ContractCase contract_case(std::string name) {
  return {std::move(name), [] { return std::make_unique<Tested>(); }};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Local, ObjectStoreContract,
                         testing::Values(contract_case<TestedMemory>("Memory"),
                                         contract_case<TestedFilesystem>("Filesystem")),
                         contract_case_name);

}  // namespace cairn::tests
