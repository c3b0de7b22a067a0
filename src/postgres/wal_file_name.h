// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL asks an archive to keep or to bring, judged by the name alone.
//
// The segment size is not needed for that, and is not known when a client is asked to push a file.
#pragma once

#include <string>
#include <string_view>

#include "postgres/lsn.h"

namespace cairn::postgres {

enum class WalFileKind {
  Segment,        // 000000010000000000000001
  Partial,        // 000000010000000000000001.partial: the last, unfinished one of a left timeline
  History,        // 00000002.history: where a timeline comes from
  BackupHistory,  // 000000010000000000000001.00000028.backup: written at the end of a base backup
  Unknown,
};

struct WalFileName {
  WalFileKind kind = WalFileKind::Unknown;
  TimelineId timeline = {};  // none for Unknown
  std::string segment = {};  // the 24 digits, where the name begins with a segment
};

// `name` is a file name without directories. PostgreSQL writes upper-case digits only; lower-case
// ones are Unknown.
WalFileName classify_wal_file(std::string_view name);

std::string history_file_name(TimelineId timeline);

}  // namespace cairn::postgres
