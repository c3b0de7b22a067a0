// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/wal_wait.h"

#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "repository/names.h"

namespace cairn::engine {

namespace {

constexpr std::chrono::milliseconds kFirstDelay{200};
constexpr std::chrono::milliseconds kDelayMax{5'000};

// The first segment of the span, from `from` on, that is not in the repository. Lists only names
// from there on, so a wait does not list again what it has seen.
Result<std::optional<postgres::WalSegment>> first_missing(object_store::ObjectStore& store,
                                                          postgres::WalSegment from,
                                                          postgres::WalSegment last,
                                                          postgres::WalSegmentSize size,
                                                          std::stop_token stop) {
  postgres::WalSegment expected = from;
  // Without its last digit a name sorts before all names that begin with it.
  std::string start_after = std::string(repository::kWalPrefix) + from.name(size);
  start_after.pop_back();
  object_store::ListRequest request{.prefix = std::string(repository::kWalPrefix),
                                    .start_after = start_after};
  while (true) {
    const object_store::ListPage page = TRY(store.list(request, stop));
    for (const object_store::ObjectInfo& object : page.objects) {
      const auto name = repository::parse_wal_object_name(
          std::string_view(object.key).substr(repository::kWalPrefix.size()));
      if (name.kind != postgres::WalFileKind::Segment) continue;
      const auto segment = postgres::parse_wal_segment(name.file, size);
      if (!segment || *segment < expected) continue;
      if (*segment > expected) return std::optional(expected);
      if (expected == last) return std::optional<postgres::WalSegment>();
      expected = expected.next();
    }
    if (page.next_page_token.empty()) return std::optional(expected);
    request.page_token = page.next_page_token;
  }
}

}  // namespace

Result<> wait_for_wal(object_store::ObjectStore& store, const WalSpan& span,
                      std::chrono::milliseconds deadline, Clock& clock, std::stop_token stop) {
  const auto last = postgres::WalSegment::before_lsn(span.timeline, span.end, span.segment_size);
  auto from = postgres::WalSegment::of_lsn(span.timeline, span.start, span.segment_size);
  const SteadyTime give_up = clock.steady_now() + deadline;
  for (auto delay = kFirstDelay;; delay = std::min(delay * 2, kDelayMax)) {
    const auto missing = TRY(first_missing(store, from, last, span.segment_size, stop));
    if (!missing) return {};
    from = *missing;
    if (clock.steady_now() >= give_up) {
      return not_found(
          "WAL segment {} of this backup is not in the repository (waited {} s); the backup is not "
          "restorable without it: check that archive_command (or archive_library) archives into "
          "this repository, and pg_stat_archiver for its last failure",
          missing->name(span.segment_size),
          std::chrono::duration_cast<std::chrono::seconds>(deadline).count());
    }
    if (delay == kDelayMax) {
      log_info("Waiting for WAL segment {} to be archived", missing->name(span.segment_size));
    }
    TRY(clock.wait_for(delay, stop));
  }
}

}  // namespace cairn::engine
