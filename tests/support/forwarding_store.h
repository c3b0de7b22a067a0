// SPDX-License-Identifier: Apache-2.0
// A store that passes every call on: tests override the one call that they change.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "object_store/object_store.h"

namespace cairn::tests {

class ForwardingStore : public object_store::ObjectStore {
 public:
  explicit ForwardingStore(object_store::ObjectStore& inner) : inner_(inner) {}

  object_store::Capabilities capabilities() const override { return inner_.capabilities(); }
  Result<> put(const object_store::ObjectKey& key, std::string_view bytes,
               const object_store::Metadata& metadata, std::stop_token stop) override {
    return inner_.put(key, bytes, metadata, std::move(stop));
  }
  Result<> put_if_absent(const object_store::ObjectKey& key, std::string_view bytes,
                         const object_store::Metadata& metadata, std::stop_token stop) override {
    return inner_.put_if_absent(key, bytes, metadata, std::move(stop));
  }
  Result<object_store::OpenObject> open(const object_store::ObjectKey& key,
                                        const object_store::OpenOptions& options,
                                        std::stop_token stop) override {
    return inner_.open(key, options, std::move(stop));
  }
  Result<object_store::ObjectInfo> head(const object_store::ObjectKey& key,
                                        std::stop_token stop) override {
    return inner_.head(key, std::move(stop));
  }
  Result<object_store::ListPage> list(const object_store::ListRequest& request,
                                      std::stop_token stop) override {
    return inner_.list(request, std::move(stop));
  }
  Result<> remove(const object_store::ObjectKey& key, std::stop_token stop) override {
    return inner_.remove(key, std::move(stop));
  }
  Result<std::vector<object_store::RemoveFailure>> remove_batch(
      std::span<const object_store::ObjectKey> keys, std::stop_token stop) override {
    return inner_.remove_batch(keys, std::move(stop));
  }
  Result<std::unique_ptr<object_store::Upload>> start_upload(
      const object_store::ObjectKey& key, const object_store::UploadOptions& options,
      std::stop_token stop) override {
    return inner_.start_upload(key, options, std::move(stop));
  }
  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override {
    return inner_.collect_unfinished(prefix, older_than, std::move(stop));
  }

 protected:
  object_store::ObjectStore& inner_;
};

}  // namespace cairn::tests
