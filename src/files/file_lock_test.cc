// SPDX-License-Identifier: Apache-2.0
#include "files/file_lock.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace cairn::files {
namespace {

TEST(FileLockTest, IsHeldByOneAndFreeAgainWhenItGoes) {
  const tests::TemporaryDirectory directory;
  const std::string path = directory.path() + "/lock";
  std::optional<FileLock> first = FileLock::try_lock(path).value();
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(FileLock::try_lock(path).value().has_value());
  std::optional<FileLock> moved(std::move(first));
  first.reset();
  EXPECT_FALSE(FileLock::try_lock(path).value().has_value());
  moved.reset();
  EXPECT_TRUE(FileLock::try_lock(path).value().has_value());
}

TEST(FileLockTest, NeedsItsDirectory) {
  EXPECT_EQ(FileLock::try_lock("/nonexistent/lock").error().code(), ErrorCode::NotFound);
}

}  // namespace
}  // namespace cairn::files
