// SPDX-License-Identifier: Apache-2.0
#include "http/http_client.h"

namespace cairn::http {

std::string HttpResponse::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

}  // namespace cairn::http
