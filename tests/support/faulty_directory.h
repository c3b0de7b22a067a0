// SPDX-License-Identifier: Apache-2.0
// A directory whose process is killed at the n-th change it makes to the disk.
//
// Counts what a disk could be left with: files made or opened for writing, writes, truncations,
// syncs, renames, removals, directories, links. The first `changes` work; the next one, and
// everything after it, fails with Internal "process died". What was written before stays, as after
// kill -9 (not as after a power cut: bytes not synced are kept). With DiskFault::Once only that one
// change fails and the process lives to clean up.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "files/directory.h"

namespace cairn::tests {

enum class DiskFault { Death, Once };

// Shared by a directory, its sub-directories and its files. Thread-safe.
class DiskDeath {
 public:
  explicit DiskDeath(std::int64_t changes, DiskFault fault = DiskFault::Death)
      : fault_(fault), state_(State{changes, {}}) {}

  // "rename a to b", …: all changes that worked, in order.
  std::vector<std::string> journal() const;
  // Fails once dead.
  Result<> check() const;
  // Counts one change and writes it down; fails if it is the deadly one.
  Result<> change(std::string what);

 private:
  struct State {
    std::int64_t left = 0;
    std::vector<std::string> journal;
  };
  const DiskFault fault_;
  Guarded<State> state_;
};

std::unique_ptr<files::Directory> make_faulty_directory(std::unique_ptr<files::Directory> inner,
                                                        std::shared_ptr<DiskDeath> death);

}  // namespace cairn::tests
