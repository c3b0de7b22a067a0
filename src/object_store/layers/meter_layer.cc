// SPDX-License-Identifier: Apache-2.0
#include "object_store/layers/meter_layer.h"

namespace cairn::object_store {

namespace {

bool is_error(const Error& error) {
  switch (error.code()) {
    case ErrorCode::NotFound:
    case ErrorCode::AlreadyExists:
    case ErrorCode::Conflict:
    case ErrorCode::Cancelled:
      return false;
    default:
      return true;
  }
}

// Counts one request by its result, and passes the result on.
template <class T>
Result<T> counted(Meter& meter, Operation operation, Result<T> result,
                  std::uint64_t bytes_sent = 0) {
  meter.count(operation, !result.ok() && is_error(result.error()), result.ok() ? bytes_sent : 0);
  return result;
}

class MeteredBody final : public Source {
 public:
  MeteredBody(std::unique_ptr<Source> inner, Meter& meter)
      : inner_(std::move(inner)), meter_(meter) {}

  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t count = TRY(inner_->read(out));
    meter_.count_received(count);
    return count;
  }

 private:
  std::unique_ptr<Source> inner_;
  Meter& meter_;
};

class MeteredUpload final : public Upload {
 public:
  MeteredUpload(std::unique_ptr<Upload> inner, Meter& meter)
      : inner_(std::move(inner)), meter_(meter) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override {
    return counted(meter_, Operation::PutPart, inner_->put_part(number, bytes, std::move(stop)),
                   bytes.size());
  }
  Result<> complete(int part_count, std::stop_token stop) override {
    return counted(meter_, Operation::Complete, inner_->complete(part_count, std::move(stop)));
  }
  Result<> abort(std::stop_token stop) override {
    return counted(meter_, Operation::Abort, inner_->abort(std::move(stop)));
  }

 private:
  std::unique_ptr<Upload> inner_;
  Meter& meter_;
};

class MeterLayer final : public ObjectStore {
 public:
  MeterLayer(ObjectStore& inner, Meter& meter) : inner_(inner), meter_(meter) {}

  Capabilities capabilities() const override { return inner_.capabilities(); }

  Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
               std::stop_token stop) override {
    return counted(meter_, Operation::Put, inner_.put(key, bytes, metadata, std::move(stop)),
                   bytes.size());
  }

  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                         std::stop_token stop) override {
    return counted(meter_, Operation::PutIfAbsent,
                   inner_.put_if_absent(key, bytes, metadata, std::move(stop)), bytes.size());
  }

  Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                          std::stop_token stop) override {
    OpenObject object =
        TRY(counted(meter_, Operation::Open, inner_.open(key, options, std::move(stop))));
    object.body = std::make_unique<MeteredBody>(std::move(object.body), meter_);
    return object;
  }

  Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) override {
    return counted(meter_, Operation::Head, inner_.head(key, std::move(stop)));
  }

  Result<ListPage> list(const ListRequest& request, std::stop_token stop) override {
    return counted(meter_, Operation::List, inner_.list(request, std::move(stop)));
  }

  Result<> remove(const ObjectKey& key, std::stop_token stop) override {
    return counted(meter_, Operation::Remove, inner_.remove(key, std::move(stop)));
  }

  Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                  std::stop_token stop) override {
    return counted(meter_, Operation::RemoveBatch, inner_.remove_batch(keys, std::move(stop)));
  }

  Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key, const UploadOptions& options,
                                               std::stop_token stop) override {
    std::unique_ptr<Upload> upload = TRY(counted(
        meter_, Operation::StartUpload, inner_.start_upload(key, options, std::move(stop))));
    return std::unique_ptr<Upload>(std::make_unique<MeteredUpload>(std::move(upload), meter_));
  }

  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override {
    return counted(meter_, Operation::CollectUnfinished,
                   inner_.collect_unfinished(prefix, older_than, std::move(stop)));
  }

 private:
  ObjectStore& inner_;
  Meter& meter_;
};

}  // namespace

std::uint64_t MeterCounts::requests() const {
  std::uint64_t sum = 0;
  for (const OperationCounts& counts : operations) sum += counts.requests;
  return sum;
}

std::uint64_t MeterCounts::errors() const {
  std::uint64_t sum = 0;
  for (const OperationCounts& counts : operations) sum += counts.errors;
  return sum;
}

std::string MeterCounts::text() const {
  std::string text;
  for (std::size_t i = 0; i < kOperationCount; ++i) {
    if (operations[i].requests == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", operations[i].requests,
                        operation_name(static_cast<Operation>(i)));
  }
  return text.empty() ? "none" : text;
}

MeterCounts Meter::counts() const {
  return counts_.with([](const MeterCounts& counts) { return counts; });
}

void Meter::count(Operation operation, bool is_failed, std::uint64_t bytes_sent) {
  counts_.with([&](MeterCounts& counts) {
    OperationCounts& one = counts.operations[static_cast<std::size_t>(operation)];
    ++one.requests;
    if (is_failed) ++one.errors;
    counts.bytes_sent += bytes_sent;
  });
}

void Meter::count_received(std::uint64_t bytes) {
  counts_.with([&](MeterCounts& counts) { counts.bytes_received += bytes; });
}

std::unique_ptr<ObjectStore> make_meter_layer(ObjectStore& inner, Meter& meter) {
  return std::make_unique<MeterLayer>(inner, meter);
}

}  // namespace cairn::object_store
