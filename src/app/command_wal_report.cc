// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/commands.h"
#include "base/log.h"
#include "engine/wal_report/wal_show.h"
#include "engine/wal_report/wal_verify.h"
#include "postgres/server.h"

namespace cairn::app {

namespace {

// Where the cluster is: as given, or asked of the server.
Result<> fill_position(CommandContext& context, const WalVerifyOptions& options,
                       engine::WalVerifyRequest& request) {
  if (options.timeline != 0 && !options.lsn.empty()) {
    request.timeline = {options.timeline};
    request.lsn = TRY(postgres::parse_lsn(options.lsn).context("--lsn"));
    return {};
  }
  if (options.timeline != 0 || !options.lsn.empty()) {
    return invalid_argument("--timeline and --lsn are given together or not at all");
  }
  const auto session = TRY(context.environment.connect({}, context.stop));
  const postgres::ServerFacts facts = TRY(postgres::server_facts(*session, context.stop));
  request.timeline = facts.timeline;
  request.lsn = facts.current_lsn;
  request.segment_size = facts.wal_segment_size;
  return {};
}

bool has_check(const WalVerifyOptions& options, std::string_view check) {
  return std::ranges::find(options.checks, check) != options.checks.end();
}

}  // namespace

Result<ExitStatus> run_wal_show(CommandContext& context, const WalShowOptions& options) {
  Environment& environment = context.environment;
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  const postgres::WalSegmentSize size =
      TRY(postgres::WalSegmentSize::of(environment.settings().archive.segment_bytes));
  const bool has_backups = !options.has_no_backups;
  const engine::WalReport report =
      TRY(engine::load_wal_report(store, size, sealing.cipher, has_backups, context.stop));
  for (const std::string& warning : report.warnings) log_warning("{}", warning);
  TRY(context.out.write(options.is_json
                            ? engine::format_wal_report_json(report.timelines)
                            : engine::format_wal_report(report.timelines, has_backups)));
  return ExitStatus::Ok;
}

Result<ExitStatus> run_wal_verify(CommandContext& context, const WalVerifyOptions& options) {
  Environment& environment = context.environment;
  const Settings& settings = environment.settings();
  engine::WalVerifyRequest request = {
      .checks_integrity = has_check(options, "integrity"),
      .checks_timeline = has_check(options, "timeline"),
      .backup_name = options.backup_name,
      .delayed_segments_max = static_cast<std::uint64_t>(settings.archive.delayed_segments_max),
      .uploading_segments_max = static_cast<std::uint64_t>(settings.transfer.upload_concurrency),
      .segment_size = TRY(postgres::WalSegmentSize::of(settings.archive.segment_bytes))};
  TRY(fill_position(context, options, request));
  object_store::ObjectStore& store = TRY(environment.store());
  const repository::Sealing& sealing = TRY(environment.sealing());
  const engine::WalVerifyOutcome outcome =
      TRY(engine::run_wal_verify(store, request, sealing.cipher, context.stop));
  for (const std::string& info : outcome.infos) log_info("{}", info);
  for (const std::string& warning : outcome.warnings) log_warning("{}", warning);
  TRY(context.out.write(options.is_json ? engine::format_verification_json(outcome.verification)
                                        : engine::format_verification(outcome.verification)));
  // As WAL-G: what was found is in the output; the status only says whether it could be judged.
  return ExitStatus::Ok;
}

}  // namespace cairn::app
