// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pg_control; also with the checksum made right, so that the fields are reached.
#include <cstdint>
#include <cstring>
#include <string>

#include "codec/digest.h"
#include "postgres/control_file.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  std::string bytes(input);
  (void)cairn::postgres::parse_control_file(bytes).ok();
  for (const std::size_t covered : {288U, 292U}) {
    if (bytes.size() < covered + sizeof(std::uint32_t)) continue;
    cairn::codec::Crc32c checksum;
    checksum.update(std::string_view(bytes).substr(0, covered));
    const std::uint32_t value = checksum.value();
    std::memcpy(bytes.data() + covered, &value, sizeof(value));
    const auto file = cairn::postgres::parse_control_file(bytes);
    if (file.ok()) (void)cluster_state_name(file.value().state);
  }
}
