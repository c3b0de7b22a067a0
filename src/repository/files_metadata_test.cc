// SPDX-License-Identifier: Apache-2.0
#include "repository/files_metadata.h"

#include <gtest/gtest.h>

#include <map>

#include "repository/json_go.h"
#include "tests/support/expect_ok.h"
#include "tests/support/streams.h"

namespace cairn::repository {
namespace {

struct Read {
  std::vector<FileEntry> files = {};
  std::map<std::string, std::vector<std::string>> tar_sets = {};
};

Result<Read> read(Source& source, const FilesMetadataLimits& limits = {}) {
  Read all;
  const FilesMetadataReader reader{
      .take_file = [&](const FileEntry& file) -> Result<> {
        all.files.push_back(file);
        return {};
      },
      .take_tar_member = [&](std::string_view tar, std::string_view path) -> Result<> {
        all.tar_sets[std::string(tar)].emplace_back(path);
        return {};
      }};
  TRY(read_files_metadata(source, reader, limits));
  return all;
}

Result<Read> read_text(std::string_view text) {
  ViewSource source(text);
  return read(source);
}

FileTime time_of(std::string_view text) {
  return parse_file_time(text).value();
}

TEST(FileTimeTest, KeepsNanosecondsAndAnyOffset) {
  EXPECT_EQ(format_file_time(time_of("2026-11-22T08:51:33.86213326+01:00")),
            "2026-11-22T07:51:33.86213326Z");
  EXPECT_EQ(format_file_time(time_of("2026-11-22T07:51:33.123456789Z")),
            "2026-11-22T07:51:33.123456789Z");
  EXPECT_EQ(format_file_time(time_of("2026-11-22T07:51:33.1234567891Z")),
            "2026-11-22T07:51:33.123456789Z");
  EXPECT_EQ(format_file_time(time_of("2026-11-22T07:51:33.1234567Z")),
            "2026-11-22T07:51:33.1234567Z");
  EXPECT_EQ(format_file_time(time_of("2026-11-22T07:51:33Z")), "2026-11-22T07:51:33Z");
  EXPECT_EQ(format_file_time(time_of("1969-12-31T23:59:59.999999999Z")),
            "1969-12-31T23:59:59.999999999Z");
  // Beyond 64 bits of nanoseconds: the nearest, without overflow.
  EXPECT_TRUE(format_file_time(time_of("0001-01-01T00:00:00Z")).starts_with("1677-"));
  EXPECT_TRUE(format_file_time(time_of("9999-12-31T23:59:59.999999999Z")).starts_with("2262-"));
  EXPECT_FALSE(parse_file_time("yesterday").ok());
}

TEST(FilesMetadataTest, WritesWhatWalGReads) {
  StringSink out;
  FilesMetadataWriter writer(out);
  ASSERT_OK(writer.add_file({.path = "/base/5/1259",
                             .is_incremented = true,
                             .modified = time_of("2026-11-22T07:51:33.5Z"),
                             .corrupt_block_count = 12,
                             .corrupt_blocks = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}));
  ASSERT_OK(writer.add_file({.path = "/a\"<ä", .is_skipped = true, .modified = FileTime{}}));
  ASSERT_OK(writer.start_tar_set("part_001.tar.lz4"));
  ASSERT_OK(writer.add_tar_member("/"));
  ASSERT_OK(writer.add_tar_member("/base"));
  ASSERT_OK(writer.start_tar_set("empty.tar"));
  ASSERT_OK(writer.finish());
  EXPECT_EQ(
      out.bytes(),
      R"({"Files":{"/base/5/1259":{"IsIncremented":true,"IsSkipped":false,)"
      R"("MTime":"2026-11-22T07:51:33.5Z","CorruptBlocks":{"CorruptBlocksCount":12,)"
      R"("SomeCorruptBlocks":[1,2,3,4,5,6,7,8,9,10]},"UpdatesCount":0},)"
      R"("/a\"\u003cä":{"IsIncremented":false,"IsSkipped":true,"MTime":"1970-01-01T00:00:00Z",)"
      R"("UpdatesCount":0}},"TarFileSets":{"part_001.tar.lz4":["/","/base"],"empty.tar":[]}})");
  const Read back = read_text(out.bytes()).value();
  ASSERT_EQ(back.files.size(), 2U);
  EXPECT_EQ(back.files[0].path, "/base/5/1259");
  EXPECT_TRUE(back.files[0].is_incremented);
  EXPECT_EQ(back.files[0].corrupt_block_count, 12U);
  EXPECT_EQ(back.files[0].corrupt_blocks.size(), kCorruptBlocksMax);
  EXPECT_EQ(back.files[1].path, "/a\"<ä");
  EXPECT_TRUE(back.files[1].is_skipped);
  EXPECT_EQ(
      back.tar_sets,
      (std::map<std::string, std::vector<std::string>>{{"part_001.tar.lz4", {"/", "/base"}}}));
}

TEST(FilesMetadataTest, WritesSectionsOnlyWhenTheyHaveSomething) {
  StringSink nothing;
  ASSERT_OK(FilesMetadataWriter(nothing).finish());
  EXPECT_EQ(nothing.bytes(), "{}");
  StringSink sets;
  FilesMetadataWriter writer(sets);
  ASSERT_OK(writer.start_tar_set("a"));
  ASSERT_OK(writer.finish());
  EXPECT_EQ(sets.bytes(), R"({"TarFileSets":{"a":[]}})");
}

TEST(FilesMetadataTest, StreamsManyEntriesThroughASmallBuffer) {
  StringSink out;
  FilesMetadataWriter writer(out);
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_OK(writer.add_file({.path = fmt::format("/base/5/{}", i), .modified = FileTime{}}));
  }
  ASSERT_OK(writer.finish());
  tests::ChunkedSource source(out.bytes(), 7);
  const auto back = read(source);
  ASSERT_OK(back);
  ASSERT_EQ(back.value().files.size(), 20'000U);
  EXPECT_EQ(back.value().files.back().path, "/base/5/19999");
}

TEST(FilesMetadataTest, ReadsInAnyCaseAndSkipsWhatItDoesNotKnow) {
  const auto all = read_text(
      R"({"DatabasesByNames":{"postgres":{"oid":5,"tables_new":{"a":{"oid":1}}}},"x":[[],)"
      R"({}],"y":1.5,)"
      R"("FILES":{"/a":{"isskipped":true,"new":{"IsSkipped":false},"mtime":"2026-11-22T07:51:33Z",)"
      R"("CorruptBlocks":null},"/b":null,"/c":[{}]},"tarfilesets":{"p":["/a",{"x":"y"}],)"
      R"("q":null}})");
  ASSERT_OK(all);
  ASSERT_EQ(all.value().files.size(), 1U);
  EXPECT_TRUE(all.value().files[0].is_skipped);
  EXPECT_EQ(all.value().tar_sets, (std::map<std::string, std::vector<std::string>>{{"p", {"/a"}}}));
}

TEST(FilesMetadataTest, RefusesWhatIsNoSuchJson) {
  for (const std::string_view text :
       {"", "[]", "1", "{\"Files\":{\"/a\":{", "{}x", "{\"Files\":{\"/a\":{\"MTime\":\"never\"}}}",
        "{\"Files\":{\"/a\":{\"CorruptBlocks\":{\"SomeCorruptBlocks\":[4294967296]}}}}"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(tests::outcome(read_text(text)), "Corrupt");
  }
  EXPECT_EQ(tests::outcome(read_text(std::string(100, '[') + std::string(100, ']'))), "Corrupt");
  EXPECT_EQ(
      tests::outcome(read_text("{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}")),
      "Corrupt");
}

TEST(FilesMetadataTest, SaysWhyTheInputEndedAndWhatTheCallerSaid) {
  tests::FailingSource failing("{\"Files\":{\"/a\":{");
  EXPECT_EQ(tests::outcome(read(failing)), "Unavailable");
  ViewSource good(R"({"Files":{"/a":{}},"TarFileSets":{"p":["/a"]}})");
  const FilesMetadataReader refuses{
      .take_file = [](const FileEntry&) -> Result<> { return conflict("enough"); }};
  EXPECT_EQ(tests::outcome(read_files_metadata(good, refuses, {})), "Conflict");
  ViewSource again(R"({"Files":{"/a":{}},"TarFileSets":{"p":["/a"]}})");
  const FilesMetadataReader refuses_members{
      .take_tar_member = [](std::string_view, std::string_view) -> Result<> {
        return conflict("enough");
      }};
  EXPECT_EQ(tests::outcome(read_files_metadata(again, refuses_members, {})), "Conflict");
}

TEST(FilesMetadataTest, IsLimitedInAllDirections) {
  const FilesMetadataLimits limits{.bytes_max = 1 << 20, .path_bytes_max = 1000};
  const std::string path(2 << 20, 'x');
  const std::string long_path = "{\"Files\":{\"" + path + "\":{}}}";
  ViewSource long_path_source(long_path);
  EXPECT_EQ(tests::outcome(read(long_path_source, limits)), "Corrupt");
  const std::string spaces = "{" + std::string(2 << 20, ' ') + "}";
  ViewSource space_source(spaces);
  EXPECT_EQ(tests::outcome(read(space_source, {.path_bytes_max = 1000})), "Corrupt");
  std::string many = "{\"Files\":{";
  for (int i = 0; i < 200'000; ++i) many += fmt::format("\"/{}\":{{}},", i);
  ViewSource many_source(many);
  const auto result = read(many_source, limits);
  ASSERT_EQ(tests::outcome(result), "Corrupt");
  EXPECT_NE(result.error().message().find("larger than"), std::string::npos);
}

TEST(FilesMetadataTest, FailsWhenTheSinkDoes) {
  tests::FailingSink full(0);
  FilesMetadataWriter writer(full);
  ASSERT_OK(writer.add_file({.path = "/a", .modified = FileTime{}}));
  EXPECT_EQ(tests::outcome(writer.finish()), "Unavailable");
}

}  // namespace
}  // namespace cairn::repository
