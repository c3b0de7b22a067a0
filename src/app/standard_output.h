// SPDX-License-Identifier: Apache-2.0
// Standard output as a Sink, so that a full disk or a closed pipe behind it is noticed.
//
// Unbuffered: commands write whole texts or chunks. Not thread-safe.
#pragma once

#include "base/stream.h"

namespace cairn::app {

class StandardOutput final : public Sink {
 public:
  Result<> write(std::string_view bytes) override;
  Result<> finish() override { return {}; }
};

}  // namespace cairn::app
