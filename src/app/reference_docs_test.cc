// SPDX-License-Identifier: Apache-2.0
// The pages of docs/reference that the program makes are those of the program.
#include <gtest/gtest.h>

#include "app/cli.h"
#include "app/setting_table.h"
#include "tests/support/sample_cluster.h"

namespace cairn::app {
namespace {

std::string page(const std::string& name) {
  return tests::read_whole_file(std::string(CAIRN_SOURCE_DIR) + "/docs/reference/" + name);
}

TEST(ReferenceDocsTest, SettingsAreUpToDate) {
  EXPECT_TRUE(page("settings.md") == settings_markdown())
      << "run: cairn docs settings > docs/reference/settings.md";
}

TEST(ReferenceDocsTest, TheCommandLineIsUpToDate) {
  EXPECT_TRUE(page("cli.md") == cli_markdown()) << "run: cairn docs cli > docs/reference/cli.md";
}

}  // namespace
}  // namespace cairn::app
