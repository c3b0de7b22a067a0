// SPDX-License-Identifier: Apache-2.0
// Times as HTTP headers write them: "Sun, 06 Nov 1994 08:49:37 GMT".
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cairn::http {

// Only the one form that RFC 9110 lets servers send; InvalidArgument for anything else.
Result<WallTime> parse_http_date(std::string_view text);

}  // namespace cairn::http
