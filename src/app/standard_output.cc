// SPDX-License-Identifier: Apache-2.0
#include "app/standard_output.h"

#include <unistd.h>

#include <cerrno>

namespace cairn::app {

Result<> StandardOutput::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(errno, "write to standard output");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace cairn::app
