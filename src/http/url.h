// SPDX-License-Identifier: Apache-2.0
// Absolute http and https addresses, taken apart and put together. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::http {

struct Url {
  std::string scheme = {};  // "http" or "https"
  std::string host = {};    // lower case; an IPv6 address keeps its brackets
  int port = 0;             // 0: the scheme's own
  std::string path = {};    // encoded, begins with '/'
  std::string query = {};   // encoded, without the '?'

  // What the Host header says: without the port when it is the scheme's own.
  std::string authority() const;
  // "https://host:8443": safe to print.
  std::string origin() const;
  std::string text() const;
};

// InvalidArgument for anything that is not an absolute http(s) address. User names, passwords and
// fragments are refused: none belongs into an address that gets printed.
Result<Url> parse_url(std::string_view text);

enum class Slash { Encode, Keep };

// Percent-encodes every byte but A-Z a-z 0-9 - _ . ~, as RFC 3986 section 2.3 and Amazon's
// signatures want it.
std::string percent_encode(std::string_view text, Slash slash = Slash::Encode);

enum class Plus { IsPlus, IsSpace };

// The other way; InvalidArgument for a '%' without two hexadecimal digits.
Result<std::string> percent_decode(std::string_view text, Plus plus = Plus::IsPlus);

}  // namespace cairn::http
