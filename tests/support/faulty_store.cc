// SPDX-License-Identifier: Apache-2.0
#include "tests/support/faulty_store.h"

#include <algorithm>

namespace cairn::tests {

using object_store::ListPage;
using object_store::ListRequest;
using object_store::Metadata;
using object_store::ObjectInfo;
using object_store::ObjectKey;
using object_store::OpenObject;
using object_store::OpenOptions;
using object_store::RemoveFailure;
using object_store::Upload;
using object_store::UploadOptions;

namespace {

Error death() {
  return internal_error("process died");
}

bool is_write(Operation operation) {
  switch (operation) {
    case Operation::Put:
    case Operation::PutIfAbsent:
    case Operation::PutPart:
    case Operation::Complete:
    case Operation::Remove:
    case Operation::RemoveBatch:
    case Operation::CollectUnfinished:
      return true;
    default:
      return false;
  }
}

// A body that is cut or has one byte inverted.
class FaultyBody final : public Source {
 public:
  FaultyBody(std::unique_ptr<Source> inner, const Fault& fault)
      : inner_(std::move(inner)), fault_(fault) {}

  Result<std::size_t> read(std::span<char> out) override {
    if (fault_.kind == Fault::Kind::CutBody) {
      if (done_ >= fault_.at) return Error(fault_.code, "injected: the body was cut");
      out = out.first(std::min<std::uint64_t>(out.size(), fault_.at - done_));
    }
    const std::size_t count = TRY(inner_->read(out));
    if (fault_.kind == Fault::Kind::FlipByte && fault_.at >= done_ && fault_.at < done_ + count) {
      char& byte = out[fault_.at - done_];
      byte = static_cast<char>(~byte);
    }
    done_ += count;
    return count;
  }

 private:
  std::unique_ptr<Source> inner_;
  const Fault fault_;
  std::uint64_t done_ = 0;
};

}  // namespace

class FaultyUpload final : public Upload {
 public:
  FaultyUpload(FaultyStore& store, std::unique_ptr<Upload> inner, std::string key)
      : store_(store), inner_(std::move(inner)), key_(std::move(key)) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override;
  Result<> complete(int part_count, std::stop_token stop) override;
  Result<> abort(std::stop_token stop) override;

 private:
  FaultyStore& store_;
  std::unique_ptr<Upload> inner_;
  const std::string key_;
};

void FaultyStore::die_after(DieAfter planned) {
  state_.with([&](State& state) {
    state.death = planned;
    state.death->writes += state.writes;
  });
}

void FaultyStore::add_fault(Fault fault) {
  std::regex pattern(fault.key_pattern);
  state_.with(
      [&](State& state) { state.faults.push_back({std::move(fault), std::move(pattern)}); });
}

bool FaultyStore::is_dead() const {
  return state_.with([](const State& state) { return state.is_dead; });
}

std::int64_t FaultyStore::write_count() const {
  return state_.with([](const State& state) { return state.writes; });
}

int FaultyStore::calls(Operation operation) const {
  return state_.with(
      [&](const State& state) { return state.calls[static_cast<std::size_t>(operation)]; });
}

int FaultyStore::faults_left() const {
  return state_.with([](const State& state) {
    int left = 0;
    for (const PlannedFault& planned : state.faults) left += planned.fault.times;
    return left;
  });
}

FaultyStore::Verdict FaultyStore::judge(Operation operation, const std::string& key) {
  return state_.with([&](State& state) -> Verdict {
    ++state.calls[static_cast<std::size_t>(operation)];
    if (state.is_dead) return {.error_before = death()};
    const auto planned = std::ranges::find_if(state.faults, [&](const PlannedFault& candidate) {
      return candidate.fault.times > 0 && candidate.fault.operation == operation &&
             std::regex_search(key, candidate.pattern);
    });
    Verdict verdict;
    if (planned != state.faults.end()) {
      const Fault& fault = planned->fault;
      --planned->fault.times;
      const Error error(fault.code, "injected: " + std::string(operation_name(operation)) + " " +
                                        key + " failed");
      if (fault.kind == Fault::Kind::Fail) return {.error_before = error};
      if (fault.kind == Fault::Kind::LoseReply) {
        verdict.error_after = error;
      } else {
        verdict.body_fault = fault;
      }
    }
    if (!is_write(operation)) return verdict;
    if (state.death && state.writes >= state.death->writes) {
      state.is_dead = true;
      if (!state.death->reply_lost) return {.error_before = death()};
      verdict.error_after = death();
    }
    ++state.writes;
    return verdict;
  });
}

template <class Call>
auto FaultyStore::run(Operation operation, const std::string& key, Call call) -> decltype(call()) {
  const Verdict verdict = judge(operation, key);
  if (verdict.error_before) return *verdict.error_before;
  auto result = call();
  if (verdict.error_after) return *verdict.error_after;
  return result;
}

Result<> FaultyStore::put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                          std::stop_token stop) {
  return run(Operation::Put, key.text(), [&] { return inner_.put(key, bytes, metadata, stop); });
}

