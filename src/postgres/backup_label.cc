// SPDX-License-Identifier: Apache-2.0
#include "postgres/backup_label.h"

#include <algorithm>
#include <limits>

#include "postgres/number_text.h"

namespace cairn::postgres {
namespace {

// A label is at most 1 KiB in every release; the rest of the file is a few short lines.
constexpr std::size_t kBackupLabelBytesMax = 64U << 10;

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// "0/2000028 (file 000000010000000000000002)"
Result<> parse_start(std::string_view value, BackupLabel& label) {
  constexpr std::string_view kFile = " (file ";
  const auto file = value.find(kFile);
  if (file == std::string_view::npos || !value.ends_with(')')) {
    return corrupt("backup_label: the start location \"{}\" names no file", value);
  }
  label.start = TRY(parse_lsn(value.substr(0, file)));
  label.start_segment = value.substr(file + kFile.size());
  label.start_segment.pop_back();
  return {};
}

Result<> parse_field(std::string_view key, std::string_view value, BackupLabel& label) {
  if (key == "START WAL LOCATION") return parse_start(value, label);
  if (key == "CHECKPOINT LOCATION") {
    label.checkpoint = TRY(parse_lsn(value));
  } else if (key == "START TIMELINE") {
    label.start_timeline = TRY(parse_timeline(value));
  } else if (key == "BACKUP METHOD") {
    label.method = value;
  } else if (key == "BACKUP FROM") {
    label.from = value;
  } else if (key == "START TIME") {
    label.start_time = value;
  } else if (key == "LABEL") {
    label.label = value;
  }
  return {};
}

}  // namespace

Result<BackupLabel> parse_backup_label(std::string_view text) {
  if (text.size() > kBackupLabelBytesMax) {
    return corrupt("backup_label is {} bytes long, more than any", text.size());
  }
  BackupLabel label;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const auto parsed = parse_field(line.substr(0, colon), line.substr(colon + 2), label);
    if (!parsed.ok()) return corrupt("backup_label: {}", parsed.error().message());
  }
  if (!label.start.is_valid()) return corrupt("backup_label has no START WAL LOCATION");
  if (!label.checkpoint.is_valid()) return corrupt("backup_label has no CHECKPOINT LOCATION");
  if (!label.start_timeline.is_valid()) return corrupt("backup_label has no START TIMELINE");
  return label;
}

Result<std::vector<Tablespace>> parse_tablespace_map(std::string_view text) {
  if (text.size() > kTablespaceMapBytesMax) {
    return corrupt("tablespace_map is {} bytes long, more than any", text.size());
  }
  std::vector<Tablespace> result;
  while (!text.empty()) {
    // Not by lines: an escaped newline belongs to the path.
    const auto space = text.find(' ');
    const auto oid = parse_unsigned(text.substr(0, std::min(space, text.size())), 10,
                                    std::numeric_limits<std::uint32_t>::max());
    if (!oid || *oid == 0 || space == std::string_view::npos) {
      return corrupt("tablespace_map: \"{}\" does not begin with an oid and a path",
                     text.substr(0, 80));
    }
    text.remove_prefix(space + 1);
    Tablespace tablespace{.oid = static_cast<std::uint32_t>(*oid)};
    while (!text.empty() && text.front() != '\n') {
      if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
      tablespace.location += text.front();
      text.remove_prefix(1);
    }
    text.remove_prefix(std::min<std::size_t>(text.size(), 1));
    if (tablespace.location.empty()) {
      return corrupt("tablespace_map: tablespace {} has no path", *oid);
    }
    result.push_back(std::move(tablespace));
  }
  return result;
}

std::string format_tablespace_map(const std::vector<Tablespace>& tablespaces) {
  std::string result;
  for (const Tablespace& tablespace : tablespaces) {
    result += fmt::format("{} ", tablespace.oid);
    for (const char c : tablespace.location) {
      if (c == '\\' || c == '\n' || c == '\r') result += '\\';
      result += c;
    }
    result += '\n';
  }
  return result;
}

}  // namespace cairn::postgres
