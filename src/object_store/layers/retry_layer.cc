// SPDX-License-Identifier: Apache-2.0
#include "object_store/layers/retry_layer.h"

#include <algorithm>
#include <map>

#include "base/guarded.h"
#include "base/log.h"
#include "concurrency/backoff.h"

namespace cairn::object_store {

namespace {

// How far a store's clock may be from ours before it refuses our requests anyway (S3's limit).
constexpr std::chrono::minutes kClockSkewMax{15};

// What the layer was made of; shared by its uploads and bodies.
struct Retrying {
  RetrySettings settings;
  Clock& clock;
  Random& random;
};

// The tries of one operation.
class Tries {
 public:
  Tries(const Retrying& retrying, std::string what)
      : retrying_(retrying),
        what_(std::move(what)),
        backoff_(retrying.random, retrying.settings.delay_first, retrying.settings.delay_max),
        first_(retrying.clock.steady_now()) {}

  // Waits before the next try after `error`, or returns why there is none.
  Result<> wait_after(const Error& error, const std::stop_token& stop) {
    if (!error.retryable()) return error;
    const int tries = backoff_.tries() + 1;
    const SteadyTime now = retrying_.clock.steady_now();
    const std::chrono::milliseconds delay = backoff_.next();
    if (tries >= retrying_.settings.tries_max ||
        now + delay > first_ + retrying_.settings.deadline) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - first_);
      return unavailable("{} (gave up after {} tries in {} s)", error.message(), tries,
                         seconds.count());
    }
    log_debug("{}: try {} failed, next in {} ms: {}", what_, tries, delay.count(), error.message());
    return retrying_.clock.wait_for(delay, stop);
  }

 private:
  const Retrying& retrying_;
  std::string what_;
  Backoff backoff_;
  SteadyTime first_;
};

// Runs `attempt` until it returns something that is not Unavailable.
template <class Attempt>
auto with_retries(const Retrying& retrying, std::string_view operation, const std::string& name,
                  const std::stop_token& stop, Attempt attempt) -> decltype(attempt()) {
  Tries tries(retrying, fmt::format("{} {}", operation, name));
  while (true) {
    auto result = attempt();
    if (result.ok() || !result.error().retryable()) return result;
    TRY(tries.wait_after(result.error(), stop));
  }
}

// A body that goes on where it broke.
class RetryBody final : public Source {
 public:
  RetryBody(ObjectStore& inner, const Retrying& retrying, ObjectKey key, const ByteRange& range,
            OpenObject& opened, std::stop_token stop)
      : inner_(inner),
        retrying_(retrying),
        key_(std::move(key)),
        offset_(range.offset),
        info_(opened.info),
        body_(std::move(opened.body)),
        stop_(std::move(stop)) {
    const std::uint64_t rest = info_.size_bytes - std::min(offset_, info_.size_bytes);
    length_ = std::min(range.length.value_or(rest), rest);
  }

  Result<std::size_t> read(std::span<char> out) override {
    // Tries and deadline count from the last byte that came: what moves is not given up.
    Tries tries(retrying_, "read " + key_.text());
    while (length_ > 0) {
      Result<std::size_t> count = body_ ? read_some(out) : reopen();
      if (count.ok() && body_ && count.value() > 0) return count;
      if (count.ok()) continue;  // It is open again.
      if (count.error().retryable()) body_.reset();
      TRY(tries.wait_after(count.error(), stop_));
    }
    return std::size_t{0};
  }

 private:
  Result<std::size_t> read_some(std::span<char> out) {
    const std::size_t count = TRY(body_->read(out));
    if (count == 0) {
      return unavailable("{}: the body ended {} bytes early", key_.text(), length_);
    }
    if (count > length_) {
      return corrupt("{}: the body is longer than the object", key_.text());
    }
    offset_ += count;
    length_ -= count;
    return count;
  }

  // Opens the rest of the same version of the object.
  Result<std::size_t> reopen() {
    const OpenOptions options{.range = {.offset = offset_, .length = length_},
                              .if_match = info_.etag};
    OpenObject opened = TRY(inner_.open(key_, options, stop_));
    if (opened.info.size_bytes != info_.size_bytes || opened.info.etag != info_.etag) {
      return conflict("{} was replaced while it was read", key_.text());
    }
    body_ = std::move(opened.body);
    return std::size_t{0};
  }

  ObjectStore& inner_;
  const Retrying& retrying_;
  const ObjectKey key_;
  std::uint64_t offset_;
  std::uint64_t length_ = 0;  // what is still to come
  const ObjectInfo info_;
  std::unique_ptr<Source> body_;  // none after it broke
  const std::stop_token stop_;
};

class RetryUpload final : public Upload {
 public:
  RetryUpload(ObjectStore& store, std::unique_ptr<Upload> inner, const Retrying& retrying,
              ObjectKey key)
      : store_(store),
        inner_(std::move(inner)),
        retrying_(retrying),
        key_(std::move(key)),
        started_(retrying.clock.now()) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override {
    TRY(with_retries(retrying_, "put part of", key_.text(), stop,
                     [&] { return inner_->put_part(number, bytes, stop); }));
    part_bytes_.with([&](auto& sizes) { sizes[number] = bytes.size(); });
    return {};
  }

