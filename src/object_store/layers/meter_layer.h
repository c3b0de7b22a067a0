// SPDX-License-Identifier: Apache-2.0
// Counts requests, errors and bytes of a store, for metrics, progress and tests.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "object_store/object_store.h"
#include "object_store/operation.h"

namespace cairn::object_store {

struct OperationCounts {
  std::uint64_t requests = 0;
  // NotFound, AlreadyExists, Conflict and Cancelled are answers, not errors.
  std::uint64_t errors = 0;
};

struct MeterCounts {
  std::array<OperationCounts, kOperationCount> operations = {};
  std::uint64_t bytes_sent = 0;      // bodies of successful requests
  std::uint64_t bytes_received = 0;  // bodies as far as they were read

  const OperationCounts& of(Operation operation) const {
    return operations[static_cast<std::size_t>(operation)];
  }
  std::uint64_t requests() const;
  std::uint64_t errors() const;
  // "1 put_if_absent, 2 head": what was asked at all, in the order of Operation; "none" if nothing.
  std::string text() const;
};

// Where a layer counts; several layers may share one. Thread-safe.
class Meter {
 public:
  MeterCounts counts() const;
  void count(Operation operation, bool is_failed, std::uint64_t bytes_sent);
  void count_received(std::uint64_t bytes);

 private:
  Guarded<MeterCounts> counts_;
};

// `inner` and `meter` outlive the layer.
std::unique_ptr<ObjectStore> make_meter_layer(ObjectStore& inner, Meter& meter);

}  // namespace cairn::object_store
