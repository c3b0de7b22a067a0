// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/backup_tars.h"

#include <gtest/gtest.h>

#include "codec/digest.h"
#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"

namespace cairn::engine {
namespace {

class BackupTarsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string name :
         {"part_001.tar.lz4", "part_010.tar.lz4", "pg_control.tar.lz4", "backup_label.tar.lz4"}) {
      put(name, "content of " + name);
    }
  }
  object_store::ObjectKey key(const std::string& name) const {
    return object_store::ObjectKey(repository::tar_partitions_prefix(step_.name) + name);
  }
  void put(const std::string& name, const std::string& bytes) {
    ASSERT_OK(store_.put(key(name), bytes, {}, {}));
  }
  void remove(const std::string& name) { ASSERT_OK(store_.remove(key(name), {})); }
  // As our own backups have it: digests of what is there now.
  void record_digests() {
    repository::Integrity integrity;
    const std::string prefix = repository::backup_prefix(step_.name);
    for (const auto& object : list_all(store_, {.prefix = prefix}, 100, {}).value()) {
      const auto bytes = get(store_, object_store::ObjectKey(object.key), 1000, {}).value();
      integrity.objects[object.key.substr(prefix.size())] = {
          .size_bytes = bytes.size(), .sha256_hex = codec::sha256_hex(bytes)};
    }
    ASSERT_OK(store_.put(repository::integrity_key(step_.name),
                         repository::encode_integrity(integrity), {}, {}));
  }
  void expect_corrupt(std::string_view text) {
    const auto tars = list_tars(store_, step_, {});
    ASSERT_EQ(tests::outcome(tars), "Corrupt");
    EXPECT_NE(tars.error().message().find(text), std::string::npos) << tars.error().message();
  }

  ManualClock clock_{WallTime{}};
  object_store::MemoryStore store_{clock_};
  ChainStep step_{.name = repository::BackupName::full("000000010000000000000003"), .sentinel = {}};
};

TEST_F(BackupTarsTest, KnowsTheRolesOfTars) {
  for (const bool has_digests : {false, true}) {
    if (has_digests) record_digests();
    const auto tars = list_tars(store_, step_, {});
    ASSERT_OK(tars);
    ASSERT_EQ(tars.value().parts.size(), 2U);
    EXPECT_EQ(tars.value().parts[0].name, "part_001.tar.lz4");
    EXPECT_EQ(tars.value().parts[1].name, "part_010.tar.lz4");
    ASSERT_TRUE(tars.value().control && tars.value().label);
    EXPECT_EQ(tars.value().control->name, "pg_control.tar.lz4");
    EXPECT_EQ(tars.value().label->name, "backup_label.tar.lz4");
    EXPECT_EQ(tars.value().control->digest.has_value(), has_digests);
    EXPECT_EQ(tars.value().size_bytes, 27U + 27U + 29U + 31U);
  }
}

TEST_F(BackupTarsTest, WhatWasRecordedMustBeThere) {
  step_.tar_names = {"part_001.tar.lz4", "part_002.tar.lz4"};
  expect_corrupt("part_002.tar.lz4 is missing");
  step_.tar_names.clear();
  record_digests();
  for (const std::string name : {"part_010.tar.lz4", "backup_label.tar.lz4"}) {
    remove(name);
    expect_corrupt(name + " is missing");
    put(name, "content of " + name);
  }
  put("part_001.tar.lz4", "shorter");
  expect_corrupt("part_001.tar.lz4 has 7 bytes, 27 were written");
}

TEST_F(BackupTarsTest, StraysAreIgnoredWhereTheRecordTellsThemApart) {
  record_digests();
  put("part_011.tar.lz4", "of a dead run");
  put("notes.txt", "of somebody");
  const auto tars = list_tars(store_, step_, {});
  ASSERT_OK(tars);
  EXPECT_EQ(tars.value().parts.size(), 2U);
}

TEST_F(BackupTarsTest, WithoutARecordEveryObjectCounts) {
  put("part_011.tar.lzo", "of WAL-E");
  const auto tars = list_tars(store_, step_, {});
  ASSERT_EQ(tests::outcome(tars), "InvalidArgument");
  EXPECT_NE(tars.error().message().find("part_011.tar.lzo"), std::string::npos);
}

TEST_F(BackupTarsTest, WithoutControlFileThereIsNothingToStart) {
  remove("backup_label.tar.lz4");  // Remote backups have none.
  ASSERT_OK(list_tars(store_, step_, {}));
  remove("pg_control.tar.lz4");
  expect_corrupt("pg_control");
  for (const std::string name : {"part_001.tar.lz4", "part_010.tar.lz4"}) remove(name);
  expect_corrupt("volume snapshot");
}

TEST_F(BackupTarsTest, ReadsATarAndTellsOfItsBytes) {
  remove("part_001.tar.lz4");
  put("part_001.tar", "not compressed");
  record_digests();
  const auto tars = list_tars(store_, step_, {}).value();
  std::uint64_t told = 0;
  const auto on_bytes = [&](std::uint64_t count) { told += count; };
  const TarObject& plain = tars.parts[0];
  ASSERT_EQ(plain.name, "part_001.tar");
  auto source = open_tar(store_, plain, nullptr, on_bytes, {});
  ASSERT_OK(source);
  EXPECT_EQ(read_all(*source.value(), 1000).value(), "not compressed");
  EXPECT_EQ(told, 14U);
  put("part_001.tar", "not compresseD");
  source = open_tar(store_, plain, nullptr, on_bytes, {});
  ASSERT_OK(source);
  EXPECT_EQ(tests::outcome(read_all(*source.value(), 1000)), "Corrupt");
  remove("part_001.tar");
  EXPECT_EQ(tests::outcome(open_tar(store_, plain, nullptr, on_bytes, {})), "NotFound");
}

}  // namespace
}  // namespace cairn::engine
