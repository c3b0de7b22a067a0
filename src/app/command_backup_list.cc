// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"
#include "base/log.h"
#include "repository/list_output.h"

namespace cairn::app {

Result<ExitStatus> run_backup_list(CommandContext& context, const BackupListOptions& options) {
  object_store::ObjectStore& store = TRY(context.environment.store());
  const repository::BackupListing listing =
      TRY(repository::load_backup_listing(store, options.has_details, context.stop));
  for (const std::string& warning : listing.warnings) log_warning("{}", warning);
  if (listing.backups.empty()) log_info("No backups found");
  const repository::ListFormat format = {.is_json = options.is_json,
                                         .is_pretty = options.is_pretty,
                                         .has_details = options.has_details};
  TRY(context.out.write(repository::format_backup_list(listing.backups, format)));
  return ExitStatus::Ok;
}

}  // namespace cairn::app
