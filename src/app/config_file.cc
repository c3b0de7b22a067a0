// SPDX-License-Identifier: Apache-2.0
#include "app/config_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace cairn::app {

namespace {

constexpr std::size_t kConfigBytesMax = 1 << 20;

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

Result<SettingValues> parse_json(std::string_view path, std::string_view text) {
  const auto root = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return invalid_argument("{} is not valid JSON", path);
  if (!root.is_object()) return invalid_argument("{} does not hold a JSON object", path);
  SettingValues values;
  for (const auto& [key, value] : root.items()) {
    if (value.is_structured()) {
      return invalid_argument("{}: {} must be a text, not an object or a list", path, key);
    }
    if (value.is_null()) continue;
    values[upper_case(key)] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return values;
}

Result<SettingValues> parse_yaml(std::string_view path, std::string_view text) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return SettingValues{};
    if (!root.IsMap()) return invalid_argument("{} does not hold a map of settings", path);
    SettingValues values;
    for (const auto& entry : root) {
      const auto key = entry.first.as<std::string>();
      if (entry.second.IsNull()) continue;
      if (!entry.second.IsScalar()) {
        return invalid_argument("{}: {} must be a text, not a map or a list", path, key);
      }
      values[upper_case(key)] = entry.second.Scalar();
    }
    return values;
  } catch (const YAML::Exception& exception) {
    // The exception's own text may quote the file, and the file may hold secrets.
    return invalid_argument("{} is not valid YAML: line {}", path, exception.mark.line + 1);
  }
}

}  // namespace

Result<SettingValues> parse_config_file(std::string_view path, std::string_view text) {
  if (text.size() > kConfigBytesMax) {
    return invalid_argument("{} has {} bytes; a configuration file has at most {}", path,
                            text.size(), kConfigBytesMax);
  }
  if (path.ends_with(".json")) return parse_json(path, text);
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return parse_yaml(path, text);
  return invalid_argument("{}: a configuration file ends in .json, .yaml or .yml", path);
}

}  // namespace cairn::app
