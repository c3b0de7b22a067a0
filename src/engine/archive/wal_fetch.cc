// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_fetch.h"

#include <vector>

#include "base/log.h"
#include "postgres/wal_file_name.h"
#include "postgres/wal_segment.h"

namespace cairn::engine {

namespace {

using postgres::WalFileKind;
using std::chrono::milliseconds;

constexpr milliseconds kPollInterval{5};
// A file on its way that does not grow for so long is not waited for.
constexpr milliseconds kStallMax{500};
constexpr std::size_t kCopyBytes = 1 << 20;

std::string temporary_name(const std::string& name) {
  return name + ".cairn-tmp";
}

Result<> copy_file(files::Directory& from, const std::string& from_path, files::Directory& to,
                   const std::string& to_path) {
  const std::string temporary = temporary_name(to_path);
  (void)to.remove_file(temporary);  // Of an earlier try; create_file() tells if it is still there.
  const auto source = TRY(from.open_file(from_path, files::Access::Read));
  const auto target = TRY(to.create_file(temporary, 0600));
  std::vector<char> chunk(kCopyBytes);
  for (std::uint64_t offset = 0;;) {
    const std::size_t count = TRY(source->read_at(offset, chunk));
    if (count == 0) break;
    TRY(target->write_at(offset, {chunk.data(), count}));
    offset += count;
  }
  TRY(target->sync_data());
  return to.rename(temporary, to_path, files::IfExists::Replace);
}

}  // namespace

Result<WalFetchReport> WalFetcher::fetch(const std::string& file, const WalDestination& destination,
                                         std::stop_token stop) {
  const WalFileKind kind = postgres::classify_wal_file(file).kind;
  if (kind == WalFileKind::Unknown) {
    return invalid_argument("\"{}\" is not the name of a file that PostgreSQL archives", file);
  }
  PrefetchDirectory prefetch(destination.prefetch_root);
  const bool is_segment = kind == WalFileKind::Segment;
  WalFetchReport report;
  if (is_segment && settings_.prefetch_count > 0) {
    TRY(wait_for_running(prefetch, file, stop));
    if (TRY(take_prefetched(file, destination, stop))) {
      report.outcome = WalFetchOutcome::Prefetched;
    }
  }
  if (report.outcome == WalFetchOutcome::Absent &&
      TRY(download(file, destination, prefetch, stop))) {
    report.outcome = WalFetchOutcome::Downloaded;
  }
  if (report.outcome == WalFetchOutcome::Absent || !is_segment) return report;
  const auto stat = destination.directory.stat(destination.name);
  if (!stat.ok()) return report;  // Somebody uses it already.
  report.segment_bytes = stat.value().size_bytes;
  report.wants_prefetch = wants_prefetch(file, report.segment_bytes, prefetch);
  return report;
}

Result<> WalFetcher::wait_for_running(PrefetchDirectory& prefetch, const std::string& file,
                                      std::stop_token stop) {
  std::optional<std::uint64_t> size = prefetch.running_bytes(file);
  if (!size || !prefetch.is_locked()) return {};
  SteadyTime grown = clock_.steady_now();
  while (clock_.steady_now() - grown < kStallMax) {
    TRY(clock_.wait_for(kPollInterval, stop));
    const auto now = prefetch.running_bytes(file);
    if (!now) return {};  // Finished, or given up.
    if (*now != *size) grown = clock_.steady_now();
    size = now;
  }
  return {};
}

Result<bool> WalFetcher::take_prefetched(const std::string& file, const WalDestination& destination,
                                         std::stop_token stop) {
  PrefetchDirectory prefetch(destination.prefetch_root);
  if (stop.stop_requested()) return cancelled("stopped");
  if (!prefetch.has_finished(file)) return false;
  const std::string path = PrefetchDirectory::finished_path(file);
  const Result<> judged =
      check_segment_file(destination.prefetch_root, path, file, destination.system_identifier);
  if (!judged.ok()) {
    log_debug("{}/{} is not usable: {}", destination.prefetch_root.path(), path,
              judged.error().message());
    prefetch.remove_finished(file);
    return false;
  }
  const bool is_beside = &destination.prefetch_root == &destination.directory;
  const Result<> taken =
      is_beside
          ? destination.directory.rename(path, destination.name, files::IfExists::Replace)
          : copy_file(destination.prefetch_root, path, destination.directory, destination.name);
  // A prefetcher that starts over may have cleaned it up meanwhile.
  if (!taken.ok() && taken.error().code() == ErrorCode::NotFound) return false;
  if (!taken.ok()) return taken.error();
  if (!is_beside) prefetch.remove_finished(file);
  return true;
}

Result<bool> WalFetcher::download(const std::string& file, const WalDestination& destination,
                                  PrefetchDirectory& prefetch, std::stop_token stop) {
  const codec::Compression expected = prefetch.last_compression().value_or(settings_.expected);
  WalDownloader downloader(store_, cipher_, expected);
  const bool is_found =
      TRY(downloader.download({.file = file,
                               .directory = destination.directory,
                               .temporary_path = temporary_name(destination.name),
                               .path = destination.name,
                               .system_identifier = destination.system_identifier},
                              std::move(stop)));
  if (is_found && downloader.last_compression() != expected) {
    prefetch.remember_compression(downloader.last_compression());
  }
  return is_found;
}

bool WalFetcher::wants_prefetch(const std::string& file, std::uint64_t segment_bytes,
                                const PrefetchDirectory& prefetch) const {
  const auto size = postgres::WalSegmentSize::of(segment_bytes);
  if (settings_.prefetch_count == 0 || !size.ok()) return false;
  auto segment = postgres::parse_wal_segment(file, size.value());
  if (!segment) return false;
  int ready = 0;
  for (int i = 0; i < settings_.prefetch_count; ++i) {
    segment = segment->next();
    if (prefetch.has_finished(segment->name(size.value()))) ++ready;
  }
  return ready <= settings_.prefetch_count / 2 && !prefetch.is_locked();
}

}  // namespace cairn::engine
