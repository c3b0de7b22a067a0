// SPDX-License-Identifier: Apache-2.0
#include "repository/names.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"

namespace cairn::repository {
namespace {

using codec::Compression;
using postgres::WalFileKind;

constexpr std::string_view kSegment = "00000001000000000000000C";
constexpr std::string_view kNextSegment = "00000001000000000000000E";

BackupName name_of(std::string_view text) {
  return BackupName::parse(text).value();
}

TEST(BackupNameTest, TakesApartWhatWalGWouldMakeAndNothingElse) {
  struct Case {
    std::string_view text;
    std::optional<BackupNameParts> expected;
  };
  const Case cases[] = {
      {"base_00000001000000000000000C", BackupNameParts{.start_segment = std::string(kSegment)}},
      {"base_00000001000000000000000E_D_00000001000000000000000C",
       BackupNameParts{.start_segment = std::string(kNextSegment),
                       .parent_segment = std::string(kSegment)}},
      {"base_00000001000000000000000C_00000028",
       BackupNameParts{.start_segment = std::string(kSegment), .offset = "00000028"}},
      {"base_00000001000000000000000E_D_00000001000000000000000C_00000028",
       BackupNameParts{.start_segment = std::string(kNextSegment),
                       .parent_segment = std::string(kSegment),
                       .offset = "00000028"}},
      {"base_00000001000000000000000c", std::nullopt},
      {"base_00000001000000000000000", std::nullopt},
      {"base_00000001000000000000000CC", std::nullopt},
      {"base_00000001000000000000000C_D_", std::nullopt},
      {"base_00000001000000000000000C_0000002", std::nullopt},
      {"base_00000001000000000000000C_00000028_", std::nullopt},
      {"my-backup", std::nullopt},
      {"base_", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(name_of(c.text).parts(), c.expected);
  }
}

TEST(BackupNameTest, RefusesWhatIsNoFolderName) {
  for (const std::string_view text : {"", ".", "..", "a/b", "a\nb", "../../etc"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(tests::outcome(BackupName::parse(text)), "InvalidArgument");
  }
  EXPECT_EQ(tests::outcome(BackupName::parse(std::string(256, 'x'))), "InvalidArgument");
  EXPECT_OK(BackupName::parse(std::string(255, 'x')));
}

TEST(BackupNameTest, NamesADeltaAfterItsDirectParent) {
  const BackupName full = BackupName::full(kSegment);
  EXPECT_EQ(full.text(), "base_00000001000000000000000C");
  const BackupName delta = BackupName::delta(kNextSegment, full);
  EXPECT_EQ(delta.text(), "base_00000001000000000000000E_D_00000001000000000000000C");
  EXPECT_EQ(BackupName::delta("000000010000000000000010", delta).text(),
            "base_000000010000000000000010_D_00000001000000000000000E");
}

TEST(NamesTest, PlacesTheObjectsOfABackupWhereWalGLooksForThem) {
  const BackupName name = BackupName::full(kSegment);
  const std::string folder = "basebackups_005/base_00000001000000000000000C";
  EXPECT_EQ(sentinel_key(name).text(), folder + "_backup_stop_sentinel.json");
  EXPECT_EQ(metadata_key(name).text(), folder + "/metadata.json");
  EXPECT_EQ(files_metadata_key(name).text(), folder + "/files_metadata.json");
  EXPECT_EQ(integrity_key(name).text(), folder + "/cairn_integrity.json");
  EXPECT_EQ(part_key(name, 1, Compression::Lz4).text(),
            folder + "/tar_partitions/part_001.tar.lz4");
  EXPECT_EQ(part_key(name, 1234, Compression::None).text(),
            folder + "/tar_partitions/part_1234.tar");
  EXPECT_EQ(control_tar_key(name, Compression::Zstd).text(),
            folder + "/tar_partitions/pg_control.tar.zst");
  EXPECT_EQ(label_tar_key(name, Compression::Brotli).text(),
            folder + "/tar_partitions/backup_label.tar.br");
}

TEST(NamesTest, KeepsOurRecordOutOfReachOfWalGsDelete) {
  EXPECT_EQ(first_segment_name(ownership_key().text()), std::nullopt);
}

TEST(NamesTest, FindsTheBackupOfASentinel) {
  EXPECT_EQ(
      backup_of_sentinel("basebackups_005/base_00000001000000000000000C_backup_stop_sentinel.json"),
      BackupName::full(kSegment));
  for (const std::string_view key :
       {"basebackups_005/base_00000001000000000000000C/metadata.json",
        "basebackups_005/_backup_stop_sentinel.json",
        "basebackups_005/a/b_backup_stop_sentinel.json", "x_backup_stop_sentinel.json"}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(backup_of_sentinel(key), std::nullopt);
  }
}

TEST(NamesTest, UnderstandsEveryNameAWalObjectMayHave) {
  struct Case {
    std::string_view name;
    std::string_view file;
    WalFileKind kind;
    Compression compression;
  };
  const Case cases[] = {
      {"00000001000000000000000C.lz4", kSegment, WalFileKind::Segment, Compression::Lz4},
      {"00000001000000000000000C", kSegment, WalFileKind::Segment, Compression::None},
      // The dangling dot of WAL-G up to 3.0.8.
      {"00000001000000000000000C.", kSegment, WalFileKind::Segment, Compression::None},
      {"00000001000000000000000C.gz", kSegment, WalFileKind::Segment, Compression::Gzip},
      {"00000001000000000000000C.partial.lzma", "00000001000000000000000C.partial",
       WalFileKind::Partial, Compression::Lzma},
      {"00000001000000000000000C.partial", "00000001000000000000000C.partial", WalFileKind::Partial,
       Compression::None},
      {"00000001000000000000000C.00000028.backup.br", "00000001000000000000000C.00000028.backup",
       WalFileKind::BackupHistory, Compression::Brotli},
      {"00000002.history.zst", "00000002.history", WalFileKind::History, Compression::Zstd},
      {"00000001000000000000000C_delta.lz4", "00000001000000000000000C_delta.lz4",
       WalFileKind::Unknown, Compression::None},
      {"00000001000000000000000C.json", "00000001000000000000000C.json", WalFileKind::Unknown,
       Compression::None},
      {"00000001000000000000000C.rar", "00000001000000000000000C.rar", WalFileKind::Unknown,
       Compression::None},
      {"", "", WalFileKind::Unknown, Compression::None},
      {".", ".", WalFileKind::Unknown, Compression::None},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const WalObjectName parsed = parse_wal_object_name(c.name);
    EXPECT_EQ(parsed.file, c.file);
    EXPECT_EQ(parsed.kind, c.kind);
    EXPECT_EQ(parsed.compression, c.compression);
  }
}

TEST(NamesTest, MakesKeysForWalFilesOnly) {
  EXPECT_EQ(wal_key(kSegment, Compression::Lz4).value().text(),
            "wal_005/00000001000000000000000C.lz4");
  EXPECT_EQ(wal_key("00000002.history", Compression::None).value().text(),
            "wal_005/00000002.history");
  for (const std::string_view file :
       {"", "x", "../00000002.history", "00000001000000000000000C/"}) {
    SCOPED_TRACE(file);
    EXPECT_EQ(tests::outcome(wal_key(file, Compression::Lz4)), "InvalidArgument");
  }
}

TEST(NamesTest, SeesInANameHowTheObjectIsCompressed) {
  EXPECT_EQ(compression_of_name("a/part_001.tar.lz4").value(), Compression::Lz4);
  EXPECT_EQ(compression_of_name("a/part_001.tar").value(), Compression::None);
  EXPECT_EQ(compression_of_name("a/part_001.tar.").value(), Compression::None);
  EXPECT_EQ(compression_of_name("a.lz4/part_001").value(), Compression::None);
  EXPECT_EQ(compression_of_name("wal_005/00000001000000000000000C.partial").value(),
            Compression::None);
  EXPECT_EQ(compression_of_name("wal_005/00000001000000000000000C.00000028.backup").value(),
            Compression::None);
  const auto unknown = compression_of_name("a/part_001.tar.rar");
  ASSERT_EQ(tests::outcome(unknown), "InvalidArgument");
  EXPECT_NE(unknown.error().message().find("rar"), std::string::npos);
}

TEST(NamesTest, FindsTheFirstSegmentWhereWalGFindsIt) {
  EXPECT_EQ(first_segment_name("base_00000001000000000000000E_D_00000001000000000000000C"),
            kNextSegment);
  EXPECT_EQ(first_segment_name("0000000100000000000000000C"), "000000010000000000000000");
  EXPECT_EQ(first_segment_name("00000002.history"), std::nullopt);
}

}  // namespace
}  // namespace cairn::repository
