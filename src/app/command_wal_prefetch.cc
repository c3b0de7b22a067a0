// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/commands.h"
#include "base/log.h"
#include "engine/archive/wal_prefetch.h"
#include "files/disk_directory.h"

namespace cairn::app {

namespace {
constexpr int kPrefetchMax = 32;
}

Result<ExitStatus> run_wal_prefetch(CommandContext& context, const WalPrefetchOptions& options) {
  Environment& environment = context.environment;
  const Settings& settings = environment.settings();
  const std::uint64_t segment_bytes =
      options.segment_bytes != 0 ? options.segment_bytes : settings.archive.segment_bytes;
  const auto size = TRY(postgres::WalSegmentSize::of(segment_bytes));
  const auto segment = postgres::parse_wal_segment(options.file, size);
  if (!segment) return invalid_argument("\"{}\" is not the name of a WAL segment", options.file);
  const auto root = TRY(files::open_disk_directory(options.root));
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  const engine::WalPrefetchReport report = TRY(engine::prefetch_wal(
      store, sealing.cipher, *root, *segment, size,
      {.expected = settings.compression,
       .count = std::min(settings.transfer.download_concurrency, kPrefetchMax)},
      context.stop));
  log_debug("{} segments were fetched ahead", report.fetched_count);
  return ExitStatus::Ok;
}

}  // namespace cairn::app
