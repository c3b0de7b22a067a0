// SPDX-License-Identifier: Apache-2.0
#include "object_store/operation.h"

#include <array>

namespace cairn::object_store {

std::string_view operation_name(Operation operation) {
  static constexpr std::array<std::string_view, kOperationCount> kNames = {
      "put",          "put_if_absent", "open",     "head",     "list",  "remove",
      "remove_batch", "start_upload",  "put_part", "complete", "abort", "collect_unfinished"};
  return kNames[static_cast<std::size_t>(operation)];
}

}  // namespace cairn::object_store
