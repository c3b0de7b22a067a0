// SPDX-License-Identifier: Apache-2.0
#include "postgres/relation_file.h"

#include <limits>

#include "postgres/number_text.h"

namespace cairn::postgres {
namespace {

constexpr std::uint64_t kNumberMax = std::numeric_limits<std::uint32_t>::max();

// Numbers in file names have no leading zeros; a name that has is not the server's.
std::optional<std::uint32_t> parse_name_number(std::string_view text) {
  if (text.empty() || text.front() == '0') return {};
  const auto value = parse_unsigned(text, 10, kNumberMax);
  if (!value) return {};
  return static_cast<std::uint32_t>(*value);
}

std::optional<RelationFork> parse_fork(std::string_view suffix) {
  if (suffix == "fsm") return RelationFork::FreeSpaceMap;
  if (suffix == "vm") return RelationFork::VisibilityMap;
  if (suffix == "init") return RelationFork::Init;
  return {};
}

// The part of `path` before the first slash; `path` is left with what follows it.
std::string_view take_part(std::string_view& path) {
  const auto slash = path.find('/');
  const std::string_view part = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return part;
}

}  // namespace

std::optional<RelationFile> parse_relation_file_name(std::string_view name) {
  RelationFile file;
  if (name.starts_with('t')) {
    const auto underscore = name.find('_');
    if (underscore == std::string_view::npos) return {};
    if (!parse_unsigned(name.substr(1, underscore - 1), 10, kNumberMax)) return {};
    name.remove_prefix(underscore + 1);
    file.is_temporary = true;
  }
  if (const auto dot = name.find('.'); dot != std::string_view::npos) {
    const auto segment = parse_name_number(name.substr(dot + 1));
    if (!segment) return {};
    file.segment = *segment;
    name = name.substr(0, dot);
  }
  if (const auto underscore = name.find('_'); underscore != std::string_view::npos) {
    const auto fork = parse_fork(name.substr(underscore + 1));
    if (!fork) return {};
    file.fork = *fork;
    name = name.substr(0, underscore);
  }
  const auto relation = parse_name_number(name);
  if (!relation) return {};
  file.relation = *relation;
  return file;
}

bool is_relation_directory(std::string_view directory) {
  const std::string_view top = take_part(directory);
  if (top == "global") return directory.empty();
  if (top == "pg_tblspc") {
    if (!parse_name_number(take_part(directory))) return false;
    if (!take_part(directory).starts_with("PG_")) return false;
  } else if (top != "base") {
    return false;
  }
  return parse_name_number(directory).has_value();
}

std::optional<RelationFile> relation_file_at(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || !is_relation_directory(path.substr(0, slash))) return {};
  return parse_relation_file_name(path.substr(slash + 1));
}

}  // namespace cairn::postgres
