// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <filesystem>

#include "app/commands.h"
#include "app/progress.h"
#include "base/log.h"
#include "engine/backup/backup_push.h"
#include "repository/backup_metadata.h"

namespace cairn::app {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

// A wait "for ever", as WAL-G's, is a year: long enough to be one, short enough to add to a time.
constexpr std::chrono::hours kForEver{24 * 365};

Result<engine::BackupSettings> engine_settings(const Settings& settings,
                                               const BackupPushOptions& options) {
  engine::BackupSettings backup;
  backup.pgdata = options.pgdata.empty() ? settings.postgres.data_directory : options.pgdata;
  backup.hostname = host_name();
  backup.is_permanent = options.is_permanent;
  const std::string& user_data =
      options.user_data.empty() ? settings.backup.user_data : options.user_data;
  if (!user_data.empty()) backup.user_data_json = TRY(repository::user_data_json_from(user_data));
  backup.has_files_metadata = settings.backup.has_files_metadata && !options.has_no_files_metadata;
  backup.fails_on_corruption = options.fails_on_corruption;
  backup.tar_bytes_max = settings.transfer.tar_size_threshold_bytes;
  backup.reader_count = settings.transfer.upload_disk_concurrency;
  backup.upload = {.part_bytes = settings.transfer.upload_part_bytes,
                   .thread_count = settings.transfer.upload_concurrency};
  backup.spool_directory = std::filesystem::temp_directory_path().string();
  backup.stop_deadline = settings.backup.stop_timeout.value_or(kForEver);
  backup.wal_deadline = settings.backup.wal_wait;
  backup.ping_interval = settings.backup.alive_check_interval;
  return backup;
}

void report(const engine::BackupReport& report, std::chrono::seconds duration) {
  log_info("Backed up {} files, {} as {} in {}", report.file_count,
           format_bytes(report.uncompressed_bytes), format_bytes(report.compressed_bytes),
           format_seconds(duration));
  if (report.corrupt_page_count > 0) {
    log_warning(
        "{} pages of the cluster have a wrong checksum; `cairn backup-verify {}` names them",
        report.corrupt_page_count, report.name);
  }
  // The words that scripts look for in WAL-G's output.
  log_info("Wrote backup with name {} to storage default", report.name);
}

}  // namespace

Result<ExitStatus> run_backup_push(CommandContext& context, const BackupPushOptions& options) {
  Environment& environment = context.environment;
  const engine::BackupSettings settings = TRY(engine_settings(environment.settings(), options));
  if (settings.pgdata.empty()) {
    return invalid_argument(
        "backup-push needs the data directory: give it as argument or set PGDATA");
  }
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  const auto session = TRY(environment.connect(
      [](std::string_view notice) { log_info("PostgreSQL: {}", notice); }, context.stop));
  RateLimiter disk_rate(environment.clock(), environment.settings().transfer.disk_bytes_per_second);
  log_info("Buffers: {}", format_bytes(engine::backup_memory_bytes(settings, sealing)));
  const SteadyTime start = environment.clock().steady_now();
  const engine::BackupReport done = TRY(engine::push_backup({.store = store,
                                                             .session = *session,
                                                             .clock = environment.clock(),
                                                             .disk_rate = disk_rate,
                                                             .progress = environment.progress(),
                                                             .sealing = sealing},
                                                            settings, context.stop));
  const auto duration = environment.clock().steady_now() - start;
  report(done, std::chrono::duration_cast<std::chrono::seconds>(duration));
  return ExitStatus::Ok;
}

}  // namespace cairn::app
