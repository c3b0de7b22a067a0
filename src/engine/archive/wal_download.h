// SPDX-License-Identifier: Apache-2.0
// Brings one file from the archive to a disk, whole or not at all.
//
// The file is written under a temporary name, judged (digest, size, header), synced and renamed, so
// whoever finds it under its name may use it. Knows absence from failure: the one ends a recovery,
// the other must not.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "codec/cipher.h"
#include "codec/compression.h"
#include "files/directory.h"
#include "object_store/object_store.h"
#include "repository/wal_catalog.h"

namespace cairn::engine {

struct WalDownloadRequest {
  std::string file = {};  // its name in the archive
  files::Directory& directory;
  std::string temporary_path = {};  // of this writer alone; replaced if it exists
  std::string path = {};            // replaced if it exists
  // A segment of another cluster is refused. Absent: not checked.
  std::optional<std::uint64_t> system_identifier = {};
};

// Thread-safe for different paths.
class WalDownloader {
 public:
  // `expected` is the compression to try first. All outlive the downloader.
  WalDownloader(object_store::ObjectStore& store, const codec::Cipher* cipher,
                codec::Compression expected)
      : finder_(store, expected), cipher_(cipher) {}

  // False: proven absent, and `path` is as it was. Corrupt or InvalidArgument: what is archived is
  // not what its name says, or of another cluster. After an error `path` is as it was.
  Result<bool> download(const WalDownloadRequest& request, std::stop_token stop);

  codec::Compression last_compression() const { return finder_.last_compression(); }

 private:
  repository::WalFinder finder_;
  const codec::Cipher* cipher_;
};

// Whether a file on disk is the whole segment that its name says; see check_wal_segment().
Result<> check_segment_file(files::Directory& directory, const std::string& path,
                            const std::string& name,
                            std::optional<std::uint64_t> system_identifier);

}  // namespace cairn::engine
