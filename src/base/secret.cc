// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <cstring>

namespace cairn {

void Secret::wipe() {
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace cairn
