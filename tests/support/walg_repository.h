// SPDX-License-Identifier: Apache-2.0
// Repositories that a real WAL-G wrote (tests/fixtures/walg), as objects in a store.
#pragma once

#include <string>

#include "base/result.h"
#include "object_store/memory/memory_store.h"

namespace cairn::tests {

// Puts every file of a tar archive of a repository into `store`, with the times of the archive.
Result<> load_repository(const std::string& tar_path, object_store::MemoryStore& store);

// A whole file, for texts to compare with.
Result<std::string> read_text_file(const std::string& path);

// WAL-G prints times of objects to the nanosecond; ours are kept to the microsecond. Cuts them in a
// text of WAL-G's, as in "2026-11-22T08:00:46.226153234Z".
std::string with_microseconds(std::string text);

}  // namespace cairn::tests
