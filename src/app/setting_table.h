// SPDX-License-Identifier: Apache-2.0
// Every setting this program knows, with what `cairn help settings` says about it.
//
// The one list: warnings about unknown settings, refusals, the help and docs/reference/settings.md
// are made from it. settings.cc gives the values their meaning.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cairn::app {

enum class SettingKind {
  Used,     // has an effect
  Secret,   // has an effect, and its value is never printed
  NoNeed,   // accepted without effect: what it asks for is always so, or means nothing here
  Missing,  // not supported yet: a warning, since leaving it out does no harm
  Refused,  // not supported yet: an error, since going on without it would do harm
};

struct SettingFact {
  std::string_view name;
  SettingKind kind = SettingKind::Used;
  std::string_view default_text = {};  // "" when there is none
  std::string_view line = {};          // one line, for people
  // Also looked up as WALG_<name> and WALE_<name>, as WAL-G does for settings of storages.
  bool is_storage = false;
};

std::span<const SettingFact> setting_table();

// The fact of a setting by its name or, for settings of storages, a prefixed one; nullptr if
// unknown.
const SettingFact* find_setting(std::string_view name);

// The known name most like `name`, if one is alike at all.
std::optional<std::string> nearest_setting(std::string_view name);

// What `cairn help settings` prints, and docs/reference/settings.md.
std::string settings_help();
std::string settings_markdown();

}  // namespace cairn::app
