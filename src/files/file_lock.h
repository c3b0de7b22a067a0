// SPDX-License-Identifier: Apache-2.0
// A lock that processes share through a file, and that a dead process no longer holds.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace cairn::files {

// Held while it lives. Not inherited by programs that are started meanwhile.
class FileLock {
 public:
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  // Does not wait: nothing if another process, or another FileLock of this one, holds it. The file
  // is created if need be and stays; its directory must exist.
  static Result<std::optional<FileLock>> try_lock(const std::string& path);

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace cairn::files