  Result<> complete(int part_count, std::stop_token stop) override {
    bool is_repeat = false;
    return with_retries(retrying_, "complete", key_.text(), stop, [&]() -> Result<> {
      Result<> completed = inner_->complete(part_count, stop);
      const bool is_gone = !completed.ok() && completed.error().code() == ErrorCode::NotFound;
      if (is_gone && is_repeat && TRY(is_there(part_count, stop))) return {};
      is_repeat = true;
      return completed;
    });
  }

  Result<> abort(std::stop_token stop) override {
    return with_retries(retrying_, "abort", key_.text(), stop, [&] { return inner_->abort(stop); });
  }

 private:
  // Whether the object can only be what this upload made. An older one of the same size is not.
  Result<bool> is_there(int part_count, const std::stop_token& stop) {
    std::uint64_t size_bytes = 0;
    part_bytes_.with([&](const auto& sizes) {
      for (const auto& [number, size] : sizes) {
        if (number <= part_count) size_bytes += size;
      }
    });
    const std::optional<ObjectInfo> found = TRY(find(store_, key_, stop));
    return found && found->size_bytes == size_bytes && found->modified >= started_ - kClockSkewMax;
  }

  ObjectStore& store_;
  std::unique_ptr<Upload> inner_;
  const Retrying& retrying_;
  const ObjectKey key_;
  const WallTime started_;
  Guarded<std::map<int, std::uint64_t>> part_bytes_;
};

class RetryLayer final : public ObjectStore {
 public:
  RetryLayer(ObjectStore& inner, const RetrySettings& settings, Clock& clock, Random& random)
      : inner_(inner), retrying_{settings, clock, random} {}

  Capabilities capabilities() const override { return inner_.capabilities(); }

  Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
               std::stop_token stop) override {
    return with_retries(retrying_, "put", key.text(), stop,
                        [&] { return inner_.put(key, bytes, metadata, stop); });
  }

  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                         std::stop_token stop) override {
    return with_retries(retrying_, "put", key.text(), stop,
                        [&] { return inner_.put_if_absent(key, bytes, metadata, stop); });
  }

  Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                          std::stop_token stop) override {
    OpenObject object = TRY(with_retries(retrying_, "open", key.text(), stop,
                                         [&] { return inner_.open(key, options, stop); }));
    object.body =
        std::make_unique<RetryBody>(inner_, retrying_, key, options.range, object, std::move(stop));
    return object;
  }

  Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) override {
    return with_retries(retrying_, "head", key.text(), stop,
                        [&] { return inner_.head(key, stop); });
  }

  Result<ListPage> list(const ListRequest& request, std::stop_token stop) override {
    return with_retries(retrying_, "list", request.prefix, stop,
                        [&] { return inner_.list(request, stop); });
  }

  Result<> remove(const ObjectKey& key, std::stop_token stop) override {
    return with_retries(retrying_, "remove", key.text(), stop,
                        [&] { return inner_.remove(key, stop); });
  }

  Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                  std::stop_token stop) override;

  Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key, const UploadOptions& options,
                                               std::stop_token stop) override {
    std::unique_ptr<Upload> upload =
        TRY(with_retries(retrying_, "start upload of", key.text(), stop,
                         [&] { return inner_.start_upload(key, options, stop); }));
    return std::unique_ptr<Upload>(
        std::make_unique<RetryUpload>(inner_, std::move(upload), retrying_, key));
  }

  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override {
    return with_retries(retrying_, "collect unfinished uploads below", prefix, stop,
                        [&] { return inner_.collect_unfinished(prefix, older_than, stop); });
  }

 private:
  ObjectStore& inner_;
  const Retrying retrying_;
};

// Repeats only the keys that failed, if the batch as a whole succeeded.
Result<std::vector<RemoveFailure>> RetryLayer::remove_batch(std::span<const ObjectKey> keys,
                                                            std::stop_token stop) {
  std::vector<ObjectKey> left(keys.begin(), keys.end());
  std::vector<RemoveFailure> final_failures;
  Tries tries(retrying_, fmt::format("remove {} objects", keys.size()));
  while (true) {
    Result<std::vector<RemoveFailure>> result = inner_.remove_batch(left, stop);
    if (!result.ok()) {
      TRY(tries.wait_after(result.error(), stop));
      continue;
    }
    std::vector<RemoveFailure> retryable;
    for (RemoveFailure& failure : result.value()) {
      (failure.error.retryable() ? retryable : final_failures).push_back(std::move(failure));
    }
    if (retryable.empty()) return final_failures;
    left.clear();
    for (const RemoveFailure& failure : retryable) {
      left.push_back(TRY(ObjectKey::parse(failure.key)));
    }
    const Result<> waited = tries.wait_after(retryable.front().error, stop);
    if (!waited.ok() && !waited.error().retryable()) return waited.error();
    if (!waited.ok()) {  // Given up: what went well stays so, and these are told one by one.
      std::ranges::move(retryable, std::back_inserter(final_failures));
      return final_failures;
    }
  }
}

}  // namespace

std::unique_ptr<ObjectStore> make_retry_layer(ObjectStore& inner, const RetrySettings& settings,
                                              Clock& clock, Random& random) {
  return std::make_unique<RetryLayer>(inner, settings, clock, random);
}

}  // namespace cairn::object_store
