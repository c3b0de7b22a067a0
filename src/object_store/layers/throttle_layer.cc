// SPDX-License-Identifier: Apache-2.0
#include "object_store/layers/throttle_layer.h"

#include <algorithm>

namespace cairn::object_store {

namespace {

// Reads are handed on in pieces no larger than this, so that a large buffer does not come in one
// gulp and then wait for long.
constexpr std::size_t kReadBytesMax = 256 * 1024;

class ThrottledBody final : public Source {
 public:
  ThrottledBody(std::unique_ptr<Source> inner, RateLimiter& limiter, std::stop_token stop)
      : inner_(std::move(inner)), limiter_(limiter), stop_(std::move(stop)) {}

  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t count = TRY(inner_->read(out.first(std::min(out.size(), kReadBytesMax))));
    TRY(limiter_.take(count, stop_));
    return count;
  }

 private:
  std::unique_ptr<Source> inner_;
  RateLimiter& limiter_;
  std::stop_token stop_;
};

class ThrottledUpload final : public Upload {
 public:
  ThrottledUpload(std::unique_ptr<Upload> inner, RateLimiter& limiter)
      : inner_(std::move(inner)), limiter_(limiter) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override {
    TRY(limiter_.take(bytes.size(), stop));
    return inner_->put_part(number, bytes, std::move(stop));
  }
  Result<> complete(int part_count, std::stop_token stop) override {
    return inner_->complete(part_count, std::move(stop));
  }
  Result<> abort(std::stop_token stop) override { return inner_->abort(std::move(stop)); }

 private:
  std::unique_ptr<Upload> inner_;
  RateLimiter& limiter_;
};

class ThrottleLayer final : public ObjectStore {
 public:
  ThrottleLayer(ObjectStore& inner, RateLimiter& limiter) : inner_(inner), limiter_(limiter) {}

  Capabilities capabilities() const override { return inner_.capabilities(); }

  Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
               std::stop_token stop) override {
    TRY(limiter_.take(bytes.size(), stop));
    return inner_.put(key, bytes, metadata, std::move(stop));
  }

  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                         std::stop_token stop) override {
    TRY(limiter_.take(bytes.size(), stop));
    return inner_.put_if_absent(key, bytes, metadata, std::move(stop));
  }

  Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                          std::stop_token stop) override {
    OpenObject object = TRY(inner_.open(key, options, stop));
    object.body =
        std::make_unique<ThrottledBody>(std::move(object.body), limiter_, std::move(stop));
    return object;
  }

  Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) override {
    return inner_.head(key, std::move(stop));
  }

  Result<ListPage> list(const ListRequest& request, std::stop_token stop) override {
    return inner_.list(request, std::move(stop));
  }

  Result<> remove(const ObjectKey& key, std::stop_token stop) override {
    return inner_.remove(key, std::move(stop));
  }

  Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                  std::stop_token stop) override {
    return inner_.remove_batch(keys, std::move(stop));
  }

  Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key, const UploadOptions& options,
                                               std::stop_token stop) override {
    std::unique_ptr<Upload> upload = TRY(inner_.start_upload(key, options, std::move(stop)));
    return std::unique_ptr<Upload>(std::make_unique<ThrottledUpload>(std::move(upload), limiter_));
  }

  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override {
    return inner_.collect_unfinished(prefix, older_than, std::move(stop));
  }

 private:
  ObjectStore& inner_;
  RateLimiter& limiter_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_throttle_layer(ObjectStore& inner, RateLimiter& limiter) {
  return std::make_unique<ThrottleLayer>(inner, limiter);
}

}  // namespace cairn::object_store