Result<> FaultyStore::put_if_absent(const ObjectKey& key, std::string_view bytes,
                                    const Metadata& metadata, std::stop_token stop) {
  return run(Operation::PutIfAbsent, key.text(),
             [&] { return inner_.put_if_absent(key, bytes, metadata, stop); });
}

Result<OpenObject> FaultyStore::open(const ObjectKey& key, const OpenOptions& options,
                                     std::stop_token stop) {
  const Verdict verdict = judge(Operation::Open, key.text());
  if (verdict.error_before) return *verdict.error_before;
  OpenObject object = TRY(inner_.open(key, options, std::move(stop)));
  if (verdict.error_after) return *verdict.error_after;
  if (verdict.body_fault) {
    object.body = std::make_unique<FaultyBody>(std::move(object.body), *verdict.body_fault);
  }
  return object;
}

Result<ObjectInfo> FaultyStore::head(const ObjectKey& key, std::stop_token stop) {
  return run(Operation::Head, key.text(), [&] { return inner_.head(key, stop); });
}

Result<ListPage> FaultyStore::list(const ListRequest& request, std::stop_token stop) {
  return run(Operation::List, request.prefix, [&] { return inner_.list(request, stop); });
}

Result<> FaultyStore::remove(const ObjectKey& key, std::stop_token stop) {
  return run(Operation::Remove, key.text(), [&] { return inner_.remove(key, stop); });
}

// Key by key, so that a death can come between two.
Result<std::vector<RemoveFailure>> FaultyStore::remove_batch(std::span<const ObjectKey> keys,
                                                             std::stop_token stop) {
  std::vector<RemoveFailure> failures;
  for (const ObjectKey& key : keys) {
    Result<> removed =
        run(Operation::RemoveBatch, key.text(), [&] { return inner_.remove(key, stop); });
    if (removed.ok()) continue;
    if (is_dead() || removed.error().code() == ErrorCode::Cancelled) return removed.error();
    failures.push_back({key.text(), removed.error()});
  }
  return failures;
}

Result<std::unique_ptr<Upload>> FaultyStore::start_upload(const ObjectKey& key,
                                                          const UploadOptions& options,
                                                          std::stop_token stop) {
  std::unique_ptr<Upload> upload = TRY(run(
      Operation::StartUpload, key.text(), [&] { return inner_.start_upload(key, options, stop); }));
  return std::unique_ptr<Upload>(
      std::make_unique<FaultyUpload>(*this, std::move(upload), key.text()));
}

Result<std::uint64_t> FaultyStore::collect_unfinished(const std::string& prefix,
                                                      WallTime older_than, std::stop_token stop) {
  return run(Operation::CollectUnfinished, prefix,
             [&] { return inner_.collect_unfinished(prefix, older_than, stop); });
}

Result<> FaultyUpload::put_part(int number, std::string_view bytes, std::stop_token stop) {
  return store_.run(Operation::PutPart, key_,
                    [&] { return inner_->put_part(number, bytes, stop); });
}

Result<> FaultyUpload::complete(int part_count, std::stop_token stop) {
  return store_.run(Operation::Complete, key_, [&] { return inner_->complete(part_count, stop); });
}

Result<> FaultyUpload::abort(std::stop_token stop) {
  return store_.run(Operation::Abort, key_, [&] { return inner_->abort(stop); });
}

}  // namespace cairn::tests
