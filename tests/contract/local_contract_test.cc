// SPDX-License-Identifier: Apache-2.0
// The contract for everything that needs nothing but this machine: memory, a folder, the layers.
#include <chrono>

#include "base/clock.h"
#include "base/random.h"
#include "object_store/filesystem/filesystem_store.h"
#include "object_store/layers/meter_layer.h"
#include "object_store/layers/prefix_layer.h"
#include "object_store/layers/retry_layer.h"
#include "object_store/layers/throttle_layer.h"
#include "object_store/memory/memory_store.h"
#include "tests/contract/object_store_contract.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_store.h"
#include "tests/support/temporary_directory.h"

namespace cairn::tests {

using object_store::ObjectStore;

namespace {

const WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 8 / 20}};

class TestedMemory final : public TestedStore {
 public:
  ObjectStore& store() override { return store_; }

 private:
  ManualClock clock_{kStart};
  object_store::MemoryStore store_{clock_};
};

class TestedFilesystem final : public TestedStore {
 public:
  ObjectStore& store() override { return *store_; }

 private:
  TemporaryDirectory directory_;
  SystemClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<ObjectStore> store_ =
      object_store::open_filesystem_store(directory_.path(), clock_, random_).value();
};

// The layers stand on a memory store each.
class TestedLayer : public TestedStore {
 public:
  ObjectStore& store() override { return *layer_; }

 protected:
  ManualClock clock_{kStart};
  SeededRandom random_{1};
  object_store::MemoryStore memory_{clock_};
  std::unique_ptr<ObjectStore> layer_;
};

class TestedRetry final : public TestedLayer {
 public:
  TestedRetry() { layer_ = object_store::make_retry_layer(memory_, {}, clock_, random_); }
};

class TestedThrottle final : public TestedLayer {
 public:
  TestedThrottle() {
    clock_.skip_waits();
    layer_ = object_store::make_throttle_layer(memory_, limiter_);
  }

 private:
  RateLimiter limiter_{clock_, 1'000'000};
};

class TestedMeter final : public TestedLayer {
 public:
  TestedMeter() { layer_ = object_store::make_meter_layer(memory_, meter_); }

 private:
  object_store::Meter meter_;
};

class TestedPrefix final : public TestedLayer {
 public:
  TestedPrefix() {
    // Neighbours whose names look alike, which must never be seen.
    for (const char* name : {"a/folder", "a/folder0", "a/folder-x/y", "a/f", "z"}) {
      const Result<> put = memory_.put(object_store::ObjectKey(name), "neighbour", {}, {});
      EXPECT_TRUE(put.ok());
    }
    layer_ = object_store::make_prefix_layer(memory_, object_store::ObjectKey("a/folder"));
  }
};

class TestedFaulty final : public TestedLayer {
 public:
  TestedFaulty() { layer_ = std::make_unique<FaultyStore>(memory_); }
};

class TestedRecording final : public TestedLayer {
 public:
  TestedRecording() { layer_ = std::make_unique<RecordingStore>(memory_); }
};

// A store whose calls fail, lose their replies and break off at first, behind retries.
class TestedStorm final : public TestedStore {
 public:
  TestedStorm() {
    using object_store::Operation;
    clock_.skip_waits();
    for (const Operation operation :
         {Operation::Put, Operation::Open, Operation::Head, Operation::List, Operation::Remove,
          Operation::RemoveBatch, Operation::StartUpload, Operation::PutPart, Operation::Abort}) {
      faulty_.add_fault({.operation = operation, .times = 3});
      // A start whose reply is lost leaves an upload that nobody knows of.
      if (operation == Operation::StartUpload) continue;
      faulty_.add_fault({.operation = operation, .kind = Fault::Kind::LoseReply, .times = 3});
    }
    faulty_.add_fault({.operation = Operation::PutIfAbsent, .times = 7});
    faulty_.add_fault({.operation = Operation::Complete, .kind = Fault::Kind::LoseReply});
    faulty_.add_fault({.operation = Operation::Complete, .times = 3});
    faulty_.add_fault(
        {.operation = Operation::Open, .kind = Fault::Kind::CutBody, .times = 5, .at = 100'000});
  }
  ObjectStore& store() override { return *retry_; }

 private:
  ManualClock clock_{kStart};
  SeededRandom random_{1};
  object_store::MemoryStore memory_{clock_};
  FaultyStore faulty_{memory_};
  std::unique_ptr<ObjectStore> retry_ =
      object_store::make_retry_layer(faulty_, {}, clock_, random_);
};

template <class Tested>
ContractCase contract_case(std::string name) {
  return {std::move(name), [] { return std::make_unique<Tested>(); }};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Local, ObjectStoreContract,
                         testing::Values(contract_case<TestedMemory>("Memory"),
                                         contract_case<TestedFilesystem>("Filesystem"),
                                         contract_case<TestedRetry>("Retry"),
                                         contract_case<TestedThrottle>("Throttle"),
                                         contract_case<TestedMeter>("Meter"),
                                         contract_case<TestedPrefix>("Prefix"),
                                         contract_case<TestedFaulty>("Faulty"),
                                         contract_case<TestedRecording>("Recording"),
                                         contract_case<TestedStorm>("Storm")),
                         contract_case_name);

}  // namespace cairn::tests
