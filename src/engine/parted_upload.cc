// SPDX-License-Identifier: Apache-2.0
#include "engine/parted_upload.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace cairn::engine {

Uploader::Uploader(object_store::ObjectStore& store, const UploaderSettings& settings,
                   TaskGroup& tasks)
    : store_(store),
      tasks_(tasks),
      // One buffer on its way in each thread, one being filled by each stream.
      pool_(static_cast<std::size_t>(settings.thread_count + settings.stream_count),
            settings.part_bytes),
      parts_(static_cast<std::size_t>(settings.thread_count)) {
  for (int i = 0; i < settings.thread_count; ++i) {
    tasks.start([this](std::stop_token stop) { return run(std::move(stop)); });
  }
}

std::unique_ptr<PartedUpload> Uploader::start(const object_store::ObjectKey& key) {
  return std::make_unique<PartedUpload>(*this, key);
}

Result<> Uploader::run(std::stop_token stop) {
  std::optional<Error> first_error;
  // Receives until the channel is closed even when stopped or failed: the owner of every part that
  // was handed over must learn that it is done with, or it would wait for ever.
  while (true) {
    std::optional<Part> part = TRY(parts_.receive({}));
    if (!part) break;
    PartedUpload& owner = *part->owner;
    if (!stop.stop_requested()) {
      Result<> stored = owner.upload_->put_part(part->number, part->bytes.bytes(), stop);
      if (!stored.ok() && !first_error) {
        first_error = std::move(stored).context("upload " + owner.key_.text()).error();
        tasks_.request_stop();
      }
    }
    part.reset();  // The buffer goes back before the owner may go away.
    owner.part_done();
  }
  if (first_error) return *std::move(first_error);
  return {};
}

PartedUpload::PartedUpload(Uploader& uploader, object_store::ObjectKey key)
    : uploader_(uploader), key_(std::move(key)) {}

PartedUpload::~PartedUpload() {
  wait_for_parts();
  if (is_finished_ || !upload_) return;
  // Best effort: what stays is collected later by `delete garbage`. Without a stop token, because
  // being stopped is the usual reason to be here; the store has its own deadlines.
  if (Result<> aborted = upload_->abort({}); !aborted.ok()) {
    log_warning("could not abort the upload of {}: {}", key_.text(), aborted.error().message());
  }
}

Result<> PartedUpload::write(std::string_view bytes) {
  digest_.update(bytes);
  written_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (filling_ && filling_->is_full()) TRY(send_part());
    if (!filling_) filling_ = TRY(uploader_.pool_.acquire(uploader_.tasks_.stop_token()));
    bytes.remove_prefix(filling_->append(bytes));
  }
  return {};
}

Result<> PartedUpload::send_part() {
  const std::stop_token stop = uploader_.tasks_.stop_token();
  if (!upload_) {
    upload_ = TRY(uploader_.store_.start_upload(
        key_, {.metadata = {}, .part_bytes = uploader_.pool_.bytes_each()}, stop));
  }
  {
    const std::lock_guard lock(mutex_);
    ++waiting_count_;
  }
  Uploader::Part part{this, ++sent_count_, *std::move(filling_)};
  filling_.reset();
  Result<> sent = uploader_.parts_.send(std::move(part), stop);
  if (!sent.ok()) part_done();
  return sent;
}

void PartedUpload::part_done() {
  const std::lock_guard lock(mutex_);
  --waiting_count_;
  all_done_.notify_all();
}

void PartedUpload::wait_for_parts() {
  std::unique_lock lock(mutex_);
  all_done_.wait(lock, [&] { return waiting_count_ == 0; });
}

Result<> PartedUpload::finish() {
  const std::stop_token stop = uploader_.tasks_.stop_token();
  if (!upload_) {
    const std::string_view only_part = filling_ ? filling_->bytes() : std::string_view();
    TRY(uploader_.store_.put(key_, only_part, {}, stop).context("upload " + key_.text()));
  } else {
    if (filling_ && filling_->size() > 0) TRY(send_part());
    wait_for_parts();
    if (stop.stop_requested()) return cancelled("upload {}: stopped", key_.text());
    TRY(upload_->complete(sent_count_, stop).context("upload " + key_.text()));
  }
  filling_.reset();
  is_finished_ = true;
  digest_hex_ = digest_.finish_hex();
  return {};
}

StoredObject PartedUpload::stored() const {
  ASSERT(is_finished_);
  return {.key = key_.text(), .size_bytes = written_bytes_, .sha256_hex = digest_hex_};
}

}  // namespace cairn::engine
