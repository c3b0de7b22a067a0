// SPDX-License-Identifier: Apache-2.0
#include "repository/text_table.h"

#include <algorithm>
#include <string_view>

#include "base/result.h"

namespace cairn::repository {
namespace {

using Row = std::vector<std::string>;

std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// Characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::vector<Row> printable_rows(const TextTable& table) {
  std::vector<Row> rows = {table.header};
  rows.insert(rows.end(), table.rows.begin(), table.rows.end());
  for (Row& row : rows) {
    ASSERT(row.size() == table.header.size());
    for (std::string& cell : row) cell = printable(std::move(cell));
  }
  return rows;
}

std::vector<std::size_t> column_widths(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  return widths;
}

void append_rule(std::string& out, const std::vector<std::size_t>& widths) {
  for (const std::size_t width : widths) out.append("+").append(width + 2, '-');
  out += "+\n";
}

}  // namespace

std::string format_plain_table(const TextTable& table) {
  const std::vector<Row> rows = printable_rows(table);
  const std::vector<std::size_t> widths = column_widths(rows);
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - width_of(row[i]) + 1, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string format_ruled_table(const TextTable& table) {
  std::vector<Row> rows = printable_rows(table);
  for (std::string& cell : rows.front()) cell = upper(std::move(cell));
  const std::vector<std::size_t> widths = column_widths(rows);
  std::string out;
  append_rule(out, widths);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string padding(widths[i] - width_of(rows[r][i]), ' ');
      const bool is_right = std::ranges::count(table.right_aligned, i) > 0;
      out += "| ";
      out += is_right ? padding + rows[r][i] : rows[r][i] + padding;
      out += ' ';
    }
    out += "|\n";
    if (r == 0) append_rule(out, widths);
  }
  append_rule(out, widths);
  return out;
}

}  // namespace cairn::repository
