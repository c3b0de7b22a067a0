// SPDX-License-Identifier: Apache-2.0
#include "object_store/operation.h"

#include <gtest/gtest.h>

namespace cairn::object_store {
namespace {

TEST(OperationTest, EveryOperationHasItsName) {
  EXPECT_EQ(operation_name(Operation::Put), "put");
  EXPECT_EQ(operation_name(Operation::CollectUnfinished), "collect_unfinished");
  EXPECT_EQ(static_cast<std::size_t>(Operation::CollectUnfinished) + 1, kOperationCount);
}

}  // namespace
}  // namespace cairn::object_store
