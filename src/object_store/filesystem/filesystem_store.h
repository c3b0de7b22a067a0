// SPDX-License-Identifier: Apache-2.0
// Objects as files below a folder, laid out exactly as WAL-G's file storage does: the key is the
// path, so both programs read and write the same folder.
//
// A file appears under its key only when it is complete and on the disk: it is written beside its
// final name as "<name>.tmp.YYYYMMDDTHHMMSSZ-<16 hex digits>" (WAL-G's form; never listed), synced,
// renamed, and the folder is synced. A crash leaves at most such a temporary file, which
// collect_unfinished() removes. Symbolic links below the root are not objects and not followed:
// they could lead out of the root, or list an object twice.
//
// Metadata is kept in extended attributes "user.cairn.<name>" where the file system has them.
// Thread-safe, and safe with other processes on the same folder.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "files/directory.h"
#include "object_store/object_store.h"

namespace cairn::object_store {

// `root` must exist: creating it would hide a disk that is not mounted.
Result<std::unique_ptr<ObjectStore>> open_filesystem_store(const std::string& root, Clock& clock,
                                                           Random& random);

// The same over a directory that is already open.
Result<std::unique_ptr<ObjectStore>> make_filesystem_store(std::unique_ptr<files::Directory> root,
                                                           Clock& clock, Random& random);

}  // namespace cairn::object_store
