// SPDX-License-Identifier: Apache-2.0
// Stores one file of pg_wal in the archive, once and for all.
//
// The file is judged first, because a wrong file under a right name is found out only at the
// restore. The object's metadata has the digest of the file's content ("cairn-sha256"), so that a
// repeat is recognised without a download.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/result.h"
#include "files/directory.h"
#include "object_store/object_store.h"
#include "repository/sealing.h"

namespace cairn::engine {

inline constexpr std::string_view kContentDigestMetadata = "cairn-sha256";

// History files grow by a line with each promotion or backup; segments have their own limit.
inline constexpr std::uint64_t kSmallWalFileBytesMax = 1 << 20;

struct WalUploadRequest {
  files::Directory& directory;
  std::string file = {};
  // A segment of another cluster is refused. Absent: not checked.
  std::optional<std::uint64_t> system_identifier = {};
  int thread_count = 1;  // most threads that compress
  // Also looks for the file under the suffixes of other compressions: after the setting changed,
  // the same file may be there under its old one.
  bool checks_other_suffixes = false;
};

enum class WalUploadOutcome {
  Stored,
  AlreadyStored,  // the archive has the same content under this name
};

// Thread-safe.
class WalUploader {
 public:
  // Both outlive the uploader.
  WalUploader(object_store::ObjectStore& store, const repository::Sealing& sealing)
      : store_(store), sealing_(sealing) {}

  // One request in the ordinary case. A name that is taken is compared by digest (one more request)
  // or, if WAL-G stored the object, by content. InvalidArgument: nothing that PostgreSQL archives.
  // Corrupt: not what its name says. InvalidArgument: it belongs to another cluster. Conflict: the
  // name is taken by other content; nothing was overwritten.
  //
  // On stores that cannot create conditionally, looks first and then puts, which two clusters at
  // once can defeat; the log warns once.
  Result<WalUploadOutcome> upload(const WalUploadRequest& request, std::stop_token stop);

 private:
  // A file as it will be stored.
  struct Sealed {
    std::string digest;
    std::uint64_t size_bytes = 0;  // of the file
    Bytes bytes;
  };

  Result<Sealed> seal(const WalUploadRequest& request, std::stop_token stop) const;
  Result<WalUploadOutcome> put(const object_store::ObjectKey& key, const Sealed& sealed,
                               std::stop_token stop);
  Result<WalUploadOutcome> look_and_put(const object_store::ObjectKey& key, const Sealed& sealed,
                                        std::stop_token stop);
  Result<> compare(const object_store::ObjectKey& key, const Sealed& sealed, std::stop_token stop);
  Result<std::string> stored_digest(const object_store::ObjectKey& key, std::uint64_t bytes_max,
                                    std::stop_token stop);
  Result<bool> is_under_other_suffix(const std::string& file, const Sealed& sealed,
                                     std::stop_token stop);

  object_store::ObjectStore& store_;
  const repository::Sealing& sealing_;
  Guarded<bool> has_warned_;
};

}  // namespace cairn::engine
