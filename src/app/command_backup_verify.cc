// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "app/commands.h"
#include "app/progress.h"
#include "base/log.h"
#include "engine/verify/backup_verify.h"

namespace cairn::app {

namespace {

std::string checks_of(const engine::VerifyReport& report) {
  std::string text;
  const auto add = [&](bool is_checked, std::string_view what) {
    text += fmt::format("  {:<28} {}\n", what, is_checked ? "checked" : "not recorded");
  };
  add(report.has_digests, "digests of stored objects");
  add(report.has_manifest, "checksums of files");
  add(report.has_page_checksums, "checksums of pages");
  return text;
}

}  // namespace

Result<ExitStatus> run_backup_verify(CommandContext& context, const BackupVerifyOptions& options) {
  Environment& environment = context.environment;
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  const engine::VerifyReport report = TRY(
      engine::verify_backup({.store = store,
                             .cipher = sealing.cipher,
                             .clock = environment.clock(),
                             .progress = environment.progress()},
                            options.name,
                            {.thread_count = environment.settings().transfer.download_concurrency,
                             .spool_directory = std::filesystem::temp_directory_path().string()},
                            context.stop));
  std::string text;
  for (const std::string& finding : report.findings) text += "WRONG " + finding + "\n";
  if (report.finding_count > report.findings.size()) {
    text += fmt::format("WRONG and {} more\n", report.finding_count - report.findings.size());
  }
  text += fmt::format("{}: {}\n  {} objects, {} stored, {} files, {} pages\n{}",
                      report.backups.back(), report.is_good() ? "OK" : "DAMAGED",
                      report.object_count, format_bytes(report.stored_bytes), report.file_count,
                      report.page_count, checks_of(report));
  TRY(context.out.write(text));
  return report.is_good() ? ExitStatus::Ok : ExitStatus::Failed;
}

}  // namespace cairn::app
