// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"
#include "base/log.h"
#include "engine/retention/mark.h"
#include "engine/retention/retention.h"

namespace cairn::app {

namespace {

void say(std::string_view line) {
  log_info("{}", line);
}

}  // namespace

Result<ExitStatus> run_delete(CommandContext& context, const DeleteOptions& options) {
  Environment& environment = context.environment;
  const engine::DeleteFlags flags = {.after = options.after,
                                     .target_user_data = options.target_user_data,
                                     .uses_sentinel_time = options.uses_sentinel_time,
                                     .skips_backup_check = options.skips_backup_check};
  const engine::DeleteRequest request = TRY(
      engine::parse_delete_request(options.verb, options.words, flags, environment.clock().now()));
  object_store::ObjectStore& store = TRY(environment.store());
  const Settings& settings = environment.settings();
  const engine::RetentionSettings retention = {
      .segment_size = TRY(postgres::WalSegmentSize::of(settings.archive.segment_bytes)),
      .leftover_age_min =
          std::chrono::duration_cast<std::chrono::seconds>(settings.backup.garbage_age)};
  const engine::DeleteOutcome outcome = TRY(engine::run_delete(
      store, request, retention, options.is_confirmed, environment.clock(), say, context.stop));
  if (outcome.failure_count > 0) return engine::delete_failure(outcome);
  return ExitStatus::Ok;
}

Result<ExitStatus> run_backup_mark(CommandContext& context, const BackupMarkOptions& options) {
  object_store::ObjectStore& store = TRY(context.environment.store());
  const auto changed =
      TRY(engine::mark_backup(store, options.name, !options.is_impermanent, say, context.stop));
  if (changed.empty()) log_info("Nothing to change");
  return ExitStatus::Ok;
}

}  // namespace cairn::app
