// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/tar_stream.h"

#include <utility>

namespace cairn::engine {

Result<std::unique_ptr<TarStream>> TarStream::start(Uploader& uploader,
                                                    const repository::Sealing& sealing,
                                                    const object_store::ObjectKey& key) {
  std::unique_ptr<PartedUpload> upload = uploader.start(key);
  std::unique_ptr<Sink> sealer = TRY(repository::make_sealer(sealing, *upload));
  return std::unique_ptr<TarStream>(new TarStream(std::move(upload), std::move(sealer), key));
}

TarStream::TarStream(std::unique_ptr<PartedUpload> upload, std::unique_ptr<Sink> sealer,
                     const object_store::ObjectKey& key)
    : upload_(std::move(upload)),
      sealer_(std::move(sealer)),
      tar_(*sealer_),
      tar_name_(key.text().substr(key.text().rfind('/') + 1)) {}

Result<> TarStream::start_member(const codec::TarEntry& entry) {
  TRY(tar_.start(entry));
  members_.push_back(entry.name);
  payload_bytes_ += entry.size_bytes;
  return {};
}

Result<FinishedTar> TarStream::finish() {
  TRY(tar_.finish());
  TRY(sealer_->finish());
  TRY(upload_->finish());
  return FinishedTar{.object = upload_->stored(),
                     .tar_name = tar_name_,
                     .members = std::move(members_),
                     .payload_bytes = payload_bytes_};
}

}  // namespace cairn::engine
