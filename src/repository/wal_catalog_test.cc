// SPDX-License-Identifier: Apache-2.0
#include "repository/wal_catalog.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_store.h"

namespace cairn::repository {
namespace {

using codec::Compression;
using object_store::MemoryStore;
using object_store::ObjectKey;
using object_store::Operation;

constexpr std::string_view kFile = "00000001000000000000000C";

class WalCatalogTest : public testing::Test {
 protected:
  void put(const std::string& name) {
    ASSERT_OK(store.put(ObjectKey("wal_005/" + name), "bytes of " + name, {}, {}));
  }
  ManualClock clock{WallTime{}};
  MemoryStore store{clock};
  tests::RecordingStore recorded{store};
};

TEST_F(WalCatalogTest, ListsWhatIsThereInOrder) {
  for (const char* name : {"00000002.history.lz4", "00000001000000000000000C.lz4",
                           "00000001000000000000000D.lz4", "stranger"}) {
    put(name);
  }
  std::vector<std::string> files;
  const auto take = [&](const WalObject& object) -> Result<> {
    files.push_back(object.name.file);
    return {};
  };
  ASSERT_OK(for_each_wal(store, "", take, {}));
  EXPECT_EQ(files, (std::vector<std::string>{"00000001000000000000000C", "00000001000000000000000D",
                                             "00000002.history", "stranger"}));
  files.clear();
  ASSERT_OK(for_each_wal(store, "00000001000000000000000D.lz4", take, {}));
  EXPECT_EQ(files, (std::vector<std::string>{"00000002.history", "stranger"}));
}

TEST_F(WalCatalogTest, FindsAFileUnderEveryNameItMayHave) {
  struct Case {
    std::string suffix;
    Compression compression;
  };
  const Case cases[] = {{".lz4", Compression::Lz4},   {".zst", Compression::Zstd},
                        {".br", Compression::Brotli}, {".lzma", Compression::Lzma},
                        {".gz", Compression::Gzip},   {"", Compression::None},
                        {".", Compression::None}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.suffix);
    MemoryStore one(clock);
    ASSERT_OK(one.put(ObjectKey("wal_005/" + std::string(kFile) + c.suffix), "x", {}, {}));
    WalFinder finder(one, Compression::Lz4);
    const auto found = finder.find(kFile, {});
    ASSERT_OK(found);
    ASSERT_TRUE(found.value().has_value());
    EXPECT_EQ(found.value()->compression, c.compression);
    EXPECT_EQ(finder.last_compression(), c.compression);
  }
}

TEST_F(WalCatalogTest, NeedsOneRequestOnceItKnowsTheSuffix) {
  put("00000001000000000000000C.zst");
  put("00000001000000000000000D.zst");
  WalFinder finder(recorded, Compression::Lz4);
  ASSERT_OK(finder.find(kFile, {}));
  recorded.forget();
  ASSERT_OK(finder.find("00000001000000000000000D", {}));
  EXPECT_EQ(recorded.lines(),
            (std::vector<std::string>{"open wal_005/00000001000000000000000D.zst"}));
  EXPECT_EQ(recorded.count(Operation::List), 0);
}

TEST_F(WalCatalogTest, TellsAbsenceFromFailure) {
  WalFinder finder(store, Compression::Lz4);
  const auto absent = finder.find(kFile, {});
  ASSERT_OK(absent);
  EXPECT_FALSE(absent.value().has_value());
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = Operation::Open, .key_pattern = "\\.gz"});
  WalFinder unlucky(faulty, Compression::Lz4);
  EXPECT_EQ(tests::outcome(unlucky.find(kFile, {})), "Unavailable");
  EXPECT_EQ(tests::outcome(finder.find("../secret", {})), "InvalidArgument");
}

}  // namespace
}  // namespace cairn::repository
