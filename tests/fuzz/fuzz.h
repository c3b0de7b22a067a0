// SPDX-License-Identifier: Apache-2.0
// What every fuzz target is: a function of hostile bytes that must return, whatever they are.
//
// The sanitizers judge; a target checks a property beyond that with ASSERT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Defined by each target.
void fuzz(std::string_view input);

extern "C" inline __attribute__((used)) int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                   std::size_t size) {
  fuzz(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
