// SPDX-License-Identifier: Apache-2.0
// What `backup-list` prints, byte for byte as WAL-G does: StackGres parses it with sed.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "object_store/object_store.h"
#include "repository/backup_metadata.h"
#include "repository/catalog.h"
#include "repository/json_go.h"

namespace cairn::repository {

struct ListedBackup {
  BackupEntry entry;
  std::optional<BackupMetadata> metadata = {};  // only with details
};

struct BackupListing {
  std::vector<ListedBackup> backups = {};  // in the order in which they are printed
  // For the log, one line each: backups without metadata.json show what their sentinel says.
  std::vector<std::string> warnings = {};
};

// Without details in the order of the sentinels' times, with details by start time. A missing
// metadata.json does not fail the list as it does in WAL-G; an unreadable one does.
Result<BackupListing> load_backup_listing(object_store::ObjectStore& store, bool has_details,
                                          std::stop_token stop);

// One backup as the object that the list and wal-show print.
void write_listed_backup(const ListedBackup& backup, JsonWriter& json);

struct ListFormat {
  bool is_json = false;
  bool is_pretty = false;  // JSON indented by 4; text in a ruled table
  bool has_details = false;
};

// Ends with a newline. An empty list is "[]\n" as JSON and "" as text. Pages found corrupt are the
// last member ("corrupt_pages") of a backup that has some, and the last column if any backup has.
std::string format_backup_list(std::span<const ListedBackup> backups, const ListFormat& format);

}  // namespace cairn::repository
