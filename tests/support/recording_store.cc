// SPDX-License-Identifier: Apache-2.0
#include "tests/support/recording_store.h"

#include <algorithm>

namespace cairn::tests {

using object_store::ListPage;
using object_store::ListRequest;
using object_store::Metadata;
using object_store::ObjectInfo;
using object_store::ObjectKey;
using object_store::OpenObject;
using object_store::OpenOptions;
using object_store::Operation;
using object_store::RemoveFailure;
using object_store::Upload;
using object_store::UploadOptions;

class RecordingUpload final : public Upload {
 public:
  RecordingUpload(RecordingStore& store, std::unique_ptr<Upload> inner, std::string key)
      : store_(store), inner_(std::move(inner)), key_(std::move(key)) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override {
    Result<> result = inner_->put_part(number, bytes, std::move(stop));
    store_.record({Operation::PutPart, key_, bytes.size(), result.ok()});
    return result;
  }
  Result<> complete(int part_count, std::stop_token stop) override {
    Result<> result = inner_->complete(part_count, std::move(stop));
    store_.record({Operation::Complete, key_, 0, result.ok()});
    return result;
  }
  Result<> abort(std::stop_token stop) override {
    Result<> result = inner_->abort(std::move(stop));
    store_.record({Operation::Abort, key_, 0, result.ok()});
    return result;
  }

 private:
  RecordingStore& store_;
  std::unique_ptr<Upload> inner_;
  const std::string key_;
};

void RecordingStore::record(RecordedCall call) {
  calls_.with([&](auto& calls) { calls.push_back(std::move(call)); });
}

std::vector<RecordedCall> RecordingStore::calls() const {
  return calls_.with([](const auto& calls) { return calls; });
}

std::vector<std::string> RecordingStore::lines() const {
  std::vector<std::string> lines;
  for (const RecordedCall& call : calls()) {
    lines.push_back(std::string(operation_name(call.operation)) + " " + call.key);
  }
  return lines;
}

int RecordingStore::count(Operation operation) const {
  return static_cast<int>(std::ranges::count(calls(), operation, &RecordedCall::operation));
}

void RecordingStore::forget() {
  calls_.with([](auto& calls) { calls.clear(); });
}

Result<> RecordingStore::put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                             std::stop_token stop) {
  Result<> result = inner_.put(key, bytes, metadata, std::move(stop));
  record({Operation::Put, key.text(), bytes.size(), result.ok()});
  return result;
}

Result<> RecordingStore::put_if_absent(const ObjectKey& key, std::string_view bytes,
                                       const Metadata& metadata, std::stop_token stop) {
  Result<> result = inner_.put_if_absent(key, bytes, metadata, std::move(stop));
  record({Operation::PutIfAbsent, key.text(), bytes.size(), result.ok()});
  return result;
}

Result<OpenObject> RecordingStore::open(const ObjectKey& key, const OpenOptions& options,
                                        std::stop_token stop) {
  Result<OpenObject> result = inner_.open(key, options, std::move(stop));
  record({Operation::Open, key.text(), 0, result.ok()});
  return result;
}

Result<ObjectInfo> RecordingStore::head(const ObjectKey& key, std::stop_token stop) {
  Result<ObjectInfo> result = inner_.head(key, std::move(stop));
  record({Operation::Head, key.text(), 0, result.ok()});
  return result;
}

Result<ListPage> RecordingStore::list(const ListRequest& request, std::stop_token stop) {
  Result<ListPage> result = inner_.list(request, std::move(stop));
  record({Operation::List, request.prefix, 0, result.ok()});
  return result;
}

Result<> RecordingStore::remove(const ObjectKey& key, std::stop_token stop) {
  Result<> result = inner_.remove(key, std::move(stop));
  record({Operation::Remove, key.text(), 0, result.ok()});
  return result;
}

Result<std::vector<RemoveFailure>> RecordingStore::remove_batch(std::span<const ObjectKey> keys,
                                                                std::stop_token stop) {
  Result<std::vector<RemoveFailure>> result = inner_.remove_batch(keys, std::move(stop));
  for (const ObjectKey& key : keys) {
    const bool ok = result.ok() && std::ranges::find(result.value(), key.text(),
                                                     &RemoveFailure::key) == result.value().end();
    record({Operation::RemoveBatch, key.text(), 0, ok});
  }
  return result;
}

Result<std::unique_ptr<Upload>> RecordingStore::start_upload(const ObjectKey& key,
                                                             const UploadOptions& options,
                                                             std::stop_token stop) {
  Result<std::unique_ptr<Upload>> result = inner_.start_upload(key, options, std::move(stop));
  record({Operation::StartUpload, key.text(), 0, result.ok()});
  std::unique_ptr<Upload> upload = TRY(std::move(result));
  return std::unique_ptr<Upload>(
      std::make_unique<RecordingUpload>(*this, std::move(upload), key.text()));
}

Result<std::uint64_t> RecordingStore::collect_unfinished(const std::string& prefix,
                                                         WallTime older_than,
                                                         std::stop_token stop) {
  Result<std::uint64_t> result = inner_.collect_unfinished(prefix, older_than, std::move(stop));
  record({Operation::CollectUnfinished, prefix, 0, result.ok()});
  return result;
}

}  // namespace cairn::tests
