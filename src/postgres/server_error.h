// SPDX-License-Identifier: Apache-2.0
// What a complaint of a server means for us. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::postgres {

// The parts of an error that a statement met; `state` is the SQLSTATE.
struct ServerComplaint {
  std::string_view state = {};
  std::string_view message = {};
  std::string_view detail = {};
  std::string_view hint = {};
};

ErrorCode code_of_state(std::string_view state);
Error error_of(const ServerComplaint& complaint);

// The error of a failed connection attempt. libpq gives a text only; with verbose errors the
// SQLSTATE stands in it when a server answered. `text` is libpq's, `needs_password` what
// PQconnectionNeedsPassword() says.
Error connection_error(std::string_view text, bool needs_password);

// The error of a connection that broke, from libpq's text.
Error lost_connection_error(std::string_view text);

}  // namespace cairn::postgres
