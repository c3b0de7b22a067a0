// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/member_path.h"

#include <algorithm>

namespace cairn::engine {

namespace {

constexpr std::size_t kPathBytesMax = 4096;
constexpr std::string_view kTablespaces = "pg_tblspc/";

bool is_safe(std::string_view path) {
  if (path.size() > kPathBytesMax) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (part.find('\0') != std::string_view::npos) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_oid(std::string_view text) {
  return !text.empty() && text.size() <= 10 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string MemberPath::in_pgdata() const {
  if (tablespace.empty()) return path;
  std::string full = std::string(kTablespaces) + tablespace;
  if (!path.empty()) full += "/" + path;
  return full;
}

Result<MemberPath> parse_member_path(std::string_view name) {
  std::string_view path = name;
  // PostgreSQL names two directories of its base backups like this: "./pg_wal/archive_status/".
  if (path.starts_with("./")) path.remove_prefix(1);
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return MemberPath{};
  if (!is_safe(path)) {
    return corrupt("the archive holds a member named \"{}\", which could lead outside the target",
                   name.substr(0, kPathBytesMax));
  }
  if (path.starts_with(kTablespaces)) {
    const std::string_view below = path.substr(kTablespaces.size());
    const std::size_t slash = below.find('/');
    if (is_oid(below.substr(0, slash))) {
      return MemberPath{.tablespace = std::string(below.substr(0, slash)),
                        .path = slash == std::string_view::npos
                                    ? std::string()
                                    : std::string(below.substr(slash + 1))};
    }
  }
  return MemberPath{.tablespace = {}, .path = std::string(path)};
}

}  // namespace cairn::engine
