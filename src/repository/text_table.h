// SPDX-License-Identifier: Apache-2.0
// Tables as WAL-G prints them, byte for byte: scripts read them.
//
// Control characters in cells are shown as '?': cells come from the store.
#pragma once

#include <string>
#include <vector>

namespace cairn::repository {

struct TextTable {
  std::vector<std::string> header = {};
  std::vector<std::vector<std::string>> rows = {};  // as many cells as the header
  std::vector<std::size_t> right_aligned = {};      // indices of columns, for the ruled form
};

// Columns separated by at least one space, the last one not padded; a header line, then the rows.
std::string format_plain_table(const TextTable& table);

// Ruled with '+', '-' and '|'; the header in upper case.
std::string format_ruled_table(const TextTable& table);

}  // namespace cairn::repository
