// SPDX-License-Identifier: Apache-2.0
#include "app/setting_table.h"

#include <gtest/gtest.h>

#include <set>

namespace cairn::app {
namespace {

TEST(SettingTableTest, HasEveryNameOnceAndALineForEach) {
  std::set<std::string_view> names;
  for (const SettingFact& fact : setting_table()) {
    SCOPED_TRACE(fact.name);
    EXPECT_TRUE(names.insert(fact.name).second);
    EXPECT_TRUE(fact.line.ends_with('.') || fact.line.ends_with(").")) << fact.line;
  }
}

TEST(SettingTableTest, FindsStorageSettingsUnderTheirPrefixes) {
  struct Case {
    std::string_view name;
    std::string_view found;  // "" for unknown
  };
  const Case cases[] = {
      {"WALG_S3_PREFIX", "S3_PREFIX"},
      {"WALE_S3_PREFIX", "S3_PREFIX"},
      {"S3_PREFIX", "S3_PREFIX"},
      {"WALG_AWS_ENDPOINT", "AWS_ENDPOINT"},
      {"WALG_LOG_LEVEL", "WALG_LOG_LEVEL"},
      {"WALE_LOG_LEVEL", ""},
      {"WALG_PGDATA", ""},  // Not a setting of a storage.
      {"WALG_", ""},
      {"", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const SettingFact* fact = find_setting(c.name);
    EXPECT_EQ(fact == nullptr ? "" : fact->name, c.found);
  }
}

TEST(SettingTableTest, FindsTheNearestName) {
  EXPECT_EQ(nearest_setting("WALG_COMPRESSION_METHODS"), "WALG_COMPRESSION_METHOD");
  EXPECT_EQ(nearest_setting("WALG_AWS_REGOIN"), "AWS_REGION");
  EXPECT_EQ(nearest_setting("COMPLETELY_DIFFERENT"), std::nullopt);
}

TEST(SettingTableTest, TheHelpSaysEverySettingInOnePlace) {
  const std::string help = settings_help();
  const std::string page = settings_markdown();
  for (const SettingFact& fact : setting_table()) {
    EXPECT_NE(help.find(fact.name), std::string::npos) << fact.name;
    EXPECT_NE(page.find(fact.name), std::string::npos) << fact.name;
  }
  EXPECT_NE(help.find("WALG_S3_PREFIX *\n"), std::string::npos);
}

}  // namespace
}  // namespace cairn::app
