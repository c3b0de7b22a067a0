// SPDX-License-Identifier: Apache-2.0
#include "postgres/backup_label.h"

#include <gtest/gtest.h>

namespace cairn::postgres {
namespace {

constexpr std::string_view kLabel =
    "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
    "CHECKPOINT LOCATION: 0/2000060\n"
    "BACKUP METHOD: streamed\n"
    "BACKUP FROM: primary\n"
    "START TIME: 2026-08-20 10:00:05 UTC\n"
    "LABEL: nightly: full\n"
    "START TIMELINE: 12\n"
    "INCREMENTAL FROM LSN: 0/1000028\n";

TEST(BackupLabelTest, IsReadLineByLine) {
  const auto parsed = parse_backup_label(kLabel);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  const BackupLabel& label = parsed.value();
  EXPECT_EQ(label.start.text(), "0/2000028");
  EXPECT_EQ(label.start_segment, "000000010000000000000002");
  EXPECT_EQ(label.checkpoint.text(), "0/2000060");
  EXPECT_EQ(label.method, "streamed");
  EXPECT_EQ(label.from, "primary");
  EXPECT_EQ(label.start_time, "2026-08-20 10:00:05 UTC");
  EXPECT_EQ(label.label, "nightly: full");
  EXPECT_EQ(label.start_timeline, TimelineId{12});
}

TEST(BackupLabelTest, RefusesALabelThatDoesNotSayWhereToStart) {
  struct Case {
    std::string_view what;
    std::string_view by;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"START WAL", "START OF", "no START WAL LOCATION"},
      {"0/2000028 (file", "nowhere (file", "nowhere"},
      {" (file 000000010000000000000002)", "", "names no file"},
      {"CHECKPOINT", "CHECK", "no CHECKPOINT LOCATION"},
      {"0/2000060", "2000060", "2000060"},
      {"START TIMELINE", "TIMELINE", "no START TIMELINE"},
      {"12", "0", "timeline"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.complaint);
    std::string text(kLabel);
    text.replace(text.find(c.what), c.what.size(), c.by);
    const auto label = parse_backup_label(text);
    ASSERT_FALSE(label.ok());
    EXPECT_EQ(label.error().code(), ErrorCode::Corrupt);
    EXPECT_NE(label.error().message().find(c.complaint), std::string::npos)
        << label.error().message();
  }
  EXPECT_FALSE(parse_backup_label("").ok());
  EXPECT_FALSE(parse_backup_label(std::string(kLabel) + std::string(70'000, 'x')).ok());
}

TEST(TablespaceMapTest, SurvivesOddPaths) {
  const std::vector<Tablespace> tablespaces = {
      {16385, "/srv/one"}, {16386, "/srv/with space"}, {16387, "/srv/line\nbreak\\and\rmore"}};
  const std::string text = format_tablespace_map(tablespaces);
  EXPECT_EQ(text,
            "16385 /srv/one\n16386 /srv/with space\n16387 /srv/line\\\nbreak\\\\and\\\rmore\n");
  EXPECT_EQ(parse_tablespace_map(text).value(), tablespaces);
  EXPECT_TRUE(parse_tablespace_map("").value().empty());
  EXPECT_EQ(parse_tablespace_map("16385 /srv/one").value().size(), 1U);
}

TEST(TablespaceMapTest, RefusesWhatIsNoMap) {
  for (const std::string& text :
       {std::string("/srv/one\n"), std::string("16385\n"), std::string("16385 \n"),
        std::string("0 /srv\n"), std::string("99999999999 /srv\n"), std::string("16385 /a\n\n"),
        std::string(kTablespaceMapBytesMax + 1, '1')}) {
    SCOPED_TRACE(text.substr(0, 30));
    ASSERT_FALSE(parse_tablespace_map(text).ok());
    EXPECT_EQ(parse_tablespace_map(text).error().code(), ErrorCode::Corrupt);
  }
}

}  // namespace
}  // namespace cairn::postgres
