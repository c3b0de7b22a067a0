// SPDX-License-Identifier: Apache-2.0
// An upload whose parts go to their places in one temporary file.
//
// Dropped or killed before complete(), it leaves that file for collect_unfinished().
#pragma once

#include <mutex>
#include <string>

#include "object_store/filesystem/pending_file.h"
#include "object_store/object_store.h"
#include "object_store/store_rules.h"

namespace cairn::object_store {

class FilesystemUpload final : public Upload {
 public:
  static constexpr int kPartCountMax = 10000;

  FilesystemUpload(PendingFile pending, std::string key, std::uint64_t part_bytes)
      : pending_(std::move(pending)),
        key_(std::move(key)),
        part_bytes_(part_bytes),
        sizes_(part_bytes, kPartCountMax) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override;
  Result<> complete(int part_count, std::stop_token stop) override;
  Result<> abort(std::stop_token stop) override;

 private:
  enum class State {
    Open,
    Broken,  // a sync failed: what was written is in doubt and nothing can be added to it
    Ended,
  };

  Result<> expect_open() const;
  Result<> finish_file(int part_count);

  PendingFile pending_;
  const std::string key_;
  const std::uint64_t part_bytes_;
  // Guards what follows; not held while a part is written, so that parts are written in parallel.
  std::mutex mutex_;
  State state_ = State::Open;
  PartSizes sizes_;
};

}  // namespace cairn::object_store
