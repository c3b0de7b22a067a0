// SPDX-License-Identifier: Apache-2.0
// Everything a decision about deleting needs to know about the backups of a repository, complete or
// not at all.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/retention/retention.h"
#include "object_store/object_store.h"
#include "postgres/lsn.h"
#include "postgres/wal_segment.h"
#include "repository/catalog.h"

namespace cairn::engine {

struct KnownBackup {
  repository::BackupName name;
  WallTime modified = {};
  // Where the name says that it starts; nothing for a name that WAL-G would not make.
  std::optional<postgres::WalSegment> start = {};
  std::optional<repository::DeltaOrigin> delta = {};
  postgres::Lsn start_lsn = {};   // none if the sentinel does not say
  postgres::Lsn finish_lsn = {};  // likewise
  WallTime start_time = {};
  bool is_permanent = false;
  std::string user_data_json = {};
};

// A folder of a backup that has no sentinel.
struct Leftover {
  repository::BackupName name;
  std::optional<postgres::WalSegment> start = {};
  std::string parent_segment = {};  // of a delta's name, else ""
  WallTime newest = {};             // its youngest object
  bool is_marked_deleted = false;   // what is left of an interrupted deletion
  // The full backup of its chain, if it is marked deleted and was a delta.
  std::optional<repository::BackupName> full = {};
};

struct Inventory {
  std::vector<KnownBackup> backups = {};  // oldest sentinel first
  std::vector<Leftover> leftovers = {};
};

// What the mark of a deletion says, beside that there was one.
std::string encode_deletion_mark(WallTime time, const std::optional<repository::BackupName>& full);

// Any failure is an error that says what to do: nothing may be deleted on the strength of a part of
// the truth.
Result<Inventory> load_inventory(object_store::ObjectStore& store,
                                 const RetentionSettings& settings, std::stop_token stop);

}  // namespace cairn::engine
