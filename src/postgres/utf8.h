// SPDX-License-Identifier: Apache-2.0
// Whether bytes are UTF-8, as strictly as PostgreSQL judges: no overlong forms, no surrogates.
#pragma once

#include <string_view>

namespace cairn::postgres {

bool is_utf8(std::string_view bytes);

}  // namespace cairn::postgres
