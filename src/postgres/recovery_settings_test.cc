// SPDX-License-Identifier: Apache-2.0
#include "postgres/recovery_settings.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

using Kind = RecoveryTargetKind;

constexpr std::string_view kCommand = "cairn wal-fetch %f %p";

TEST(RecoverySettingsTest, ATargetTimeNeedsAZone) {
  struct Case {
    std::string_view text;
    std::string_view utc;  // empty: refused
  };
  const Case cases[] = {
      {"2026-08-20T10:00:05Z", "2026-08-20T10:00:05Z"},
      {"2026-08-20 10:00:05z", "2026-08-20T10:00:05Z"},
      {"2026-08-20 10:00:05.25+02", "2026-08-20T08:00:05.25Z"},
      {"2026-08-20 10:00:05 +02:00", "2026-08-20T08:00:05Z"},
      {"2026-08-20 10:00:05-0330", "2026-08-20T13:30:05Z"},
      {"2026-08-20T10:00:05+05:45", "2026-08-20T04:15:05Z"},
      {"2026-08-20 00:30:00+02", "2026-08-19T22:30:00Z"},
      {"2026-08-20 10:00:05", ""},
      {"2026-08-20", ""},
      {"2026-08-20 10:00:05 CEST", ""},
      {"2026-08-20 10:00:05 Europe/Berlin", ""},
      {"2026-08-20 10:00:05+2", ""},
      {"2026-08-20 10:00:05+02:0", ""},
      {"2026-08-20 10:00:05+02:", ""},
      {"2026-08-20 10:00:05+0200:", ""},
      {"2026-08-20 10:00:05+25:00", ""},
      {"2026-02-30 10:00:05Z", ""},
      {"2026-08-20 10:00Z", ""},
      {"now", ""},
      {"", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto time = parse_target_time(c.text);
    ASSERT_EQ(time.ok(), !c.utc.empty());
    if (time.ok()) {
      EXPECT_EQ(format_rfc3339(time.value()), c.utc);
    } else {
      EXPECT_EQ(time.error().code(), ErrorCode::InvalidArgument);
    }
  }
  EXPECT_NE(parse_target_time("2026-08-20 10:00:05").error().message().find("add Z for UTC"),
            std::string::npos);
}

TEST(RecoverySettingsTest, NameExactlyOneTarget) {
  struct Case {
    RecoveryTarget target;
    std::string_view line;  // the only target that is not empty
  };
  const Case cases[] = {
      {{.kind = Kind::Latest}, ""},
      {{.kind = Kind::Immediate}, "recovery_target = 'immediate'\n"},
      {{.kind = Kind::Time, .value = "2026-08-20 10:00:05.25+02"},
       "recovery_target_time = '2026-08-20 08:00:05.250000+00'\n"},
      {{.kind = Kind::TransactionId, .value = "4711"}, "recovery_target_xid = '4711'\n"},
      {{.kind = Kind::Lsn, .value = "0/3000a28"}, "recovery_target_lsn = '0/3000A28'\n"},
      {{.kind = Kind::Name, .value = "before Bob's \\change"},
       "recovery_target_name = 'before Bob''s \\\\change'\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    const auto lines = recovery_settings(c.target, kCommand);
    ASSERT_TRUE(lines.ok()) << lines.error().message();
    std::string expected = "restore_command = 'cairn wal-fetch %f %p'\n";
    for (const std::string name : {"recovery_target", "recovery_target_lsn", "recovery_target_name",
                                   "recovery_target_time", "recovery_target_xid"}) {
      if (!c.line.starts_with(name + " ")) expected += name + " = ''\n";
    }
    expected += c.line;
    expected +=
        "recovery_target_inclusive = 'true'\nrecovery_target_timeline = 'latest'\n"
        "recovery_target_action = 'promote'\n";
    EXPECT_EQ(lines.value(), expected);
  }
}

TEST(RecoverySettingsTest, SayHowToEnd) {
  struct Case {
    RecoveryTarget target;
    std::string_view line;
  };
  const Case cases[] = {
      {{.is_inclusive = false}, "recovery_target_inclusive = 'false'\n"},
      {{.timeline = "current"}, "recovery_target_timeline = 'current'\n"},
      {{.timeline = "0012"}, "recovery_target_timeline = '12'\n"},
      {{.timeline = "0x1F"}, "recovery_target_timeline = '31'\n"},
      {{.action = RecoveryAction::Pause}, "recovery_target_action = 'pause'\n"},
      {{.action = RecoveryAction::Shutdown}, "recovery_target_action = 'shutdown'\n"},
  };
  for (const Case& c : cases) {
    EXPECT_NE(recovery_settings(c.target, kCommand).value().find(c.line), std::string::npos)
        << c.line;
  }
}

TEST(RecoverySettingsTest, RefuseWhatDoesNotFit) {
  struct Case {
    RecoveryTarget target;
    std::string_view command;
    std::string_view complaint;
  };
  const Case cases[] = {
      {{}, "", "restore_command"},
      {{}, "cp a\nb", "newline"},
      {{.kind = Kind::Time, .value = "2026-08-20 10:00:05"}, kCommand, "no zone"},
      {{.kind = Kind::TransactionId, .value = "2"}, kCommand, "transaction id"},
      {{.kind = Kind::TransactionId, .value = "x"}, kCommand, "transaction id"},
      {{.kind = Kind::TransactionId, .value = ""}, kCommand, "transaction id"},
      {{.kind = Kind::Lsn, .value = "3000028"}, kCommand, "WAL position"},
      {{.kind = Kind::Name, .value = ""}, kCommand, "restore point"},
      {{.kind = Kind::Name, .value = std::string(64, 'n')}, kCommand, "restore point"},
      {{.kind = Kind::Name, .value = "a\nb"}, kCommand, "restore point"},
      {{.timeline = "oldest"}, kCommand, "neither latest nor current"},
      {{.timeline = "0"}, kCommand, "neither latest nor current"},
      {{.timeline = ""}, kCommand, "neither latest nor current"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.complaint);
    const auto lines = recovery_settings(c.target, c.command);
    ASSERT_FALSE(lines.ok());
    EXPECT_EQ(lines.error().code(), ErrorCode::InvalidArgument);
    EXPECT_NE(lines.error().message().find(c.complaint), std::string::npos)
        << lines.error().message();
    EXPECT_FALSE(with_recovery_settings("", c.target, c.command).ok());
  }
}

TEST(RecoverySettingsTest, ReplaceTheOnesOfAnEarlierRestore) {
  constexpr std::string_view kOld =
      "# Do not edit this file manually!\n"
      "work_mem = '4MB'\n"
      "recovery_target_time = '2026-01-01 00:00:00+00'\n"
      "  Recovery_Target_XID='7'\n"
      "restore_command='old'\r\n"
      "recovery_target_inclusive off\n"
      "recovery_prefetch = 'off'\n"
      "#recovery_target_name = 'kept'\n"
      "archive_command = 'cp recovery_target %p'";
  const RecoveryTarget target;
  EXPECT_EQ(with_recovery_settings(kOld, target, kCommand).value(),
            "# Do not edit this file manually!\n"
            "work_mem = '4MB'\n"
            "recovery_prefetch = 'off'\n"
            "#recovery_target_name = 'kept'\n"
            "archive_command = 'cp recovery_target %p'\n" +
                recovery_settings(target, kCommand).value());
  EXPECT_EQ(with_recovery_settings("", target, kCommand).value(),
            recovery_settings(target, kCommand).value());
  const std::string once = with_recovery_settings(kOld, target, kCommand).value();
  EXPECT_EQ(with_recovery_settings(once, target, kCommand).value(), once);
}

TEST(RecoverySettingsTest, ValuesAreQuoted) {
  EXPECT_EQ(quote_setting(""), "''");
  EXPECT_EQ(quote_setting("it's a \\ slash"), "'it''s a \\\\ slash'");
}

}  // namespace
}  // namespace cairn::postgres
