// SPDX-License-Identifier: Apache-2.0
#include "app/config_file.h"

#include <gtest/gtest.h>

namespace cairn::app {
namespace {

TEST(ConfigFileTest, ReadsJsonAndYaml) {
  struct Case {
    std::string_view path;
    std::string_view text;
    SettingValues expected;
  };
  const Case cases[] = {
      {"c.json",
       R"({"walg_file_prefix": "/b", "WALG_UPLOAD_CONCURRENCY": 4, "X": true, "Y": null})",
       {{"WALG_FILE_PREFIX", "/b"}, {"WALG_UPLOAD_CONCURRENCY", "4"}, {"X", "true"}}},
      {"c.json", "{\t\"A\":\t\"tab\"}", {{"A", "tab"}}},
      {"c.yaml",
       "walg_file_prefix: /b\nWALG_UPLOAD_CONCURRENCY: 4\nX: true\nY:\n",
       {{"WALG_FILE_PREFIX", "/b"}, {"WALG_UPLOAD_CONCURRENCY", "4"}, {"X", "true"}}},
      {"c.yml", "A: 'it''s'\nB: \"line\\nbreak\"\n", {{"A", "it's"}, {"B", "line\nbreak"}}},
      {"c.yaml", "", {}},
      {"c.json", "{}", {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(parse_config_file(c.path, c.text).value(), c.expected);
  }
}

TEST(ConfigFileTest, ErrorsNameTheFileAndTheKeyButNoValue) {
  struct Case {
    std::string_view path;
    std::string text;
    std::string_view message;
  };
  const Case cases[] = {
      {"c.json", "{\"A\": hush", "c.json is not valid JSON"},
      {"c.json", "[]", "c.json does not hold a JSON object"},
      {"c.json", R"({"A": {"B": "hush"}})", "c.json: A must be a text, not an object or a list"},
      {"c.yaml", "A: [hush", "c.yaml is not valid YAML: line 1"},
      {"c.yaml", "- hush", "c.yaml does not hold a map of settings"},
      {"c.yaml", "A:\n  B: hush\n", "c.yaml: A must be a text, not a map or a list"},
      {"c.toml", "A = 'hush'", "c.toml: a configuration file ends in .json, .yaml or .yml"},
      {"c.json", std::string((1 << 20) + 1, ' '),
       "c.json has 1048577 bytes; a configuration file has at most 1048576"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const auto values = parse_config_file(c.path, c.text);
    ASSERT_FALSE(values.ok());
    EXPECT_EQ(values.error().code(), ErrorCode::InvalidArgument);
    EXPECT_TRUE(values.error().message().starts_with(c.message)) << values.error().message();
    EXPECT_EQ(values.error().message().find("hush"), std::string::npos);
  }
}

}  // namespace
}  // namespace cairn::app
