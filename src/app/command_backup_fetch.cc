// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "app/commands.h"
#include "app/fetch_options.h"
#include "app/progress.h"
#include "base/log.h"
#include "engine/restore/backup_fetch.h"
#include "files/disk_directory.h"
#include "repository/tablespace_spec.h"

namespace cairn::app {

namespace {

constexpr std::uint64_t kSpecBytesMax = 16 << 20;

// WAL-G's --restore-spec: the places of all tablespaces in one JSON file.
Result<> add_restore_spec(const std::string& path, std::map<std::string, std::string>& mapping) {
  const std::filesystem::path parts(path);
  const std::string folder = parts.has_parent_path() ? parts.parent_path().string() : ".";
  const auto directory = TRY(files::open_disk_directory(folder).context("--restore-spec"));
  const std::string json =
      TRY(files::read_file(*directory, parts.filename().string(), kSpecBytesMax)
              .context("--restore-spec"));
  const repository::TablespaceSpec spec =
      TRY(repository::parse_tablespace_spec(json).context("--restore-spec " + path));
  for (const repository::Tablespace& tablespace : spec.tablespaces) {
    mapping[tablespace.oid] = tablespace.location;
  }
  return {};
}

Result<> add_mapping(const std::string& text, std::map<std::string, std::string>& mapping) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return invalid_argument(
        "--tablespace-mapping \"{}\" must be OLD=NEW, where OLD is the oid or the old directory of "
        "the tablespace",
        text);
  }
  mapping[text.substr(0, equals)] = text.substr(equals + 1);
  return {};
}

}  // namespace

Result<engine::FetchSettings> fetch_settings(const Settings& settings,
                                             const FetchTargetOptions& options) {
  engine::FetchSettings fetch;
  fetch.target_directory = std::filesystem::absolute(options.target).lexically_normal().string();
  fetch.wal_directory = options.wal_directory;
  fetch.thread_count = settings.transfer.download_concurrency;
  if (!options.restore_spec.empty()) {
    TRY(add_restore_spec(options.restore_spec, fetch.tablespace_mapping));
  }
  for (const std::string& text : options.tablespace_mappings) {
    TRY(add_mapping(text, fetch.tablespace_mapping));
  }
  return fetch;
}

void report_fetch(const engine::FetchReport& report, std::chrono::seconds duration) {
  log_info("Restored backup {}: {} files, {} in {}{}", report.name, report.file_count,
           format_bytes(report.written_bytes), format_seconds(duration),
           report.is_verified ? ", every file checked against its manifest" : "");
}

Result<ExitStatus> run_backup_fetch(CommandContext& context, const BackupFetchOptions& options) {
  Environment& environment = context.environment;
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  const engine::FetchSettings settings =
      TRY(fetch_settings(environment.settings(), options.target));
  const SteadyTime start = environment.clock().steady_now();
  const engine::FetchReport report = TRY(engine::fetch_backup(
      {.store = store, .cipher = sealing.cipher, .progress = environment.progress()}, options.name,
      settings, context.stop));
  const auto duration = environment.clock().steady_now() - start;
  report_fetch(report, std::chrono::duration_cast<std::chrono::seconds>(duration));
  return ExitStatus::Ok;
}

}  // namespace cairn::app
