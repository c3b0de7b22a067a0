// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/tar_check.h"

#include <gtest/gtest.h>

#include <cstring>

#include "codec/tar.h"
#include "postgres/page.h"
#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/streams.h"

namespace cairn::engine {
namespace {

Bytes tar_of(const std::string& name, const Bytes& content) {
  StringSink sink;
  codec::TarWriter writer(sink);
  EXPECT_OK(writer.start({.name = name, .size_bytes = content.size()}));
  EXPECT_OK(writer.write(content));
  EXPECT_OK(writer.finish());
  return sink.take();
}

struct Checked {
  Result<TarFacts> result;
  std::vector<std::string> findings;
  std::uint64_t file_count = 0;
};

Checked check(const Bytes& tar, TarCheck how) {
  Checked checked{internal_error("not run"), {}};
  how.report = [&](std::string line) { checked.findings.push_back(std::move(line)); };
  RestoredFiles files;
  tests::ChunkedSource source(tar, 5000);
  checked.result = check_tar(source, how, files, {});
  checked.file_count = files.count();
  return checked;
}

// Three pages whose second claims to have been changed at `lsn` and is damaged.
Bytes pages_changed_at(std::uint64_t lsn) {
  Bytes pages = tests::relation_pages(3, 0, 1);
  const auto high = static_cast<std::uint32_t>(lsn >> 32);
  const auto low = static_cast<std::uint32_t>(lsn);
  std::memcpy(pages.data() + postgres::kPageBytes, &high, 4);
  std::memcpy(pages.data() + postgres::kPageBytes + 4, &low, 4);
  return pages;
}

TEST(TarCheckTest, JudgesPagesByWhenTheyWereChanged) {
  struct Case {
    std::string_view name;
    std::uint64_t lsn;
    bool is_bad;
  };
  const Case cases[] = {
      {"before the backup", 0x2000000, true},
      {"while it ran, so that replay repairs it", 0x3000050, false},
      {"in the last record", 0x3000100, false},
      {"after it, which cannot be", 0x3000101, true},
      {"in another age", 0x7878787878787878, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Checked checked = check(
        tar_of("/base/5/1", pages_changed_at(c.lsn)),
        {.has_page_checksums = true, .backup_start = {0x3000028}, .backup_finish = {0x3000100}});
    ASSERT_OK(checked.result);
    EXPECT_EQ(checked.result.value().page_count, 3U);
    ASSERT_EQ(checked.findings.size(), c.is_bad ? 1U : 0U);
    if (c.is_bad) {
      EXPECT_TRUE(checked.findings[0].starts_with("block 1 of base/5/1: "));
    }
  }
}

TEST(TarCheckTest, JudgesOnlyWhatHoldsPages) {
  const Bytes bad = pages_changed_at(0x2000000);
  const TarCheck how{
      .has_page_checksums = true, .backup_start = {0x3000028}, .backup_finish = {0x3000100}};
  TarCheck unchecked = how;
  unchecked.has_page_checksums = false;
  EXPECT_TRUE(check(tar_of("/base/5/1", bad), unchecked).findings.empty());
  EXPECT_TRUE(check(tar_of("/base/5/PG_VERSION", bad), how).findings.empty());
  // In a delta, what begins like an increment is one; in a full backup it is a damaged page.
  const Bytes increment = "wi1\x55" + bad.substr(4);
  TarCheck delta = how;
  delta.is_whole = false;
  EXPECT_TRUE(check(tar_of("/base/5/1", increment), delta).findings.empty());
  EXPECT_EQ(check(tar_of("/base/5/1", increment), how).findings.size(), 2U);
  EXPECT_EQ(check(tar_of("/base/5/1", bad), delta).findings.size(), 1U);
}

TEST(TarCheckTest, HandsOutTheManifest) {
  StringSink manifest;
  const Checked checked = check(tar_of("/backup_manifest", "{}"), {.manifest = &manifest});
  ASSERT_OK(checked.result);
  EXPECT_EQ(manifest.bytes(), "{}");
  EXPECT_EQ(checked.file_count, 1U);
}

TEST(TarCheckTest, DamageEndsTheReading) {
  const Bytes tar = tar_of("/base/5/1", tests::relation_pages(3, 0, 1));
  EXPECT_EQ(tests::outcome(check(tar.substr(0, 10'000), {}).result), "Corrupt");
  EXPECT_EQ(tests::outcome(check(tar_of("/a/../b", "x"), {}).result), "Corrupt");
  RestoredFiles files;
  ViewSource source(tar);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(tests::outcome(check_tar(source, {}, files, stop.get_token())), "Cancelled");
}

}  // namespace
}  // namespace cairn::engine
