// SPDX-License-Identifier: Apache-2.0
// Where WAL that was fetched ahead waits to be asked for: <root>/.wal-g/prefetch, as WAL-G has it.
//
// A file there is whole and judged; one in "running" is on its way. One process at a time fetches
// into the directory and holds its lock; what lies in "running" without a holder is rubbish. Paths
// are relative to the root, which is the directory of the destination unless WALG_PREFETCH_DIR says
// otherwise.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "codec/compression.h"
#include "files/directory.h"
#include "files/file_lock.h"

namespace cairn::engine {

class PrefetchDirectory {
 public:
  // `root` outlives this.
  explicit PrefetchDirectory(files::Directory& root) : root_(root) {}

  files::Directory& root() const { return root_; }
  static std::string finished_path(const std::string& file);
  static std::string running_path(const std::string& file);

  Result<> make();
  // Nothing if another process fetches. After make().
  Result<std::optional<files::FileLock>> try_lock() const;
  // Whether a process fetches at this moment.
  bool is_locked() const;

  bool has_finished(const std::string& file) const;
  // How much of the file is there; nothing if it is not on its way.
  std::optional<std::uint64_t> running_bytes(const std::string& file) const;
  void remove_finished(const std::string& file);
  // Removes what is not in `keep` and all that is on its way. Only under the lock.
  Result<> clean(const std::vector<std::string>& keep);

  // How the archive compressed what was found last, kept for the next process.
  std::optional<codec::Compression> last_compression() const;
  void remember_compression(codec::Compression compression);

 private:
  files::Directory& root_;
};

}  // namespace cairn::engine
