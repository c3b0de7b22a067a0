// SPDX-License-Identifier: Apache-2.0
#include "postgres/server_version.h"

#include "postgres/number_text.h"

namespace cairn::postgres {

Result<int> parse_version_file(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  if (const auto major = parse_unsigned(line, 10, 999); major && *major > 0) {
    return static_cast<int>(*major);
  }
  return corrupt("PG_VERSION holds \"{}\", which is not a major version such as 15",
                 line.substr(0, 20));
}

}  // namespace cairn::postgres
