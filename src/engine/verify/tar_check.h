// SPDX-License-Identifier: Apache-2.0
// Reads one tar of a backup to its end and judges what is in it.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "base/stream.h"
#include "engine/restore/restored_files.h"
#include "postgres/lsn.h"

namespace cairn::engine {

struct TarCheck {
  bool has_page_checksums = false;
  postgres::Lsn backup_start = {};
  postgres::Lsn backup_finish = {};  // none if it is not known
  bool is_whole = true;              // no deltas: checksums of files can be held against a manifest
  // Gets the content of backup_manifest if this tar holds it; may be empty.
  Sink* manifest = nullptr;
  std::function<void(std::string)> report = {};  // one line for each thing that is wrong
};

struct TarFacts {
  std::uint64_t file_count = 0;
  std::uint64_t page_count = 0;
};

// An error is damage that ends the reading (or a stop): the caller reports it too.
Result<TarFacts> check_tar(Source& tar, const TarCheck& check, RestoredFiles& files,
                           std::stop_token stop);

}  // namespace cairn::engine
