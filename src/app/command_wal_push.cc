// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"
#include "base/log.h"
#include "engine/archive/wal_location.h"
#include "engine/archive/wal_push.h"
#include "files/disk_directory.h"

namespace cairn::app {

namespace {

void tell(const std::string& file, const engine::WalPushReport& report) {
  switch (report.outcome) {
    case engine::WalPushOutcome::Stored:
      log_info("{} is archived", file);
      break;
    case engine::WalPushOutcome::AlreadyStored:
      log_info("{} was already archived with the same content", file);
      break;
    case engine::WalPushOutcome::SentAhead:
      log_debug("{} was archived by an earlier call", file);
      break;
  }
  if (report.ahead_count > 0) log_info("{} more files were sent ahead", report.ahead_count);
}

}  // namespace

Result<ExitStatus> run_wal_push(CommandContext& context, const WalPushOptions& options) {
  Environment& environment = context.environment;
  const Settings& settings = environment.settings();
  const engine::WalLocation location =
      engine::locate_wal(options.path, settings.postgres.data_directory);
  const auto directory = TRY(files::open_disk_directory(location.directory));
  const engine::WalSource source = {
      .directory = *directory,
      .is_wal_directory = location.is_wal_directory,
      .system_identifier = TRY(engine::find_system_identifier(location.pgdata))};

  const StorageSettings& storage = TRY(environment.storage());
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  engine::WalPusher pusher(store, sealing, environment.clock(),
                           {.store_identity = storage.identity,
                            .upload_concurrency = settings.transfer.upload_concurrency,
                            .ahead_max = settings.archive.background_uploads_max,
                            .renames_ready = settings.archive.renames_ready});
  const engine::WalPushReport report = TRY(pusher.push(source, location.file, context.stop));
  tell(location.file, report);
  return ExitStatus::Ok;
}

}  // namespace cairn::app
