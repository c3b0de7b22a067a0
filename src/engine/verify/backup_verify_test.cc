// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/backup_verify.h"

#include <gtest/gtest.h>

#include "codec/digest.h"
#include "codec/tar.h"
#include "repository/catalog.h"
#include "repository/sealing.h"
#include "tests/support/backup_world.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"

namespace cairn::engine {
namespace {

using object_store::ObjectKey;
using tests::BackupTestWorld;

class BackupVerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto pushed = world_.push();
    ASSERT_OK(pushed);
    name_ = repository::BackupName::parse(pushed.value().name).value();
  }
  ObjectKey key(const std::string& relative) const {
    return ObjectKey(repository::backup_prefix(*name_) + relative);
  }
  Bytes bytes_of(const ObjectKey& key) { return get(world_.store, key, 64 << 20, {}).value(); }
  void put(const ObjectKey& key, const Bytes& bytes) {
    ASSERT_OK(world_.store.put(key, bytes, {}, {}));
  }
  void change(const std::string& relative, const std::function<void(Bytes&)>& how) {
    Bytes bytes = bytes_of(key(relative));
    how(bytes);
    put(key(relative), bytes);
  }
  // Makes the record of digests say what is stored, as a backup by WAL-G or an attacker would.
  void record_as_stored(const std::string& relative) {
    auto integrity = *repository::find_integrity(world_.store, *name_, {}).value();
    const Bytes bytes = bytes_of(key(relative));
    integrity.objects[relative] = {.size_bytes = bytes.size(),
                                   .sha256_hex = codec::sha256_hex(bytes)};
    put(repository::integrity_key(*name_), repository::encode_integrity(integrity));
  }
  // As WAL-G would have left it.
  void forget_digests() { ASSERT_OK(world_.store.remove(repository::integrity_key(*name_), {})); }

  // Changes the content of one file of a tar and seals it again.
  void change_member(const std::string& tar_name, const std::string& member,
                     const std::function<void(codec::TarEntry&, Bytes&)>& how) {
    const auto source =
        repository::open_sealed(world_.store, key("tar_partitions/" + tar_name), nullptr, {});
    ASSERT_OK(source);
    codec::TarReader reader(*source.value());
    StringSink sealed;
    const auto sealer = repository::make_sealer(world_.sealing, sealed);
    ASSERT_OK(sealer);
    codec::TarWriter writer(*sealer.value());
    bool is_found = false;
    while (auto entry = reader.next().value()) {
      Bytes content(entry->size_bytes, '\0');
      std::size_t done = 0;
      while (done < content.size()) {
        done += reader.read(std::span(content).subspan(done)).value();
      }
      if (entry->name == member) {
        is_found = true;
        how(*entry, content);
        entry->size_bytes = content.size();
      }
      ASSERT_OK(writer.start(*entry));
      ASSERT_OK(writer.write(content));
    }
    ASSERT_TRUE(is_found) << member;
    ASSERT_OK(writer.finish());
    ASSERT_OK(sealer.value()->finish());
    put(key("tar_partitions/" + tar_name), sealed.bytes());
    record_as_stored("tar_partitions/" + tar_name);
  }
  // The tar that holds a member.
  std::string tar_of(const std::string& member) {
    for (int i = 1; i < 100; ++i) {
      const std::string name = fmt::format("part_{:03}.tar.lz4", i);
      auto source =
          repository::open_sealed(world_.store, key("tar_partitions/" + name), nullptr, {});
      if (!source.ok()) continue;
      codec::TarReader reader(*source.value());
      while (const auto entry = reader.next().value()) {
        if (entry->name == member) return name;
      }
    }
    return "";
  }

  VerifyReport report() {
    const auto verified = world_.verify();
    EXPECT_OK(verified);
    return verified.ok() ? verified.value() : VerifyReport{};
  }
  void expect_finding(std::string_view text) {
    const VerifyReport found = report();
    EXPECT_FALSE(found.is_good());
    for (const std::string& finding : found.findings) {
      if (finding.find(text) != std::string::npos) return;
    }
    ADD_FAILURE() << "no finding says \"" << text << "\"; the first is: "
                  << (found.findings.empty() ? "(none)" : found.findings.front());
  }

