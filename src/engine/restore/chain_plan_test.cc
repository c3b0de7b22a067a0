// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/chain_plan.h"

#include <gtest/gtest.h>

#include <map>

#include "object_store/memory/memory_store.h"
#include "repository/files_metadata.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"

namespace cairn::engine {
namespace {

using repository::BackupName;
using repository::FileEntry;

const BackupName kFull = BackupName::full("000000010000000000000003");
const BackupName kDelta1 = BackupName::delta("000000010000000000000006", kFull);
const BackupName kDelta2 = BackupName::delta("000000010000000000000009", kDelta1);

FileEntry whole(std::string path) {
  return {.path = std::move(path)};
}
FileEntry increment(std::string path) {
  return {.path = std::move(path), .is_incremented = true};
}
FileEntry unchanged(std::string path) {
  return {.path = std::move(path), .is_skipped = true};
}

class ChainPlanTest : public testing::Test {
 protected:
  void add(const BackupName& name, std::optional<BackupName> parent,
           const std::vector<FileEntry>& files,
           const std::map<std::string, std::vector<std::string>>& tars = {},
           bool has_metadata = true) {
    repository::Sentinel sentinel;
    sentinel.start_lsn = postgres::Lsn{0x3000028};
    sentinel.finish_lsn = postgres::Lsn{0x3000100};
    sentinel.pg_version = 150004;
    sentinel.is_files_metadata_disabled = !has_metadata;
    if (parent) {
      sentinel.delta = repository::DeltaOrigin{.parent_lsn = {0x3000028},
                                               .parent = *parent,
                                               .full = kFull,
                                               .count = parent == kFull ? 1 : 2};
    }
    ASSERT_OK(
        store_.put(repository::sentinel_key(name), repository::encode_sentinel(sentinel), {}, {}));
    if (!has_metadata) return;
    StringSink sink;
    repository::FilesMetadataWriter writer(sink);
    for (const FileEntry& file : files) ASSERT_OK(writer.add_file(file));
    for (const auto& [tar, members] : tars) {
      ASSERT_OK(writer.start_tar_set(tar));
      for (const std::string& member : members) ASSERT_OK(writer.add_tar_member(member));
    }
    ASSERT_OK(writer.finish());
    ASSERT_OK(store_.put(repository::files_metadata_key(name), sink.bytes(), {}, {}));
  }

  // "path=w", "=i" or "=p", in the order of paths.
  static std::string wanted(const ChainStep& step) {
    if (!step.wanted) return "everything";
    std::map<std::string, FileSource> sorted(step.wanted->begin(), step.wanted->end());
    std::string text;
    for (const auto& [path, source] : sorted) {
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", path,
                          source == FileSource::Whole       ? "w"
                          : source == FileSource::Increment ? "i"
                                                            : "p");
    }
    return text;
  }

  ManualClock clock_{WallTime{}};
  object_store::MemoryStore store_{clock_};
};

TEST_F(ChainPlanTest, OfAFullBackupEverythingIsWanted) {
  add(kFull, {}, {whole("/a")},
      {{"part_001.tar.lz4", {"/a", "/b"}}, {"backup_label.tar.lz4", {"backup_label"}}});
  const auto steps = plan_chain(store_, kFull, {});
  ASSERT_OK(steps);
  ASSERT_EQ(steps.value().size(), 1U);
  EXPECT_EQ(wanted(steps.value()[0]), "everything");
  EXPECT_EQ(steps.value()[0].tar_names,
            (std::vector<std::string>{"backup_label.tar.lz4", "part_001.tar.lz4"}));
}

TEST_F(ChainPlanTest, AFullBackupNeedsNoListOfFiles) {
  add(kFull, {}, {}, {}, /*has_metadata=*/false);
  const auto steps = plan_chain(store_, kFull, {});
  ASSERT_OK(steps);
  EXPECT_EQ(wanted(steps.value()[0]), "everything");
  EXPECT_TRUE(steps.value()[0].tar_names.empty());
}

TEST_F(ChainPlanTest, TakesOfEachBackupOnlyWhatTheNextOneNeeds) {
  add(kFull, {},
      {whole("/changed"), whole("/unchanged"), whole("/replaced"), whole("/dropped1"),
       whole("/dropped2"), whole("/later changed"), whole("/recreated")});
  add(kDelta1, kFull,
      {increment("/changed"), unchanged("/unchanged"), whole("/replaced"), unchanged("/dropped2"),
       unchanged("/later changed"), whole("/new"), whole("/new and dropped")});
  add(kDelta2, kDelta1,
      {increment("/changed"), unchanged("/unchanged"), unchanged("/replaced"),
       increment("/later changed"), unchanged("/new"), whole("/recreated")});
  const auto steps = plan_chain(store_, kDelta2, {});
  ASSERT_OK(steps);
  ASSERT_EQ(steps.value().size(), 3U);
  EXPECT_EQ(steps.value()[0].name, kFull);
  EXPECT_EQ(wanted(steps.value()[0]), "/changed=w /later changed=w /unchanged=w");
  EXPECT_EQ(wanted(steps.value()[1]),
            "/changed=i /later changed=p /new=w /replaced=w /unchanged=p");
  EXPECT_EQ(wanted(steps.value()[2]),
            "/changed=i /later changed=i /new=p /recreated=w /replaced=p /unchanged=p");
}

TEST_F(ChainPlanTest, ADeltaWithoutListOfFilesCannotBeRestored) {
  add(kFull, {}, {}, {}, /*has_metadata=*/false);
  add(kDelta1, kFull, {whole("/a")});
  EXPECT_EQ(tests::outcome(plan_chain(store_, kDelta1, {})), "InvalidArgument");
}

TEST_F(ChainPlanTest, WhatIsMissingIsNamed) {
  add(kFull, {}, {whole("/a")});
  add(kDelta1, kFull, {whole("/a")});
  ASSERT_OK(store_.remove(repository::files_metadata_key(kFull), {}));
  for (const BackupName& name : {kFull, kDelta1}) {
    const auto steps = plan_chain(store_, name, {});
    ASSERT_EQ(tests::outcome(steps), "NotFound");
    EXPECT_NE(steps.error().message().find(kFull.text() + " is incomplete"), std::string::npos)
        << steps.error().message();
  }
  ASSERT_OK(store_.remove(repository::sentinel_key(kFull), {}));
  EXPECT_EQ(tests::outcome(plan_chain(store_, kDelta1, {})), "Corrupt");
  EXPECT_EQ(tests::outcome(plan_chain(store_, kFull, {})), "NotFound");
}

TEST_F(ChainPlanTest, DamageAndOutagesAreToldApart) {
  add(kFull, {}, {whole("/a"), whole("/b")});
  tests::FaultyStore faulty(store_);
  using tests::Fault;
  faulty.add_fault({.operation = object_store::Operation::Open,
                    .key_pattern = "files_metadata",
                    .kind = Fault::Kind::CutBody,
                    .at = 20});
  EXPECT_EQ(tests::outcome(plan_chain(faulty, kFull, {})), "Unavailable");
  ASSERT_OK(store_.put(repository::files_metadata_key(kFull), "{\"Files\":{\"/a\":{", {}, {}));
  EXPECT_EQ(tests::outcome(plan_chain(store_, kFull, {})), "Corrupt");
}

}  // namespace
}  // namespace cairn::engine
