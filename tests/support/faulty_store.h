// SPDX-License-Identifier: Apache-2.0
// A store that breaks as told: at the n-th write for good, like a killed process, or for chosen
// requests, like a bad network.
//
// A crash test runs an operation once for each n, with and without the reply being lost, and then
// looks at the inner store, which is what the crash left behind.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "object_store/object_store.h"
#include "object_store/operation.h"

namespace cairn::tests {

using object_store::Operation;

// The first `writes` writes work; the next one, and every call of any kind after it, fails with
// Internal "process died". Writes are put, put_if_absent, put_part, complete, remove, every key of
// a remove_batch, and collect_unfinished.
struct DieAfter {
  std::int64_t writes = 0;
  bool reply_lost = false;  // the write that dies still takes effect
};

// What happens to the next `times` calls of `operation` on keys that `key_pattern` finds itself in.
struct Fault {
  enum class Kind {
    Fail,       // nothing happens but the error `code`
    LoseReply,  // the call takes effect, then fails with `code`
    CutBody,    // open: the body breaks with `code` after `at` bytes
    FlipByte,   // open: the body's byte `at` (counted from the offset asked for) is inverted
  };
  Operation operation = Operation::Put;
  std::string key_pattern = {};  // ECMAScript regular expression, searched; "" is every key
  Kind kind = Kind::Fail;
  ErrorCode code = ErrorCode::Unavailable;
  int times = 1;
  std::uint64_t at = 0;
};

class FaultyStore final : public object_store::ObjectStore {
 public:
  explicit FaultyStore(object_store::ObjectStore& inner) : inner_(inner) {}
  FaultyStore(object_store::ObjectStore& inner, DieAfter death) : FaultyStore(inner) {
    die_after(death);
  }

  void die_after(DieAfter death);
  // Faults are tried in the order in which they were added.
  void add_fault(Fault fault);

  bool is_dead() const;
  std::int64_t write_count() const;  // writes that took effect
  int calls(Operation operation) const;
  int faults_left() const;  // how many planned faults have not happened

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
  friend class FaultyUpload;

  struct PlannedFault {
    Fault fault;
    std::regex pattern;
  };
  struct State {
    std::optional<DieAfter> death;
    bool is_dead = false;
    std::int64_t writes = 0;
    int calls[object_store::kOperationCount] = {};
    std::vector<PlannedFault> faults;
  };
  // What to do with one call.
  struct Verdict {
    std::optional<Error> error_before = {};  // instead of the call
    std::optional<Error> error_after = {};   // instead of its reply
    std::optional<Fault> body_fault = {};
  };

  Verdict judge(Operation operation, const std::string& key);
  template <class Call>
  auto run(Operation operation, const std::string& key, Call call) -> decltype(call());

  object_store::ObjectStore& inner_;
  Guarded<State> state_;
};

}  // namespace cairn::tests
