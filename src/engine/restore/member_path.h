// SPDX-License-Identifier: Apache-2.0
// Where a member of a backup's tar files belongs. Pure.
//
// Member names are hostile: a name that could lead outside the target is refused, never repaired.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::engine {

struct MemberPath {
  std::string tablespace = {};  // oid of the tablespace below which `path` lies; "" for PGDATA
  std::string path = {};  // relative, without leading or trailing slash; "" is the root itself

  // As in a backup manifest: "base/5/1259", "pg_tblspc/16400/PG_15_202209061/5/16401".
  std::string in_pgdata() const;
  auto operator<=>(const MemberPath&) const = default;
};

// Accepts "/base/5/1259", "base/5/1259", "./base", "/" and trailing slashes of directories. Corrupt
// for "..", any other ".", empty parts, control characters, and paths over 4096 bytes.
Result<MemberPath> parse_member_path(std::string_view name);

}  // namespace cairn::engine
