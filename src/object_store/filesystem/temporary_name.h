// SPDX-License-Identifier: Apache-2.0
// The names of files that are still being written: "<final>.tmp.YYYYMMDDTHHMMSSZ-<16 hex digits>",
// WAL-G's form, so that each program hides the other's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace cairn::object_store {

// A name beside `final_name` that nobody else uses. A very long final name is cut to fit.
std::string make_temporary_name(std::string_view final_name, WallTime now, Random& random);

// When the file of that name was begun (a name, not a path); nothing if it is not such a name.
std::optional<WallTime> temporary_name_time(std::string_view name);

inline bool is_temporary_name(std::string_view name) {
  return temporary_name_time(name).has_value();
}

}  // namespace cairn::object_store
