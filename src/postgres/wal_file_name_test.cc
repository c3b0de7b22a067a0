// SPDX-License-Identifier: Apache-2.0
#include "postgres/wal_file_name.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

TEST(WalFileNameTest, IsClassifiedByItsForm) {
  struct Case {
    std::string_view name;
    WalFileKind kind;
    std::uint32_t timeline;
    std::string_view segment;
  };
  constexpr std::string_view kSegment = "0000000A0000000100000002";
  const Case cases[] = {
      {"0000000A0000000100000002", WalFileKind::Segment, 10, kSegment},
      {"0000000A0000000100000002.partial", WalFileKind::Partial, 10, kSegment},
      {"0000000A.history", WalFileKind::History, 10, ""},
      {"0000000A0000000100000002.00000028.backup", WalFileKind::BackupHistory, 10, kSegment},
      {"", WalFileKind::Unknown, 0, ""},
      {"0000000A", WalFileKind::Unknown, 0, ""},
      {"0000000a.history", WalFileKind::Unknown, 0, ""},
      {"00000000.history", WalFileKind::Unknown, 0, ""},
      {"000000010000000000000001.partial.tmp", WalFileKind::Unknown, 0, ""},
      {"000000010000000000000001.", WalFileKind::Unknown, 0, ""},
      {"000000010000000000000001.lz4", WalFileKind::Unknown, 0, ""},
      {"000000010000000000000001.history", WalFileKind::Unknown, 0, ""},
      {"000000010000000000000001.28.backup", WalFileKind::Unknown, 0, ""},
      {"000000010000000000000001.0000002g.backup", WalFileKind::Unknown, 0, ""},
      {"000000010000000000000001.00000028.backups", WalFileKind::Unknown, 0, ""},
      {"00000001000000000000000", WalFileKind::Unknown, 0, ""},
      {"RECOVERYXLOG", WalFileKind::Unknown, 0, ""},
      {"../000000010000000000000001", WalFileKind::Unknown, 0, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const WalFileName result = classify_wal_file(c.name);
    EXPECT_EQ(result.kind, c.kind);
    EXPECT_EQ(result.timeline.value, c.timeline);
    EXPECT_EQ(result.segment, c.segment);
  }
}

TEST(WalFileNameTest, ATimelineHasOneHistoryFile) {
  EXPECT_EQ(history_file_name({31}), "0000001F.history");
}

}  // namespace
}  // namespace cairn::postgres
