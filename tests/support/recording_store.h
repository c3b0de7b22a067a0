// SPDX-License-Identifier: Apache-2.0
// A store that writes down what it was asked, for tests that care about order ("the sentinel is
// written last") or number of requests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "object_store/object_store.h"
#include "object_store/operation.h"

namespace cairn::tests {

struct RecordedCall {
  object_store::Operation operation = object_store::Operation::Put;
  std::string key = {};  // list and collect_unfinished: the prefix; remove_batch: one call per key
  std::uint64_t size_bytes = 0;  // of what was sent
  bool ok = false;
};

class RecordingStore final : public object_store::ObjectStore {
 public:
  explicit RecordingStore(object_store::ObjectStore& inner) : inner_(inner) {}

  std::vector<RecordedCall> calls() const;
  // "put a/b", one line each: easy to compare and to read in a failure.
  std::vector<std::string> lines() const;
  int count(object_store::Operation operation) const;
  void forget();

  object_store::Capabilities capabilities() const override { return inner_.capabilities(); }
  Result<> put(const object_store::ObjectKey& key, std::string_view bytes,
               const object_store::Metadata& metadata, std::stop_token stop) override;
  Result<> put_if_absent(const object_store::ObjectKey& key, std::string_view bytes,
                         const object_store::Metadata& metadata, std::stop_token stop) override;
  Result<object_store::OpenObject> open(const object_store::ObjectKey& key,
                                        const object_store::OpenOptions& options,
                                        std::stop_token stop) override;
  Result<object_store::ObjectInfo> head(const object_store::ObjectKey& key,
                                        std::stop_token stop) override;
  Result<object_store::ListPage> list(const object_store::ListRequest& request,
                                      std::stop_token stop) override;
  Result<> remove(const object_store::ObjectKey& key, std::stop_token stop) override;
  Result<std::vector<object_store::RemoveFailure>> remove_batch(
      std::span<const object_store::ObjectKey> keys, std::stop_token stop) override;
  Result<std::unique_ptr<object_store::Upload>> start_upload(
      const object_store::ObjectKey& key, const object_store::UploadOptions& options,
      std::stop_token stop) override;
  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override;

 private:
  friend class RecordingUpload;

  void record(RecordedCall call);

  object_store::ObjectStore& inner_;
  Guarded<std::vector<RecordedCall>> calls_;
};

}  // namespace cairn::tests
