// SPDX-License-Identifier: Apache-2.0
// The two ways to advance a CRC-32C; Crc32c in digest.h chooses. Apart so that tests compare them.
//
// `state` is the inverted checksum. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace cairn::codec {

std::uint32_t crc32c_software(std::uint32_t state, std::string_view bytes);

// Whether this processor has the instruction that crc32c_hardware() needs.
bool has_crc32c_hardware();
std::uint32_t crc32c_hardware(std::uint32_t state, std::string_view bytes);

}  // namespace cairn::codec
