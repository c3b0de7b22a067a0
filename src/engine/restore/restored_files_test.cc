// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/restored_files.h"

#include <gtest/gtest.h>

#include "postgres/backup_manifest.h"
#include "tests/support/expect_ok.h"

namespace cairn::engine {
namespace {

Bytes manifest_of(const std::vector<postgres::ManifestFile>& files) {
  StringSink sink;
  postgres::ManifestWriter writer(sink, 15, 1);
  for (const postgres::ManifestFile& file : files) EXPECT_OK(writer.add(file));
  EXPECT_OK(writer.finish({{{1}, {0x2000028}, {0x2000100}}}));
  return sink.take();
}

Result<> check(const RestoredFiles& restored, const Bytes& manifest) {
  ViewSource source(manifest);
  return restored.check_against(source);
}

const std::vector<postgres::ManifestFile> kFiles = {
    {.path = "base/5/1", .size_bytes = 10, .crc32c = 0x11111111},
    {.path = "base/5/2", .size_bytes = 20, .crc32c = 0x22222222},
    {.path = "gr\xc3\xb6\xc3\x9f\x65\xff", .size_bytes = 0, .crc32c = 0},  // not UTF-8
};

TEST(RestoredFilesTest, AcceptsExactlyWhatWasBackedUp) {
  RestoredFiles restored;
  for (const auto& file : kFiles) restored.add(file.path, file.size_bytes, *file.crc32c);
  restored.add("backup_manifest", 1, 2);  // Files beyond the manifest are nothing wrong.
  EXPECT_EQ(restored.count(), 4U);
  EXPECT_OK(check(restored, manifest_of(kFiles)));
}

TEST(RestoredFilesTest, NamesWhatDiffers) {
  struct Case {
    std::string_view name;
    std::uint64_t size;
    std::uint32_t crc;
    std::string_view expected;
  };
  const Case cases[] = {
      {"size", 11, 0x11111111, "base/5/1 has 11 bytes instead of 10"},
      {"checksum", 10, 0x11111110, "base/5/1 has another checksum"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RestoredFiles restored;
    for (const auto& file : kFiles) restored.add(file.path, file.size_bytes, *file.crc32c);
    restored.add("base/5/1", c.size, c.crc);
    const auto checked = check(restored, manifest_of(kFiles));
    ASSERT_EQ(tests::outcome(checked), "Corrupt");
    EXPECT_NE(checked.error().message().find(c.expected), std::string::npos)
        << checked.error().message();
  }
}

TEST(RestoredFilesTest, NamesWhatIsMissingButNotEverything) {
  const RestoredFiles nothing;
  std::vector<postgres::ManifestFile> many;
  for (int i = 0; i < 100; ++i) many.push_back({.path = fmt::format("f{}", i), .crc32c = 0});
  const auto checked = check(nothing, manifest_of(many));
  ASSERT_EQ(tests::outcome(checked), "Corrupt");
  EXPECT_NE(checked.error().message().find("100 files differ"), std::string::npos);
  EXPECT_NE(checked.error().message().find("f0 is missing"), std::string::npos);
  EXPECT_LT(checked.error().message().size(), 300U);
}

TEST(RestoredFilesTest, WhatAnIncrementChangedIsOnlyThere) {
  RestoredFiles restored;
  for (const auto& file : kFiles) restored.add_unchecked(file.path);
  EXPECT_OK(check(restored, manifest_of(kFiles)));
}

TEST(RestoredFilesTest, ADamagedManifestIsNoProof) {
  RestoredFiles restored;
  for (const auto& file : kFiles) restored.add(file.path, file.size_bytes, *file.crc32c);
  Bytes manifest = manifest_of(kFiles);
  manifest[manifest.find("base/5/2") + 7] = '3';
  restored.add("base/5/3", 20, 0x22222222);
  EXPECT_EQ(tests::outcome(check(restored, manifest)), "Corrupt");
  EXPECT_EQ(tests::outcome(check(restored, "")), "Corrupt");
}

}  // namespace
}  // namespace cairn::engine
