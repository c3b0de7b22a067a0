// SPDX-License-Identifier: Apache-2.0
// Fields of PostgreSQL's binary structures, which are memory images of a little-endian machine.
#pragma once

#include <bit>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace cairn::postgres {

static_assert(std::endian::native == std::endian::little, "Cairn reads PostgreSQL's memory images");

// The field at `offset`; that it lies inside of `bytes` is the caller's business.
template <class T>
T load(std::string_view bytes, std::size_t offset) {
  static_assert(std::is_arithmetic_v<T>);
  ASSERT(offset + sizeof(T) <= bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace cairn::postgres
