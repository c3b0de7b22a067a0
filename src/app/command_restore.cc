// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "app/commands.h"
#include "app/fetch_options.h"
#include "app/postgres_server.h"
#include "app/progress.h"
#include "base/log.h"
#include "engine/restore/backup_fetch.h"
#include "engine/restore/recovery.h"
#include "engine/restore/replay.h"
#include "postgres/wal_segment.h"
#include "repository/wal_catalog.h"

namespace cairn::app {

namespace {

using postgres::RecoveryTarget;
using postgres::RecoveryTargetKind;

Result<RecoveryTarget> recovery_target(const RestoreOptions& options) {
  RecoveryTarget target;
  int count = 0;
  const auto take = [&](const std::string& value, RecoveryTargetKind kind) {
    if (value.empty()) return;
    target.kind = kind;
    target.value = value;
    ++count;
  };
  take(options.target_time, RecoveryTargetKind::Time);
  take(options.target_xid, RecoveryTargetKind::TransactionId);
  take(options.target_lsn, RecoveryTargetKind::Lsn);
  take(options.target_name, RecoveryTargetKind::Name);
  if (options.is_target_immediate) {
    target.kind = RecoveryTargetKind::Immediate;
    ++count;
  }
  if (count > 1) {
    return invalid_argument(
        "only one of --target-time, --target-xid, --target-lsn, --target-name and "
        "--target-immediate can be given");
  }
  target.is_inclusive = !options.is_target_exclusive;
  if (!options.target_timeline.empty()) target.timeline = options.target_timeline;
  if (options.target_action == "pause") target.action = postgres::RecoveryAction::Pause;
  if (options.target_action == "shutdown") target.action = postgres::RecoveryAction::Shutdown;
  return target;
}

// This program as the server will call it.
Result<std::string> default_restore_command(const std::string& config_path) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return system_error(error.value(), "find this program's path");
  const std::string config =
      config_path.empty() ? "" : fmt::format(" --config \"{}\"", config_path);
  return fmt::format("\"{}\"{} wal-fetch \"%f\" \"%p\"", self.string(), config);
}

// About where replay will end: the target, or the newest archived segment. Only for the progress.
std::optional<postgres::Lsn> expected_end(object_store::ObjectStore& store,
                                          const RecoveryTarget& target,
                                          const engine::FetchReport& fetched,
                                          postgres::WalSegmentSize segment_size,
                                          std::stop_token stop) {
  if (target.kind == RecoveryTargetKind::Immediate) return fetched.sentinel.finish_lsn;
  if (target.kind == RecoveryTargetKind::Lsn) {
    const auto lsn = postgres::parse_lsn(target.value);
    if (lsn.ok()) return lsn.value();
  }
  const std::optional<postgres::Lsn> start = fetched.sentinel.start_lsn;
  if (!start) return std::nullopt;
  std::optional<postgres::Lsn> end;
  const Result<> listed = repository::for_each_wal(
      store, "",
      [&](const repository::WalObject& wal) -> Result<> {
        const auto segment = postgres::parse_wal_segment(wal.name.file, segment_size);
        if (!segment) return {};
        const postgres::Lsn segment_end = segment->end_lsn(segment_size);
        if (!end || segment_end > *end) end = segment_end;
        return {};
      },
      std::move(stop));
  return listed.ok() ? end : std::nullopt;
}

Result<> start_and_follow(CommandContext& context, const RestoreOptions& options,
                          const RecoveryTarget& target, const engine::FetchReport& fetched,
                          const std::string& data_directory) {
  Environment& environment = context.environment;
  if (geteuid() == 0) {
    return invalid_argument(
        "the files are restored, but PostgreSQL refuses to run as root: restore as the user who is "
        "to run the server, or start it yourself without --start");
  }
  object_store::ObjectStore& store = TRY(environment.store());
  const std::string binaries = TRY(find_server_binaries(
      options.server_binaries, fetched.sentinel.pg_version / 10000, environment.search_path()));
  const std::string log_path =
      options.log_path.empty() ? data_directory + "/cairn_restore.log" : options.log_path;
  ServerCommand command{
      .binary = binaries + "/postgres", .data_directory = data_directory, .log_path = log_path};
  if (options.port != 0) command.arguments = {"-p", std::to_string(options.port)};
  PostgresServer server = TRY(PostgresServer::start(command));
  log_info("Started PostgreSQL, process {}; its log is {}", server.process_id(), log_path);
  const postgres::WalSegmentSize segment_size =
      TRY(postgres::WalSegmentSize::of(environment.settings().archive.segment_bytes));
  const engine::ReplayWorld world{
      .connect = [&](std::stop_token stop) -> Result<std::unique_ptr<postgres::PostgresSession>> {
        auto address = TRY(server_address(data_directory));
        address.emplace("dbname", "postgres");
        return environment.connect_to(address, stop);
      },
      .how_server_ended = [&] { return server.how_it_ended(); },
      .clock = environment.clock(),
      .progress = environment.progress()};
  const engine::ReplaySettings settings{
      .action = target.action,
      .start = fetched.sentinel.start_lsn.value_or(postgres::Lsn{}),
      .end = expected_end(store, target, fetched, segment_size, context.stop)};
  const engine::ReplayReport report = TRY(engine::follow_replay(world, settings, context.stop));
  log_info("Replayed WAL{}{}; the server is {}",
           report.replayed ? " up to " + report.replayed->text() : "",
           report.last_commit.empty() ? "" : ", the last transaction of " + report.last_commit,
           report.is_paused ? "paused at the target"
                            : (server.how_it_ended() ? "shut down" : "open for work"));
  return {};
}

}  // namespace

Result<ExitStatus> run_restore(CommandContext& context, const RestoreOptions& options) {
  Environment& environment = context.environment;
  const RecoveryTarget target = TRY(recovery_target(options));
  const std::string restore_command = options.restore_command.empty()
                                          ? TRY(default_restore_command(environment.config_path()))
                                          : options.restore_command;
  TRY(postgres::recovery_settings(target, restore_command));  // Refused before any download.
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  engine::FetchSettings settings = TRY(fetch_settings(environment.settings(), options.target));
  settings.complete = [&](files::Directory& data_directory) {
    return engine::write_recovery_settings(data_directory, target, restore_command);
  };
  const repository::BackupName backup =
      TRY(engine::backup_for_target(store, options.name, target, context.stop));
  const SteadyTime start = environment.clock().steady_now();
  const engine::FetchReport fetched = TRY(engine::fetch_backup(
      {.store = store, .cipher = sealing.cipher, .progress = environment.progress()}, backup.text(),
      settings, context.stop));
  const auto duration = environment.clock().steady_now() - start;
  report_fetch(fetched, std::chrono::duration_cast<std::chrono::seconds>(duration));
  if (options.starts_server) {
    TRY(start_and_follow(context, options, target, fetched, settings.target_directory));
  } else {
    log_info("{} is ready: start PostgreSQL on it and it recovers to its target",
             settings.target_directory);
  }
  return ExitStatus::Ok;
}

}  // namespace cairn::app