  BackupTestWorld world_;
  std::optional<repository::BackupName> name_;
};

TEST_F(BackupVerifyTest, AGoodBackupIsGood) {
  const VerifyReport found = report();
  EXPECT_TRUE(found.is_good()) << found.findings.front();
  EXPECT_EQ(found.backups, std::vector<std::string>{name_->text()});
  EXPECT_GT(found.object_count, 4U);
  EXPECT_GT(found.file_count, 15U);
  EXPECT_GT(found.stored_bytes, 1000U);
}

TEST_F(BackupVerifyTest, AFlippedByteAnywhereInATarIsFound) {
  for (const std::string tar : {"part_001.tar.lz4", "pg_control.tar.lz4", "backup_label.tar.lz4"}) {
    SCOPED_TRACE(tar);
    const Bytes good = bytes_of(key("tar_partitions/" + tar));
    for (std::size_t at = 0; at < good.size(); at += good.size() / 7) {
      change("tar_partitions/" + tar, [&](Bytes& bytes) { bytes[at] ^= 1; });
      expect_finding(tar);
      put(key("tar_partitions/" + tar), good);
    }
  }
  EXPECT_TRUE(report().is_good());
}

TEST_F(BackupVerifyTest, AShortOrLongObjectIsFound) {
  const std::string part = "tar_partitions/part_002.tar.lz4";
  const Bytes good = bytes_of(key(part));
  for (const Bytes& bad : {good.substr(0, good.size() - 1), good + "x", Bytes()}) {
    put(key(part), bad);
    expect_finding("part_002.tar.lz4 has");
  }
}

TEST_F(BackupVerifyTest, AMissingObjectIsFound) {
  for (const std::string relative :
       {"tar_partitions/part_002.tar.lz4", "tar_partitions/pg_control.tar.lz4",
        "tar_partitions/backup_label.tar.lz4", "files_metadata.json"}) {
    SCOPED_TRACE(relative);
    const Bytes good = bytes_of(key(relative));
    ASSERT_OK(world_.store.remove(key(relative), {}));
    const VerifyReport found = report();
    EXPECT_FALSE(found.is_good());
    ASSERT_FALSE(found.findings.empty());
    EXPECT_NE(found.findings[0].find("incomplete"), std::string::npos) << found.findings[0];
    put(key(relative), good);
  }
}

TEST_F(BackupVerifyTest, AMissingRecordOfFilesIsFoundWhenTheDigestsNameIt) {
  change("files_metadata.json", [](Bytes& bytes) { bytes[bytes.size() / 2] ^= 1; });
  EXPECT_FALSE(report().is_good());
}

TEST_F(BackupVerifyTest, LeftoversOfOthersAreIgnored) {
  put(key("tar_partitions/part_099.tar.lz4"), "of a run that died");
  put(key("tar_partitions/notes.txt"), "of somebody");
  EXPECT_TRUE(report().is_good());
}

TEST_F(BackupVerifyTest, AContentThatDoesNotFitTheManifestIsFound) {
  change_member(tar_of("/PG_VERSION"), "/PG_VERSION",
                [](codec::TarEntry&, Bytes& bytes) { bytes = "16\n"; });
  expect_finding("PG_VERSION has another checksum");
  change_member(tar_of("/PG_VERSION"), "/PG_VERSION",
                [](codec::TarEntry&, Bytes& bytes) { bytes = "15\n\n"; });
  expect_finding("PG_VERSION has 4 bytes instead of 3");
  change_member(tar_of("/PG_VERSION"), "/PG_VERSION",
                [](codec::TarEntry& entry, Bytes&) { entry.name = "/PG_VERSIONS"; });
  expect_finding("PG_VERSION is missing");
}

TEST_F(BackupVerifyTest, APageThatWasBadWhenItWasCopiedIsFound) {
  std::string pages = tests::relation_pages(20, 0, 1);
  pages[11 * 8192 + 6000] ^= 1;
  world_.cluster.add_file("base/5/16385", pages);
  ASSERT_OK(world_.push());
  expect_finding("block 11 of base/5/16385: bad checksum");
}

