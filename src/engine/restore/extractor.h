// SPDX-License-Identifier: Apache-2.0
// Unpacks the tars of a backup into a restore target.
//
// Never writes outside the target: names are checked, links in archives are not made, and the
// directories below which is written do not follow links.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "codec/tar.h"
#include "engine/restore/chain_plan.h"
#include "engine/restore/restore_target.h"
#include "engine/restore/restored_files.h"
#include "files/file.h"

namespace cairn::engine {

// Thread-safe: several tars of one step may be unpacked at once. The others outlive it.
class Extractor {
 public:
  Extractor(const RestoreTarget& target, RestoredFiles& restored)
      : target_(target), restored_(restored) {}

  // Unpacks what `step` wants from one tar. NoSpace as soon as the disk is full.
  Result<> extract(Source& tar, const ChainStep& step, std::stop_token stop);

  // The modes of directories, which may forbid writing, are set when all is unpacked.
  Result<> set_directory_modes();

  std::uint64_t written_bytes() const;
  // Wanted files of a delta chain that no tar held.
  std::vector<std::string> missing_files(const ChainStep& step) const;

 private:
  struct Member {
    codec::TarEntry entry;
    MemberPath path;
    files::Directory* directory;
    FileSource source;
  };
  Result<> extract_member(codec::TarReader& tar, const Member& member, std::stop_token stop);
  Result<> extract_file(codec::TarReader& tar, const Member& member, std::stop_token stop);
  Result<> extract_increment(codec::TarReader& tar, const Member& member);
  Result<> make_parents(const Member& member);
  Result<> make_directory(const Member& member);

  struct DirectoryMode {
    MemberPath path;
    std::uint32_t mode;
  };

  const RestoreTarget& target_;
  RestoredFiles& restored_;
  mutable std::mutex mutex_;
  std::vector<DirectoryMode> modes_;
  std::set<MemberPath> made_;  // directories known to exist
  std::set<std::string> seen_;
  std::uint64_t written_bytes_ = 0;
};

}  // namespace cairn::engine
