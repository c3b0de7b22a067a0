// SPDX-License-Identifier: Apache-2.0
#include "app/detached_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/support/sample_cluster.h"
#include "tests/support/temporary_directory.h"

namespace cairn::app {
namespace {

TEST(DetachedProcessTest, KeepsWhatTheProgramPrints) {
  const tests::TemporaryDirectory directory;
  const std::string output = directory.path() + "/output";
  const Result<pid_t> child =
      start_detached_process("/bin/sh", {"sh", "-c", "echo out; echo err >&2; exit 7"}, output);
  ASSERT_TRUE(child.ok());
  int status = 0;
  ASSERT_EQ(waitpid(child.value(), &status, 0), child.value());
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(tests::read_whole_file(output), "out\nerr\n");
}

TEST(DetachedProcessTest, NamesAProgramThatIsNotThere) {
  const Result<pid_t> child = start_detached_process("/does-not-exist", {"x"}, "/dev/null");
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().code(), ErrorCode::NotFound);
}

}  // namespace
}  // namespace cairn::app
