// SPDX-License-Identifier: Apache-2.0
// What wal-push remembers between its calls, in pg_wal/walg_data.
//
// That the storage belongs to this cluster, so that it need not be asked for every segment; and
// which files were already sent ahead, so that the call for them answers at once. What is
// remembered is trusted only while it fits exactly: the same store, cluster, file, size and time.
// Losing it costs a request, never data.
//
// Thread-safe for different files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "files/directory.h"

namespace cairn::engine {

class ArchiveState {
 public:
  // `wal_directory` is a cluster's pg_wal and outlives this. `store_identity` tells the store, the
  // prefix and the way of storing apart from all others.
  ArchiveState(files::Directory& wal_directory, std::string store_identity)
      : directory_(wal_directory), store_identity_(std::move(store_identity)) {}

  // Whether this cluster has written to this store before.
  bool is_known_owner(std::uint64_t system_identifier) const;
  Result<> remember_owner(std::uint64_t system_identifier);

  // Whether the file, as it is now, was sent by an earlier call.
  bool is_sent(std::string_view file, const files::FileStat& stat,
               std::uint64_t system_identifier) const;
  // Durable when it returns: the file is not sent again after a crash.
  Result<> remember_sent(std::string_view file, const files::FileStat& stat,
                         std::uint64_t system_identifier);
  void forget_sent(std::string_view file);

 private:
  std::string sent_text(std::string_view file, const files::FileStat& stat,
                        std::uint64_t system_identifier) const;
  bool reads_as(const std::string& path, const std::string& text) const;

  files::Directory& directory_;
  const std::string store_identity_;
};

}  // namespace cairn::engine
