// SPDX-License-Identifier: Apache-2.0
// WAL files made up for tests: right at their beginning, random after it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::tests {

inline constexpr std::uint64_t kSampleSystem = 7710906684537759582;
inline constexpr std::uint32_t kSampleSegmentBytes = 1 << 20;  // The smallest that initdb makes.

struct WalSampleOptions {
  std::uint64_t system_identifier = kSampleSystem;
  std::uint32_t segment_bytes = kSampleSegmentBytes;
  std::uint64_t seed = 1;  // other content under the same name
};

// A whole segment as PostgreSQL 15 writes it, for `name` ("000000010000000000000001", or with
// ".partial").
std::string wal_sample(std::string_view name, const WalSampleOptions& options = {});

// "0000000100000000000000NN": the samples of a test, in order.
std::string wal_sample_name(unsigned number);

}  // namespace cairn::tests
