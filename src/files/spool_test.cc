// SPDX-License-Identifier: Apache-2.0
#include "files/spool.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace cairn::files {
namespace {

Bytes fill_and_read_back(Spool& spool, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += 10) {
    EXPECT_TRUE(spool.write("0123456789").ok());
  }
  EXPECT_TRUE(spool.finish().ok());
  const auto source = spool.read_back();
  EXPECT_TRUE(source.ok());
  return read_all(*source.value(), 1 << 20).value();
}

TEST(SpoolTest, GivesBackWhatItGotFromMemoryAndFromDisk) {
  const tests::TemporaryDirectory directory;
  for (const std::size_t memory_bytes_max : {1'000'000U, 1000U, 10U}) {
    SCOPED_TRACE(memory_bytes_max);
    Spool spool(directory.path(), memory_bytes_max);
    const Bytes bytes = fill_and_read_back(spool, 100'000);
    ASSERT_EQ(bytes.size(), 100'000U);
    EXPECT_EQ(spool.size_bytes(), 100'000U);
    EXPECT_EQ(bytes.substr(99'990), "0123456789");
  }
}

TEST(SpoolTest, SaysWhereItCannotWrite) {
  Spool spool("/does-not-exist", 5);
  const Result<> first = spool.write("0123456789");
  EXPECT_TRUE(first.ok());  // Nothing to spill yet.
  const Result<> second = spool.write("0123456789");
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message().find("/does-not-exist"), std::string::npos);
}

}  // namespace
}  // namespace cairn::files
