// SPDX-License-Identifier: Apache-2.0
// What the archive holds, as wal-show and wal-verify need it: which segments of which timeline, and
// where the timelines come from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/cipher.h"
#include "object_store/object_store.h"
#include "postgres/lsn.h"
#include "postgres/timeline_history.h"
#include "postgres/wal_segment.h"

namespace cairn::engine {

// Numbers of segments as ranges: a complete archive of any length costs one.
class SegmentSet {
 public:
  void add(std::uint64_t number);
  bool contains(std::uint64_t number) const;
  bool empty() const { return ranges_.empty(); }
  std::uint64_t count() const { return count_; }
  std::uint64_t first() const;  // must not be empty
  std::uint64_t last() const;   // must not be empty
  // first → last of each range, ascending, not adjacent.
  const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;
  std::uint64_t count_ = 0;
};

struct WalListing {
  std::map<postgres::TimelineId, SegmentSet> segments = {};
  std::set<postgres::TimelineId> histories = {};  // timelines whose history file is archived
  // Objects that are neither (".partial", ".backup", strangers), for wal-verify's warnings; at most
  // kOtherNamesMax of them.
  std::vector<std::string> others = {};
};

inline constexpr std::size_t kOtherNamesMax = 10'000;

// InvalidArgument if an object has the name of a segment that does not exist with segments of
// `size`: the setting is wrong, and every number would be.
Result<WalListing> load_wal_listing(object_store::ObjectStore& store, postgres::WalSegmentSize size,
                                    std::stop_token stop);

// The archived history of a timeline, or nothing if there is none.
Result<std::optional<postgres::TimelineHistory>> find_timeline_history(
    object_store::ObjectStore& store, postgres::TimelineId timeline, const codec::Cipher* cipher,
    std::stop_token stop);

}  // namespace cairn::engine
