// SPDX-License-Identifier: Apache-2.0
// One tar object of a backup on its way to the store: tar, compressed, encrypted, uploaded in
// parts.
//
// Belongs to one thread at a time. Destroyed unfinished, it leaves nothing visible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codec/tar.h"
#include "engine/parted_upload.h"
#include "repository/sealing.h"

namespace cairn::engine {

struct FinishedTar {
  StoredObject object = {};
  std::string tar_name = {};  // "part_001.tar.lz4"
  std::vector<std::string> members = {};
  std::uint64_t payload_bytes = 0;  // of the members' content
};

class TarStream {
 public:
  static Result<std::unique_ptr<TarStream>> start(Uploader& uploader,
                                                  const repository::Sealing& sealing,
                                                  const object_store::ObjectKey& key);

  Result<> start_member(const codec::TarEntry& entry);
  Result<> write(std::string_view bytes) { return tar_.write(bytes); }
  // The file shrank while it was read: zeros for the rest. WAL replay repairs it.
  Result<> fill_with_zeros() { return tar_.fill_with_zeros(); }

  // What counts against the size at which a tar is closed: content and headers.
  std::uint64_t tar_bytes() const { return payload_bytes_ + 512 * members_.size(); }
  std::size_t member_count() const { return members_.size(); }

  Result<FinishedTar> finish();

 private:
  TarStream(std::unique_ptr<PartedUpload> upload, std::unique_ptr<Sink> sealer,
            const object_store::ObjectKey& key);

  std::unique_ptr<PartedUpload> upload_;
  std::unique_ptr<Sink> sealer_;
  codec::TarWriter tar_;
  const std::string tar_name_;
  std::vector<std::string> members_;
  std::uint64_t payload_bytes_ = 0;
};

}  // namespace cairn::engine
