// SPDX-License-Identifier: Apache-2.0
// What every ObjectStore promises, as tests. Each implementation and each layer passes the same
// suite, filtered by its Capabilities.
//
// To put a store to the test, link *_contract.cc and, in another file of the program:
//
//   INSTANTIATE_TEST_SUITE_P(Mine, ObjectStoreContract,
//                            testing::Values(ContractCase{"mine", [] { return make_mine(); }}),
//                            contract_case_name);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "object_store/object_store.h"

namespace cairn::tests {

// A store with all it stands on, made new and empty for one test.
class TestedStore {
 public:
  virtual ~TestedStore() = default;
  virtual object_store::ObjectStore& store() = 0;
};

struct ContractCase {
  std::string name;  // letters and digits
  std::function<std::unique_ptr<TestedStore>()> make;
};

// For GoogleTest's messages.
inline void PrintTo(const ContractCase& contract_case, std::ostream* out) {
  *out << contract_case.name;
}

std::string contract_case_name(const testing::TestParamInfo<ContractCase>& info);

class ObjectStoreContract : public testing::TestWithParam<ContractCase> {
 protected:
  void SetUp() override;

  std::unique_ptr<TestedStore> tested_;
  object_store::ObjectStore* store_ = nullptr;  // of tested_
};

}  // namespace cairn::tests
