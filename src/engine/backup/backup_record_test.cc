// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/backup_record.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"

namespace cairn::engine {
namespace {

const files::FileTime kTime = std::chrono::sys_days{std::chrono::year{2026} / 8 / 20};

RecordedFile recorded(std::string path, std::uint64_t size) {
  return {.in_pgdata = std::move(path),
          .size_bytes = size,
          .modified = kTime + std::chrono::nanoseconds(123456789),
          .copied = {.crc32c = 7}};
}

FinishedTar finished(std::string name, std::vector<std::string> members) {
  return {.object = {.key = "k/" + name, .size_bytes = 50, .sha256_hex = std::string(64, 'a')},
          .tar_name = std::move(name),
          .members = std::move(members),
          .payload_bytes = 100};
}

Bytes text_of(files::Spool& spool) {
  const auto source = spool.read_back();
  EXPECT_OK(source);
  return read_all(*source.value(), 64 << 20).value();
}

struct Lists {
  std::vector<repository::FileEntry> files;
  std::vector<std::string> members;  // "tar: path"
};

Lists lists_of(const Bytes& json) {
  Lists lists;
  ViewSource source(json);
  EXPECT_OK(repository::read_files_metadata(
      source,
      {.take_file = [&](const repository::FileEntry& entry) -> Result<> {
         lists.files.push_back(entry);
         return {};
       },
       .take_tar_member = [&](std::string_view tar, std::string_view path) -> Result<> {
         lists.members.push_back(fmt::format("{}: {}", tar, path));
         return {};
       }},
      {}));
  return lists;
}

TEST(BackupRecordTest, MakesTheListsOfABackup) {
  BackupRecord record("/tmp", 15, 1, true);
  ASSERT_OK(record.add_file(recorded("base/5/1", 8192)));
  ASSERT_OK(record.add_member("/base", kTime));
  ASSERT_OK(record.add_tar(finished("part_001.tar", {"/base", "/base/5/1"}), true));
  RecordedFile control = recorded("global/pg_control", 8192);
  control.is_in_files_metadata = false;
  ASSERT_OK(record.add_file(control));
  ASSERT_OK(record.add_tar(finished("pg_control.tar", {"/global/pg_control"}), false));
  RecordedFile map = recorded("tablespace_map", 10);
  map.is_in_files_metadata = false;
  map.is_in_manifest = false;
  ASSERT_OK(record.add_file(map));
  ASSERT_OK(record.finish_manifest({{{1}, {0x3000028}, {0x3000100}}}));
  const Bytes manifest = text_of(record.manifest());
  EXPECT_NE(manifest.find("base/5/1"), std::string::npos);
  EXPECT_NE(manifest.find("global/pg_control"), std::string::npos);
  EXPECT_EQ(manifest.find("tablespace_map"), std::string::npos);

  StringSink json;
  ASSERT_OK(record.write_files_metadata(json));
  const Lists lists = lists_of(json.bytes());
  ASSERT_EQ(lists.files.size(), 2U);
  EXPECT_EQ(lists.files[0].path, "/base/5/1");
  EXPECT_EQ(lists.files[0].modified, kTime + std::chrono::nanoseconds(123456789));
  EXPECT_EQ(lists.files[1].path, "/base");
  EXPECT_EQ(lists.members,
            (std::vector<std::string>{"part_001.tar: /base", "part_001.tar: /base/5/1"}));

  record.add_object("files_metadata.json", {.key = "x", .size_bytes = 9, .sha256_hex = "b"});
  const repository::Integrity integrity = record.integrity();
  EXPECT_EQ(integrity.objects.size(), 3U);
  EXPECT_EQ(integrity.objects.at("tar_partitions/pg_control.tar").size_bytes, 50U);
  EXPECT_EQ(integrity.objects.at("files_metadata.json").size_bytes, 9U);
  const BackupTotals totals = record.totals();
  EXPECT_EQ(totals.file_count, 3U);
  EXPECT_EQ(totals.uncompressed_bytes, 200U);
  EXPECT_EQ(totals.compressed_bytes, 100U);
  EXPECT_EQ(totals.catalog_bytes, 8192U + 8192U + 10U);
}

TEST(BackupRecordTest, KeepsListsThatDoNotFitIntoMemory) {
  constexpr int kCount = 40'000;
  BackupRecord record("/tmp", 15, 1, true);
  std::vector<std::string> members;
  for (int i = 0; i < kCount; ++i) {
    const std::string path = fmt::format("base/5/{}/{}", i, std::string(60, 'x'));
    ASSERT_OK(record.add_file(recorded(path, 1)));
    members.push_back("/" + path);
    if (members.size() == 1000) {
      ASSERT_OK(record.add_tar(finished(fmt::format("part_{:03}.tar", i / 1000), members), true));
      members.clear();
    }
  }
  ASSERT_OK(record.finish_manifest({{{1}, {1}, {2}}}));
  EXPECT_GT(record.manifest().size_bytes(), 4U << 20);
  StringSink json;
  ASSERT_OK(record.write_files_metadata(json));
  const Lists lists = lists_of(json.bytes());
  EXPECT_EQ(lists.files.size(), static_cast<std::size_t>(kCount));
  ASSERT_EQ(lists.members.size(), static_cast<std::size_t>(kCount));
  EXPECT_TRUE(lists.members.back().starts_with("part_039.tar: /base/5/39999/"));
}

TEST(BackupRecordTest, WithoutFilesMetadataNothingIsKeptForIt) {
  BackupRecord record("/no such directory", 15, 1, false);
  for (int i = 0; i < 100; ++i) ASSERT_OK(record.add_member(std::string(60'000, 'm'), kTime));
  ASSERT_OK(record.add_tar(finished("part_001.tar", {std::string(5'000'000, 'm')}), true));
  EXPECT_EQ(record.totals().compressed_bytes, 50U);
}

TEST(BackupRecordTest, ADirectoryThatTakesNoFilesIsAnError) {
  BackupRecord record("/no such directory", 15, 1, true);
  ASSERT_OK(record.add_member(std::string(1'500'000, 'm'), kTime));
  EXPECT_EQ(tests::outcome(record.add_member(std::string(1'500'000, 'n'), kTime)), "NotFound");
}

TEST(BackupRecordTest, RemembersTheFirstCorruptPages) {
  BackupRecord record("/tmp", 15, 1, true);
  RecordedFile bad = recorded("base/5/1", 8192 * 2000);
  for (std::uint32_t i = 0; i < 900; ++i) bad.copied.corrupt_blocks.push_back(i);
  bad.copied.corrupt_block_count = 1500;
  ASSERT_OK(record.add_file(bad));
  bad.in_pgdata = "base/5/2";
  ASSERT_OK(record.add_file(bad));
  const repository::Integrity integrity = record.integrity();
  EXPECT_EQ(integrity.corrupt_page_count, 3000U);
  ASSERT_EQ(integrity.corrupt_pages.size(), repository::kCorruptPagesStoredMax);
  EXPECT_EQ(integrity.corrupt_pages[899], (repository::CorruptPage{"base/5/1", 899}));
  EXPECT_EQ(integrity.corrupt_pages[900], (repository::CorruptPage{"base/5/2", 0}));
  StringSink json;
  ASSERT_OK(record.finish_manifest({{{1}, {1}, {2}}}));
  ASSERT_OK(record.write_files_metadata(json));
  const Lists lists = lists_of(json.bytes());
  ASSERT_EQ(lists.files.size(), 2U);
  EXPECT_EQ(lists.files[0].corrupt_block_count, 1500U);
  EXPECT_EQ(lists.files[0].corrupt_blocks.size(), repository::kCorruptBlocksMax);
}

}  // namespace
}  // namespace cairn::engine
