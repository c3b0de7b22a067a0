// SPDX-License-Identifier: Apache-2.0
// The Directory of the real file system.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "files/directory.h"

namespace cairn::files {

struct DiskDirectoryOptions {
  // Lets the kernel (5.6 or newer) guard a whole path in one call. Without it, or where it is
  // missing or forbidden, every part of a path is opened on its own.
  bool use_openat2 = true;
};

// `path` may be absolute or not, and may lead through symbolic links: it is the operator's word,
// unlike the paths used below it. NotFound if it does not exist, InvalidArgument if it is no
// directory.
Result<std::unique_ptr<Directory>> open_disk_directory(const std::string& path,
                                                       const DiskDirectoryOptions& options = {});

}  // namespace cairn::files
