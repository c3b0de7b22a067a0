// SPDX-License-Identifier: Apache-2.0
// Reads a configuration file: one object of names and texts, in JSON (".json") or YAML.
//
// Pure: the caller reads the file. Names are taken in upper case, as WAL-G ignores their case.
// Numbers and booleans count as their text. A nested value is an error that names its key.
#pragma once

#include <string_view>

#include "app/settings.h"

namespace cairn::app {

// `path` chooses the format and appears in errors.
Result<SettingValues> parse_config_file(std::string_view path, std::string_view text);

}  // namespace cairn::app
