// SPDX-License-Identifier: Apache-2.0
// The settings that make a restored cluster recover up to a target.
//
// PostgreSQL refuses to start with two targets, so older ones are removed from
// postgresql.auto.conf and those that may stand in postgresql.conf are overridden. A target time
// without zone would be read in whatever zone the restoring server has, so it is refused. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cairn::postgres {

enum class RecoveryTargetKind {
  Latest,  // all WAL in the archive
  Time,
  TransactionId,
  Lsn,
  Name,       // a restore point
  Immediate,  // as soon as the backup is consistent
};

enum class RecoveryAction { Pause, Promote, Shutdown };

struct RecoveryTarget {
  RecoveryTargetKind kind = RecoveryTargetKind::Latest;
  std::string value = {};  // for Time, TransactionId, Lsn and Name
  bool is_inclusive = true;
  std::string timeline = "latest";  // or "current", or a number
  RecoveryAction action = RecoveryAction::Promote;
};

// The file whose presence in PGDATA makes the server recover from the archive. Always needed with
// these settings: without it, the server ignores the target and stops at the end of pg_wal.
inline constexpr std::string_view kRecoverySignalName = "recovery.signal";

// A time with `Z` or a numeric offset: "2026-08-20 10:00:05+02", "2026-08-20T08:00:05.25Z".
// InvalidArgument says what to add when the zone is missing.
Result<WallTime> parse_target_time(std::string_view text);

// The lines for postgresql.auto.conf. InvalidArgument names what does not fit.
Result<std::string> recovery_settings(const RecoveryTarget& target,
                                      std::string_view restore_command);

// `auto_conf`, the text of a postgresql.auto.conf, with all earlier recovery targets and the
// restore_command replaced by the lines of recovery_settings().
Result<std::string> with_recovery_settings(std::string_view auto_conf, const RecoveryTarget& target,
                                           std::string_view restore_command);

// 'it''s' and 'back\\slash': a value as configuration files want it.
std::string quote_setting(std::string_view value);

}  // namespace cairn::postgres
