// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/filesystem_upload.h"

namespace cairn::object_store {

Result<> FilesystemUpload::expect_open() const {
  switch (state_) {
    case State::Open:
      return {};
    case State::Broken:
      return internal_error("{}: the upload failed to sync and must be made anew", key_);
    case State::Ended:
      return not_found("{}: the upload is complete or aborted", key_);
  }
  return {};
}

Result<> FilesystemUpload::put_part(int number, std::string_view bytes, std::stop_token stop) {
  TRY(check_stop(stop));
  {
    const std::lock_guard lock(mutex_);
    TRY(expect_open());
    TRY(sizes_.check(number, bytes.size()).context(key_));
    sizes_.forget(number);
  }
  const std::uint64_t offset = static_cast<std::uint64_t>(number - 1) * part_bytes_;
  TRY(pending_.file().write_at(offset, bytes));
  // So that complete() does not have to wait for the whole object.
  pending_.file().start_writeback(offset, bytes.size());
  const std::lock_guard lock(mutex_);
  sizes_.set(number, bytes.size());
  return {};
}

Result<> FilesystemUpload::finish_file(int part_count) {
  const std::uint64_t total = TRY(sizes_.total(part_count).context(key_));
  // A last part that was replaced by a shorter one, or parts beyond the last, leave a tail.
  TRY(pending_.file().truncate(total));
  const Result<> synced = pending_.sync();
  if (!synced.ok()) state_ = State::Broken;
  return synced;
}

Result<> FilesystemUpload::complete(int part_count, std::stop_token stop) {
  TRY(check_stop(stop));
  const std::lock_guard lock(mutex_);
  TRY(expect_open());
  TRY(finish_file(part_count));
  const Result<> published = pending_.publish(files::IfExists::Replace);
  if (published.ok()) state_ = State::Ended;
  if (!published.ok() && published.error().code() == ErrorCode::NotFound) {
    return not_found("{}: the upload was collected as unfinished", key_);
  }
  return published;
}

Result<> FilesystemUpload::abort(std::stop_token stop) {
  TRY(check_stop(stop));
  const std::lock_guard lock(mutex_);
  if (state_ == State::Ended) return {};
  pending_.discard();
  state_ = State::Ended;
  return {};
}

}  // namespace cairn::object_store
