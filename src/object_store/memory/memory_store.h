// SPDX-License-Identifier: Apache-2.0
// Objects in memory: the store of the tests, held to the same contract as the real ones.
//
// Thread-safe. Outlives its uploads and open objects' readers need not care: a body keeps its
// bytes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "object_store/object_store.h"

namespace cairn::object_store {

class MemoryStore final : public ObjectStore {
 public:
  explicit MemoryStore(Clock& clock) : clock_(clock) {}

  Capabilities capabilities() const override;
  Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
               std::stop_token stop) override;
  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                         std::stop_token stop) override;
  Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                          std::stop_token stop) override;
  Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) override;
  Result<ListPage> list(const ListRequest& request, std::stop_token stop) override;
  Result<> remove(const ObjectKey& key, std::stop_token stop) override;
  Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                  std::stop_token stop) override;
  Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key, const UploadOptions& options,
                                               std::stop_token stop) override;
  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override;

  // For tests: what is there without asking through the interface.
  std::size_t object_count() const;
  std::size_t unfinished_count() const;
  // Pretends that the object was written at `modified`. The object must exist.
  void set_modified(const ObjectKey& key, WallTime modified);

 private:
  friend class MemoryUpload;

  struct Object {
    std::shared_ptr<const Bytes> bytes;
    Metadata metadata;
    WallTime modified = {};
    std::string etag;
  };
  struct Unfinished {
    std::string key;
    UploadOptions options;
    WallTime started = {};
    std::map<int, Bytes> parts;
  };
  struct Content {
    std::map<std::string, Object> objects;  // std::map: listings are in bytewise order
    std::map<std::uint64_t, Unfinished> uploads;
    std::uint64_t next_number = 1;  // makes etags and upload numbers
  };

  static ObjectInfo info_of(const std::string& key, const Object& object);
  static void store(Content& content, const std::string& key, Bytes bytes, const Metadata& metadata,
                    WallTime modified);
  Result<> put_part(std::uint64_t upload, int number, std::string_view bytes);
  Result<> complete(std::uint64_t upload, int part_count);
  void abort(std::uint64_t upload);

  Clock& clock_;
  Guarded<Content> content_;
};

}  // namespace cairn::object_store
