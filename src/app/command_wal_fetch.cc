// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "app/commands.h"
#include "base/log.h"
#include "engine/archive/wal_fetch.h"
#include "engine/archive/wal_location.h"
#include "files/disk_directory.h"

namespace cairn::app {

namespace {

// Each is a thread, and room for a segment on the disk that recovery writes to.
constexpr int kPrefetchMax = 32;

int prefetch_count(const Settings& settings) {
  const int wanted = settings.transfer.download_concurrency;
  return wanted <= 1 ? 0 : std::min(wanted, kPrefetchMax);
}

// A restore must not fail because its cluster cannot be named: the check is then left out.
std::optional<std::uint64_t> expected_system(const std::string& pgdata) {
  const auto found = engine::find_system_identifier(pgdata);
  if (found.ok()) return found.value();
  log_warning("WAL is not checked to belong to this cluster: {}", found.error().message());
  return std::nullopt;
}

void start_prefetch(Environment& environment, const std::string& file, const std::string& root,
                    std::uint64_t segment_bytes) {
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(root, error).string();
  const Result<> started = environment.start_detached(
      {"wal-prefetch", file, absolute, "--segment-bytes", std::to_string(segment_bytes)});
  if (!started.ok()) log_debug("no WAL is fetched ahead: {}", started.error().message());
}

}  // namespace

Result<ExitStatus> run_wal_fetch(CommandContext& context, const WalFetchOptions& options) {
  Environment& environment = context.environment;
  const Settings& settings = environment.settings();
  const engine::WalLocation location =
      engine::locate_wal(options.destination, settings.postgres.data_directory);
  const auto directory = TRY(files::open_disk_directory(location.directory));
  const std::string& elsewhere = settings.archive.prefetch_directory;
  std::unique_ptr<files::Directory> prefetch_root;
  if (!elsewhere.empty()) {
    prefetch_root = TRY(files::open_disk_directory(elsewhere).context("open WALG_PREFETCH_DIR"));
  }

  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  engine::WalFetcher fetcher(
      store, sealing.cipher, environment.clock(),
      {.expected = settings.compression, .prefetch_count = prefetch_count(settings)});
  const engine::WalDestination destination = {
      .directory = *directory,
      .name = location.file,
      .system_identifier = expected_system(location.pgdata),
      .prefetch_root = prefetch_root ? *prefetch_root : *directory};
  const engine::WalFetchReport report = TRY(fetcher.fetch(options.file, destination, context.stop));
  if (report.outcome == engine::WalFetchOutcome::Absent) {
    log_info("{} is not in the archive", options.file);
    return ExitStatus::NotInArchive;
  }
  if (report.wants_prefetch) {
    start_prefetch(environment, options.file, elsewhere.empty() ? location.directory : elsewhere,
                   report.segment_bytes);
  }
  return ExitStatus::Ok;
}

}  // namespace cairn::app
