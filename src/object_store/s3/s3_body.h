// SPDX-License-Identifier: Apache-2.0
// The bytes of an object as they were asked for and announced: no fewer, no more, no others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/stream.h"

namespace cairn::object_store {

struct BodyPlan {
  // For a server that sends the whole object when a part was asked for.
  std::uint64_t skip_bytes = 0;
  std::uint64_t length = 0;
  // Whether the network has more than that, which is then left there.
  bool has_rest = false;
  std::string resource = {};  // for messages
};

// Fewer bytes are Unavailable; more, unless has_rest, are Corrupt.
std::unique_ptr<Source> make_s3_body(std::unique_ptr<Source> network, BodyPlan plan);

}  // namespace cairn::object_store
