// SPDX-License-Identifier: Apache-2.0
#include "engine/wal_report/wal_listing.h"

#include <charconv>

#include "postgres/wal_file_name.h"
#include "repository/sealing.h"
#include "repository/wal_catalog.h"

namespace cairn::engine {
namespace {

using postgres::TimelineId;
using postgres::WalFileKind;

// "00000002.history"
TimelineId timeline_of_history(std::string_view file) {
  TimelineId timeline;
  std::from_chars(file.data(), file.data() + 8, timeline.value, 16);
  return timeline;
}

}  // namespace

void SegmentSet::add(std::uint64_t number) {
  if (contains(number)) return;
  ++count_;
  auto next = ranges_.upper_bound(number);
  std::uint64_t last = number;
  if (next != ranges_.end() && next->first == number + 1) {
    last = next->second;
    next = ranges_.erase(next);
  }
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second + 1 == number) {
      before->second = last;
      return;
    }
  }
  ranges_.emplace(number, last);
}

bool SegmentSet::contains(std::uint64_t number) const {
  const auto next = ranges_.upper_bound(number);
  return next != ranges_.begin() && std::prev(next)->second >= number;
}

std::uint64_t SegmentSet::first() const {
  return (ASSERT(!empty()), ranges_.begin()->first);
}
std::uint64_t SegmentSet::last() const {
  return (ASSERT(!empty()), ranges_.rbegin()->second);
}

Result<WalListing> load_wal_listing(object_store::ObjectStore& store, postgres::WalSegmentSize size,
                                    std::stop_token stop) {
  WalListing listing;
  const auto take = [&](const repository::WalObject& object) -> Result<> {
    const repository::WalObjectName& name = object.name;
    if (name.kind == WalFileKind::Segment) {
      const auto segment = postgres::parse_wal_segment(name.file, size);
      if (!segment) {
        return invalid_argument(
            "{}: there is no such segment when segments have {} bytes: is the WAL segment size "
            "(WALG_PG_WAL_SIZE) right?",
            object.info.key, size.bytes());
      }
      listing.segments[segment->timeline].add(segment->number);
    } else if (name.kind == WalFileKind::History) {
      listing.histories.insert(timeline_of_history(name.file));
    } else if (listing.others.size() < kOtherNamesMax) {
      listing.others.push_back(object.info.key.substr(repository::kWalPrefix.size()));
    }
    return {};
  };
  TRY(repository::for_each_wal(store, "", take, stop));
  return listing;
}

Result<std::optional<postgres::TimelineHistory>> find_timeline_history(
    object_store::ObjectStore& store, TimelineId timeline, const codec::Cipher* cipher,
    std::stop_token stop) {
  repository::WalFinder finder(store, codec::Compression::Lz4);
  std::optional<repository::OpenWal> wal =
      TRY(finder.find(postgres::history_file_name(timeline), stop));
  if (!wal) return std::optional<postgres::TimelineHistory>();
  const auto source = TRY(
      repository::unseal(std::move(wal->object.body), wal->compression, cipher, wal->key.text()));
  const Bytes text = TRY(read_all(*source, postgres::kTimelineHistoryBytesMax));
  return std::optional(
      TRY(postgres::TimelineHistory::parse(timeline, text).context(wal->key.text())));
}

}  // namespace cairn::engine
