// SPDX-License-Identifier: Apache-2.0
#include "app/standard_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/expect_ok.h"

namespace cairn::app {
namespace {

TEST(StandardOutputTest, WritesAllOfIt) {
  testing::internal::CaptureStdout();
  StandardOutput out;
  const std::string text(100'000, 'x');
  const Result<> written = out.write(text);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), text);
  EXPECT_OK(written);
}

TEST(StandardOutputTest, NoticesAFullDisk) {
  const int kept = dup(STDOUT_FILENO);
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  dup2(full, STDOUT_FILENO);
  StandardOutput out;
  const Result<> written = out.write("text");
  dup2(kept, STDOUT_FILENO);
  close(kept);
  close(full);
  EXPECT_EQ(tests::outcome(written), "NoSpace");
}

}  // namespace
}  // namespace cairn::app
