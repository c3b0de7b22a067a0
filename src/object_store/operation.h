// SPDX-License-Identifier: Apache-2.0
// The calls of an ObjectStore and its Uploads by name, for counting them and for breaking them.
#pragma once

#include <cstddef>
#include <string_view>

namespace cairn::object_store {

enum class Operation {
  Put,
  PutIfAbsent,
  Open,
  Head,
  List,
  Remove,
  RemoveBatch,
  StartUpload,
  PutPart,
  Complete,
  Abort,
  CollectUnfinished,
};

inline constexpr std::size_t kOperationCount = 12;

// "put", "put_if_absent", …
std::string_view operation_name(Operation operation);

}  // namespace cairn::object_store
