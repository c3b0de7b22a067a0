// SPDX-License-Identifier: Apache-2.0
#include "postgres/recovery_settings.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "postgres/lsn.h"
#include "postgres/number_text.h"

namespace cairn::postgres {
namespace {

// MAXFNAMELEN - 1: the longest name that pg_create_restore_point() takes.
constexpr std::size_t kRestorePointNameBytesMax = 63;
// Below are the ids of bootstrap and frozen rows, which no transaction has.
constexpr std::uint32_t kFirstTransactionId = 3;

constexpr std::array<std::string_view, 5> kTargetSettings = {
    "recovery_target", "recovery_target_lsn", "recovery_target_name", "recovery_target_time",
    "recovery_target_xid"};

struct TargetSetting {
  std::string_view name;  // empty for Latest
  std::string value;
};

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The zone at the end of a time: "Z", "+02", "-0330" or "+05:45". Empty when there is none. A date
// has a minus sign too, so only what follows the time of day counts.
std::string_view zone_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  const auto zone = text.find_first_of("Zz+-", colon);
  return zone == std::string_view::npos ? std::string_view() : text.substr(zone);
}

// "+02", "+0200" and "+02:00" as "+02:00"; nothing for what is no offset.
std::optional<std::string> normal_zone(std::string_view zone) {
  if (zone == "Z" || zone == "z") return "Z";
  std::string digits;
  for (std::size_t i = 1; i < zone.size(); ++i) {
    if (is_digit(zone[i])) {
      digits += zone[i];
    } else if (zone[i] != ':' || i != 3) {
      return {};
    }
  }
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4 || zone.ends_with(':')) return {};
  return fmt::format("{}{}:{}", zone[0], digits.substr(0, 2), digits.substr(2));
}

std::string format_target_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}+00", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<std::string> transaction_target(std::string_view value) {
  const auto id = parse_unsigned(value, 10);
  if (id && static_cast<std::uint32_t>(*id) >= kFirstTransactionId) return std::to_string(*id);
  return invalid_argument("recovery target \"{}\" is not a transaction id such as 4711", value);
}

Result<std::string> name_target(std::string_view value) {
  if (value.empty() || value.size() > kRestorePointNameBytesMax || has_control_characters(value)) {
    return invalid_argument(
        "recovery target \"{}\" is not the name of a restore point: it has 1 to {} bytes and no "
        "control characters",
        value, kRestorePointNameBytesMax);
  }
  return std::string(value);
}

Result<TargetSetting> target_setting(const RecoveryTarget& target) {
  switch (target.kind) {
    case RecoveryTargetKind::Latest:
      return TargetSetting{};
    case RecoveryTargetKind::Immediate:
      return TargetSetting{"recovery_target", "immediate"};
    case RecoveryTargetKind::Time: {
      const WallTime time = TRY(parse_target_time(target.value));
      return TargetSetting{"recovery_target_time", format_target_time(time)};
    }
    case RecoveryTargetKind::TransactionId:
      return TargetSetting{"recovery_target_xid", TRY(transaction_target(target.value))};
    case RecoveryTargetKind::Lsn: {
      const Lsn lsn = TRY(parse_lsn(target.value).context("recovery target"));
      return TargetSetting{"recovery_target_lsn", lsn.text()};
    }
    case RecoveryTargetKind::Name:
      return TargetSetting{"recovery_target_name", TRY(name_target(target.value))};
  }
  std::unreachable();
}

Result<std::string> timeline_setting(std::string_view timeline) {
  if (timeline == "latest" || timeline == "current") return std::string(timeline);
  const auto parsed = parse_timeline(timeline);
  if (!parsed.ok()) {
    return invalid_argument("recovery timeline \"{}\" is neither latest nor current nor a number",
                            timeline);
  }
  // In decimal without leading zeros, which PostgreSQL would take for octal.
  return std::to_string(parsed.value().value);
}

std::string_view action_setting(RecoveryAction action) {
  switch (action) {
    case RecoveryAction::Pause:
      return "pause";
    case RecoveryAction::Promote:
      return "promote";
    case RecoveryAction::Shutdown:
      return "shutdown";
  }
  std::unreachable();
}

std::string setting_line(std::string_view name, std::string_view value) {
  return fmt::format("{} = {}\n", name, quote_setting(value));
}

// Whether a line of a configuration file sets something that recovery_settings() decides.
bool is_recovery_line(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  std::string name;
  for (const char c : line.substr(0, line.find_first_of(" \t=\r"))) {
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name == "restore_command" || name == "recovery_target" ||
         name.starts_with("recovery_target_");
}

}  // namespace

std::string quote_setting(std::string_view value) {
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += c;
    result += c;
  }
  return result + "'";
}

Result<WallTime> parse_target_time(std::string_view text) {
  const std::string_view zone = zone_of(text);
  if (zone.empty()) {
    return invalid_argument(
        "target time \"{}\" has no zone: add Z for UTC or an offset such as +02:00, as in "
        "2026-08-20T10:00:05+02:00",
        text);
  }
  std::string_view local = text.substr(0, text.size() - zone.size());
  while (local.ends_with(' ')) local.remove_suffix(1);
  const auto offset = normal_zone(zone);
  const auto time = parse_rfc3339(std::string(local) + offset.value_or("?"));
  if (!time.ok()) {
    return invalid_argument(
        "target time \"{}\" is not a time such as 2026-08-20T10:00:05+02:00 or 2026-08-20 "
        "08:00:05.25Z",
        text);
  }
  return time.value();
}

Result<std::string> recovery_settings(const RecoveryTarget& target,
                                      std::string_view restore_command) {
  if (restore_command.empty()) {
    return invalid_argument("recovery needs a restore_command to get WAL from the archive");
  }
  if (has_control_characters(restore_command)) {
    return invalid_argument("the restore_command has a newline or another control character in it");
  }
  const TargetSetting setting = TRY(target_setting(target));
  const std::string timeline = TRY(timeline_setting(target.timeline));
  std::string lines = setting_line("restore_command", restore_command);
  // Empty values override what postgresql.conf may say. They come first: PostgreSQL forgets an
  // earlier target when it meets an empty one.
  for (const std::string_view name : kTargetSettings) {
    if (name != setting.name) lines += setting_line(name, "");
  }
  if (!setting.name.empty()) lines += setting_line(setting.name, setting.value);
  lines += setting_line("recovery_target_inclusive", target.is_inclusive ? "true" : "false");
  lines += setting_line("recovery_target_timeline", timeline);
  lines += setting_line("recovery_target_action", action_setting(target.action));
  return lines;
}

Result<std::string> with_recovery_settings(std::string_view auto_conf, const RecoveryTarget& target,
                                           std::string_view restore_command) {
  const std::string lines = TRY(recovery_settings(target, restore_command));
  std::string result;
  while (!auto_conf.empty()) {
    const std::string_view line = auto_conf.substr(0, auto_conf.find('\n'));
    auto_conf.remove_prefix(std::min(line.size() + 1, auto_conf.size()));
    if (!is_recovery_line(line)) result += fmt::format("{}\n", line);
  }
  return result + lines;
}

}  // namespace cairn::postgres
