// SPDX-License-Identifier: Apache-2.0
// Where the tablespaces of a backup lay: part of the sentinel, and the format of --restore-spec
// files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "repository/json_go.h"

namespace cairn::repository {

struct Tablespace {
  std::string oid = {};       // the name of its link in pg_tblspc
  std::string location = {};  // the directory it points to
  bool operator==(const Tablespace&) const = default;
};

struct TablespaceSpec {
  // The data directory the backup was taken from. Required by the format.
  std::string base_prefix = {};
  std::vector<Tablespace> tablespaces = {};
  bool operator==(const TablespaceSpec&) const = default;
};

// Members sorted by name, as WAL-G writes them: an object whose keys are oids beside "base_prefix"
// and "tablespaces".
std::string encode_tablespace_spec(const TablespaceSpec& spec);
// Corrupt if base_prefix or a listed tablespace's entry is missing, an oid is not a number, a link
// is not pg_tblspc/<oid>, a location is not an absolute path, or an oid appears twice.
Result<TablespaceSpec> parse_tablespace_spec(std::string_view json);
Result<TablespaceSpec> tablespace_spec_from(const JsonValue& value);

}  // namespace cairn::repository
