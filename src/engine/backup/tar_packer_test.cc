// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/tar_packer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/backup/tar_stream.h"
#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"

namespace cairn::engine {
namespace {

const repository::BackupName kName = repository::BackupName::full("000000010000000000000003");

struct Packed {
  Result<> result;
  std::vector<std::string> tars;  // "part_001.tar: /a /b", by name
};

// Packs a whole directory into uncompressed tars and reads them back.
class TarPackerTest : public testing::Test {
 protected:
  TarPackerTest() { clock_.skip_waits(); }

  Packed pack(std::uint64_t tar_bytes_max, const std::function<void()>& before_packing = {}) {
    const auto roots = open_pgdata(cluster_.data_directory());
    EXPECT_OK(roots);
    Channel<WalkItem> items(10'000);
    EXPECT_OK(walk_pgdata(roots.value(), std::string(tests::SampleCluster::kVersionDirectory),
                          [&](WalkItem item) { return items.send(std::move(item), {}); }, {}));
    items.close();
    if (before_packing) before_packing();
    TaskGroup tasks{{}};
    Uploader uploader(store_, {.part_bytes = 1 << 20, .thread_count = 1}, tasks);
    std::atomic<int> next_part = 1;
    const PackerWorld world{.uploader = uploader,
                            .sealing = sealing_,
                            .name = kName,
                            .record = record_,
                            .progress = progress_,
                            .disk_rate = disk_rate_,
                            .clock = clock_,
                            .pages = {},
                            .tar_bytes_max = tar_bytes_max,
                            .next_part = next_part};
    Packed packed;
    packed.result = pack_stage(world, items, {});
    uploader.close();
    EXPECT_OK(tasks.join());
    packed.tars = tars();
    return packed;
  }

  std::vector<std::string> tars() {
    std::vector<std::string> lines;
    const std::string prefix = repository::tar_partitions_prefix(kName);
    for (const auto& object : list_all(store_, {.prefix = prefix}, 1000, {}).value()) {
      std::string line = object.key.substr(prefix.size()) + ":";
      const auto opened = store_.open(object_store::ObjectKey(object.key), {}, {});
      codec::TarReader reader(*opened.value().body);
      while (const auto entry = reader.next().value()) {
        line += " " + entry->name;
        EXPECT_TRUE(entry->type != codec::TarType::Directory || entry->size_bytes == 0);
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }

  tests::SampleCluster cluster_{{.has_linked_wal = true}};
  ManualClock clock_{WallTime{}};
  object_store::MemoryStore store_{clock_};
  RateLimiter disk_rate_{clock_, 0};
  NoProgress progress_;
  repository::Sealing sealing_{.compression = codec::Compression::None};
  BackupRecord record_{"/tmp", 15, 1, true};
};

TEST_F(TarPackerTest, OneTarTakesAllThatFits) {
  const Packed packed = pack(1 << 30);
  ASSERT_OK(packed.result);
  ASSERT_EQ(packed.tars.size(), 1U);
  EXPECT_TRUE(packed.tars[0].starts_with("part_001.tar: / /Größe_表.txt /PG_VERSION /base"))
      << packed.tars[0];
  EXPECT_NE(packed.tars[0].find("/pg_tblspc/16400/PG_15_202209061/5/16401"), std::string::npos);
  EXPECT_EQ(record_.integrity().objects.size(), 1U);
}

TEST_F(TarPackerTest, AFullTarIsClosedAtTheEndOfAMember) {
  const Packed packed = pack(30'000);
  ASSERT_OK(packed.result);
  EXPECT_GT(packed.tars.size(), 2U);
  // Closed once it holds more, so a larger member may make it larger, but two such never meet.
  for (const auto& [name, digest] : record_.integrity().objects) {
    EXPECT_LT(digest.size_bytes, 30'000U + 20 * 8192 + 10'000) << name;
  }
  EXPECT_EQ(record_.integrity().objects.size(), packed.tars.size());
}

TEST_F(TarPackerTest, WhatVanishedIsLeftOut) {
  const Packed packed = pack(1 << 30, [&] {
    std::filesystem::remove_all(cluster_.data_directory() + "/base/5");
    std::filesystem::remove(cluster_.data_directory() + "/PG_VERSION");
  });
  ASSERT_OK(packed.result);
  EXPECT_EQ(packed.tars[0].find("/base/5"), std::string::npos);
  EXPECT_EQ(packed.tars[0].find("/PG_VERSION"), packed.tars[0].rfind("/base/1/PG_VERSION") + 7);
  EXPECT_NE(packed.tars[0].find("/base/1/1259"), std::string::npos);
}

TEST_F(TarPackerTest, WhatChangedItsTypeIsAnError) {
  const std::string path = cluster_.data_directory() + "/PG_VERSION";
  const Packed packed = pack(1 << 30, [&] {
    std::filesystem::remove(path);
    std::filesystem::create_symlink("/etc/passwd", path);
  });
  ASSERT_EQ(tests::outcome(packed.result), "InvalidArgument");
  EXPECT_NE(packed.result.error().message().find("PG_VERSION"), std::string::npos);
  EXPECT_TRUE(packed.tars.empty());
}

TEST_F(TarPackerTest, NoItemsMakeNoTar) {
  Channel<WalkItem> items(1);
  items.close();
  TaskGroup tasks{{}};
  Uploader uploader(store_, {.part_bytes = 1 << 20, .thread_count = 1}, tasks);
  std::atomic<int> next_part = 1;
  EXPECT_OK(pack_stage({.uploader = uploader,
                        .sealing = sealing_,
                        .name = kName,
                        .record = record_,
                        .progress = progress_,
                        .disk_rate = disk_rate_,
                        .clock = clock_,
                        .pages = {},
                        .tar_bytes_max = 1,
                        .next_part = next_part},
                       items, {}));
  uploader.close();
  EXPECT_OK(tasks.join());
  EXPECT_EQ(store_.object_count(), 0U);
}

TEST(TarEntryTest, NamesMembersAsWalgDoes) {
  const files::FileStat file{.type = files::FileType::Regular,
                             .size_bytes = 10,
                             .mode = 0640,
                             .modified = files::FileTime(std::chrono::milliseconds(1500)),
                             .user_id = 70,
                             .group_id = 71};
  const codec::TarEntry entry = tar_entry("base/5/1", file);
  EXPECT_EQ(entry.name, "/base/5/1");
  EXPECT_EQ(entry.type, codec::TarType::Regular);
  EXPECT_EQ(entry.size_bytes, 10U);
  EXPECT_EQ(entry.mode, 0640U);
  EXPECT_EQ(entry.modified_seconds, 1);
  EXPECT_EQ(entry.user_id, 70U);
  EXPECT_EQ(entry.group_id, 71U);
  const codec::TarEntry root =
      tar_entry("", {.type = files::FileType::Directory, .size_bytes = 4096, .mode = 0700});
  EXPECT_EQ(root.name, "/");
  EXPECT_EQ(root.type, codec::TarType::Directory);
  EXPECT_EQ(root.size_bytes, 0U);
}

TEST(TarStreamTest, CountsWhatItTakesAndLeavesNothingWhenDropped) {
  ManualClock clock{WallTime{}};
  object_store::MemoryStore store(clock);
  TaskGroup tasks{{}};
  Uploader uploader(store, {.part_bytes = 1024, .thread_count = 1, .stream_count = 1}, tasks);
  const repository::Sealing sealing{.compression = codec::Compression::None};
  const auto key = repository::part_key(kName, 7, sealing.compression);
  {
    const auto dropped = TarStream::start(uploader, sealing, key);
    ASSERT_OK(dropped);
    ASSERT_OK(dropped.value()->start_member({.name = "/a", .size_bytes = 5000}));
    ASSERT_OK(dropped.value()->write(std::string(4000, 'a')));
  }
  EXPECT_EQ(store.object_count(), 0U);
  EXPECT_EQ(store.unfinished_count(), 0U);
  {
    const auto tar = TarStream::start(uploader, sealing, key);
    ASSERT_OK(tar);
    ASSERT_OK(tar.value()->start_member({.name = "/a", .size_bytes = 5000}));
    ASSERT_OK(tar.value()->write("only a little"));
    ASSERT_OK(tar.value()->fill_with_zeros());
    EXPECT_EQ(tar.value()->member_count(), 1U);
    EXPECT_EQ(tar.value()->tar_bytes(), 5512U);
    const auto finished = tar.value()->finish();
    ASSERT_OK(finished);
    EXPECT_EQ(finished.value().tar_name, key.text().substr(key.text().rfind('/') + 1));
    EXPECT_EQ(finished.value().members, std::vector<std::string>{"/a"});
    EXPECT_EQ(finished.value().payload_bytes, 5000U);
    EXPECT_EQ(finished.value().object.size_bytes, 512U + 5120 + 1024);
  }
  uploader.close();
  EXPECT_OK(tasks.join());
  EXPECT_EQ(store.object_count(), 1U);
}

}  // namespace
}  // namespace cairn::engine
