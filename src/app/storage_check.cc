// SPDX-License-Identifier: Apache-2.0
#include "app/storage_check.h"

#include <functional>

#include "concurrency/task_group.h"

namespace cairn::app {

namespace {

using object_store::ObjectKey;
using object_store::ObjectStore;

constexpr std::string_view kContent = "cairn st check\n";

class StorageCheck {
 public:
  StorageCheck(ObjectStore& store, Clock& clock, Random& random, Sink& out, std::stop_token stop)
      : store_(store),
        clock_(clock),
        out_(out),
        stop_(std::move(stop)),
        key_("cairn-check/" + random_hex(random)) {}

  Result<bool> run() {
    // Reaching, being let in and seeing the bucket: without these nothing else can work.
    if (!TRY(step("list", [&] { return list(); }))) return false;
    if (!TRY(step("write if absent", [&] { return put_if_absent(); }))) return false;
    bool is_good = TRY(step("refuse to overwrite", [&] { return refuse_overwrite(); }));
    is_good = TRY(step("read back", [&] { return read_back(); })) && is_good;
    is_good =
        TRY(step("replace", [&] { return store_.put(key_, kContent, {}, stop_); })) && is_good;
    return TRY(step("delete", [&] { return remove(); })) && is_good;
  }

 private:
  // Runs one step and prints its line; false if it failed. Being stopped ends the check.
  Result<bool> step(std::string_view name, const std::function<Result<>()>& work) {
    const SteadyTime begin = clock_.steady_now();
    const Result<> result = work();
    if (!result.ok() && result.error().code() == ErrorCode::Cancelled) return result.error();
    const auto spent =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - begin);
    const std::string line =
        fmt::format("{:<20} {:>6} ms  {}\n", name, spent.count(), result.ok() ? "ok" : "FAILED");
    TRY(out_.write(line));
    if (result.ok()) return true;
    TRY(out_.write(fmt::format("    {}\n", result.error().message())));
    return false;
  }

  Result<> list() {
    const auto page = TRY(store_.list({.recursive = false, .page_max = 1}, stop_));
    (void)page;
    return {};
  }

  Result<> put_if_absent() {
    if (store_.capabilities().put_if_absent) {
      return store_.put_if_absent(key_, kContent, {}, stop_);
    }
    return store_.put(key_, kContent, {}, stop_);
  }

  Result<> refuse_overwrite() {
    const Result<> second = store_.capabilities().put_if_absent
                                ? store_.put_if_absent(key_, "other\n", {}, stop_)
                                : Result<>();
    if (!second.ok() && second.error().code() == ErrorCode::AlreadyExists) return {};
    if (!second.ok()) return second;
    TRY(store_.put(key_, kContent, {}, stop_));
    return invalid_argument(
        "the {} store overwrites objects that should be created only once (If-None-Match is not "
        "honoured): two clusters could overwrite each other's WAL; update the storage software",
        store_.capabilities().name);
  }

  Result<> read_back() {
    const Bytes content = TRY(object_store::get(store_, key_, 1024, stop_));
    if (content != kContent) {
      return corrupt("{} came back with other content than was written", key_.text());
    }
    return {};
  }

  Result<> remove() {
    TRY(store_.remove(key_, stop_));
    if (TRY(object_store::find(store_, key_, stop_))) {
      return corrupt("{} is still there after it was deleted", key_.text());
    }
    return {};
  }

  ObjectStore& store_;
  Clock& clock_;
  Sink& out_;
  std::stop_token stop_;
  const ObjectKey key_;
};

}  // namespace

Result<bool> check_storage(ObjectStore& store, Clock& clock, Random& random,
                           std::chrono::milliseconds deadline, Sink& out, std::stop_token stop) {
  bool is_good = false;
  TaskGroup group(stop);
  group.start([&](std::stop_token stopped) -> Result<> {
    TRY(clock.wait_for(deadline, stopped));
    return unavailable("the storage did not answer within {} s",
                       std::chrono::duration_cast<std::chrono::seconds>(deadline).count());
  });
  group.start([&](std::stop_token stopped) -> Result<> {
    is_good = TRY(StorageCheck(store, clock, random, out, stopped).run());
    // Ends the wait for the deadline.
    return cancelled("done");
  });
  const Result<> joined = group.join();
  if (stop.stop_requested()) return cancelled("stopped");
  if (joined.error().code() != ErrorCode::Cancelled) return joined.error();
  return is_good;
}

}  // namespace cairn::app
