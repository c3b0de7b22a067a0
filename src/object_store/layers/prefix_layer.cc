// SPDX-License-Identifier: Apache-2.0
#include "object_store/layers/prefix_layer.h"

namespace cairn::object_store {

namespace {

class PrefixLayer final : public ObjectStore {
 public:
  PrefixLayer(ObjectStore& inner, const ObjectKey& folder)
      : inner_(inner), folder_(folder.text() + "/") {}

  Capabilities capabilities() const override { return inner_.capabilities(); }

  Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
               std::stop_token stop) override {
    const ObjectKey full = TRY(with_folder(key));
    return inner_.put(full, bytes, metadata, std::move(stop));
  }

  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                         std::stop_token stop) override {
    const ObjectKey full = TRY(with_folder(key));
    return inner_.put_if_absent(full, bytes, metadata, std::move(stop));
  }

  Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                          std::stop_token stop) override {
    const ObjectKey full = TRY(with_folder(key));
    OpenObject object = TRY(inner_.open(full, options, std::move(stop)));
    object.info.key = key.text();
    return object;
  }

  Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) override {
    const ObjectKey full = TRY(with_folder(key));
    ObjectInfo info = TRY(inner_.head(full, std::move(stop)));
    info.key = key.text();
    return info;
  }

  Result<ListPage> list(const ListRequest& request, std::stop_token stop) override {
    ListRequest full = request;
    full.prefix = folder_ + request.prefix;
    if (!request.start_after.empty()) full.start_after = folder_ + request.start_after;
    ListPage page = TRY(inner_.list(full, std::move(stop)));
    for (ObjectInfo& object : page.objects) object.key = TRY(without_folder(object.key));
    for (std::string& prefix : page.prefixes) prefix = TRY(without_folder(prefix));
    return page;
  }

  Result<> remove(const ObjectKey& key, std::stop_token stop) override {
    const ObjectKey full = TRY(with_folder(key));
    return inner_.remove(full, std::move(stop));
  }

  Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                  std::stop_token stop) override {
    std::vector<ObjectKey> full;
    full.reserve(keys.size());
    for (const ObjectKey& key : keys) full.push_back(TRY(with_folder(key)));
    std::vector<RemoveFailure> failures = TRY(inner_.remove_batch(full, std::move(stop)));
    for (RemoveFailure& failure : failures) failure.key = TRY(without_folder(failure.key));
    return failures;
  }

  Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key, const UploadOptions& options,
                                               std::stop_token stop) override {
    const ObjectKey full = TRY(with_folder(key));
    return inner_.start_upload(full, options, std::move(stop));
  }

  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override {
    return inner_.collect_unfinished(folder_ + prefix, older_than, std::move(stop));
  }

 private:
  Result<ObjectKey> with_folder(const ObjectKey& key) const {
    return ObjectKey::parse(folder_ + key.text());
  }

  Result<std::string> without_folder(const std::string& key) const {
    if (key.starts_with(folder_)) return key.substr(folder_.size());
    return corrupt("the store answered with \"{}\", which is not below {}", key, folder_);
  }

  ObjectStore& inner_;
  const std::string folder_;  // with its '/'
};

}  // namespace

std::unique_ptr<ObjectStore> make_prefix_layer(ObjectStore& inner, const ObjectKey& folder) {
  return std::make_unique<PrefixLayer>(inner, folder);
}

}  // namespace cairn::object_store