TEST_F(BackupVerifyTest, HostileMembersAreFound) {
  change_member(tar_of("/PG_VERSION"), "/PG_VERSION",
                [](codec::TarEntry& entry, Bytes&) { entry.name = "/../PG_VERSION"; });
  expect_finding("could lead outside");
  change_member(tar_of("/postgresql.conf"), "/postgresql.conf",
                [](codec::TarEntry& entry, Bytes& bytes) {
                  entry.type = codec::TarType::Hardlink;
                  entry.link_target = "/etc/passwd";
                  bytes.clear();
                });
  expect_finding("hard link");
}

TEST_F(BackupVerifyTest, MissingWalIsFound) {
  ASSERT_OK(world_.store.remove(ObjectKey("wal_005/000000010000000000000004.lz4"), {}));
  expect_finding("000000010000000000000004");
}

TEST_F(BackupVerifyTest, ABrokenControlFileIsFound) {
  change_member("pg_control.tar.lz4", "/global/pg_control",
                [](codec::TarEntry&, Bytes& bytes) { bytes[5] ^= 1; });
  expect_finding("pg_control");
}

TEST_F(BackupVerifyTest, BrokenRecordsAreFound) {
  const auto keys = {repository::integrity_key(*name_), repository::sentinel_key(*name_),
                     repository::files_metadata_key(*name_)};
  for (const ObjectKey& record : keys) {
    SCOPED_TRACE(record.text());
    const Bytes good = bytes_of(record);
    put(record, good.substr(0, good.size() / 2));
    EXPECT_FALSE(report().is_good());
    put(record, good);
  }
  EXPECT_TRUE(report().is_good());
}

// WAL-G records no digests; its formats and lists must do.
TEST_F(BackupVerifyTest, WithoutDigestsTheRestIsStillChecked) {
  forget_digests();
  VerifyReport found = report();
  EXPECT_TRUE(found.is_good()) << found.findings.front();
  EXPECT_FALSE(found.has_digests);
  EXPECT_TRUE(found.has_manifest);
  const std::string part = "tar_partitions/part_001.tar.lz4";
  const Bytes good = bytes_of(key(part));
  put(key(part), good.substr(0, good.size() / 2));
  expect_finding("part_001.tar.lz4");
  ASSERT_OK(world_.store.remove(key(part), {}));
  expect_finding("part_001.tar.lz4 is missing");
  put(key(part), good);
  ASSERT_OK(world_.store.remove(key("tar_partitions/pg_control.tar.lz4"), {}));
  expect_finding("no control file");
}

TEST_F(BackupVerifyTest, ABackupOfNothingIsNoBackup) {
  forget_digests();
  for (const auto& object :
       list_all(world_.store, {.prefix = repository::backup_prefix(*name_)}, 1000, {}).value()) {
    ASSERT_OK(world_.store.remove(ObjectKey(object.key), {}));
  }
  EXPECT_FALSE(report().is_good());
}

TEST_F(BackupVerifyTest, WhatCannotBeJudgedIsAnError) {
  EXPECT_EQ(tests::outcome(world_.verify("base_0000000100000000000000FF")), "NotFound");
  for (const std::string pattern : {"part_001", "pg_control", "integrity", "sentinel"}) {
    SCOPED_TRACE(pattern);
    tests::FaultyStore store(world_.store);
    store.add_fault({.operation = object_store::Operation::Open, .key_pattern = pattern});
    EXPECT_EQ(tests::outcome(world_.verify(store, "LATEST")), "Unavailable");
  }
  tests::FaultyStore store(world_.store);
  store.add_fault({.operation = object_store::Operation::Open,
                   .key_pattern = "part_001",
                   .kind = tests::Fault::Kind::CutBody,
                   .at = 100});
  EXPECT_EQ(tests::outcome(world_.verify(store, "LATEST")), "Unavailable");
}

TEST_F(BackupVerifyTest, AMillionFindingsAreCountedButNotKept) {
  // Every page of a large relation is bad, and claims to be from the future.
  world_.cluster.add_file("base/5/16385", std::string(1500 * 8192, 'x'));
  ASSERT_OK(world_.push());
  const VerifyReport found = report();
  EXPECT_EQ(found.finding_count, 1500U);
  EXPECT_EQ(found.findings.size(), kFindingsMax);
}

}  // namespace
}  // namespace cairn::engine
