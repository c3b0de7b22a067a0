// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/file_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "codec/digest.h"
#include "repository/integrity.h"
#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"

namespace cairn::engine {
namespace {

constexpr std::size_t kPage = 8192;

// A file in memory. Reads of page `torn_page` show garbage so many times before they are right.
class FakeFile final : public files::File {
 public:
  explicit FakeFile(Bytes bytes) : bytes_(std::move(bytes)) {}

  void tear(std::uint64_t page, int reads) {
    torn_page_ = page;
    torn_reads_ = reads;
  }
  int read_count() const { return read_count_; }
  // From the read after the next on, the file has only so many bytes.
  void shrink_after_read(std::size_t bytes) { shrinks_to_ = bytes; }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    ++read_count_;
    if (fails_) return internal_error("the disk is broken");
    const std::size_t count =
        offset >= bytes_.size() ? 0 : std::min<std::size_t>(out.size(), bytes_.size() - offset);
    if (count > 0) std::memcpy(out.data(), bytes_.data() + offset, count);
    const std::uint64_t torn = torn_page_ * kPage;
    if (torn_reads_ > 0 && torn >= offset && torn + kPage <= offset + count) {
      --torn_reads_;
      out[torn - offset + kPage - 1] ^= 1;
    }
    if (shrinks_to_) bytes_.resize(*std::exchange(shrinks_to_, std::nullopt));
    return count;
  }
  void break_disk() { fails_ = true; }

  Result<> write_at(std::uint64_t, std::string_view) override { return internal_error("no"); }
  Result<> truncate(std::uint64_t) override { return internal_error("no"); }
  Result<> sync_data() override { return {}; }
  Result<> sync() override { return {}; }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  void advise(files::Advice, std::uint64_t, std::uint64_t) override {}
  Result<files::FileStat> stat() override { return files::FileStat{}; }
  Result<> set_mode(std::uint32_t) override { return {}; }
  Result<> set_attribute(const std::string&, std::string_view) override { return {}; }
  Result<std::optional<std::string>> attribute(const std::string&) override {
    return std::optional<std::string>();
  }
  Result<std::vector<std::string>> attribute_names() override { return std::vector<std::string>(); }

 private:
  Bytes bytes_;
  std::uint64_t torn_page_ = 0;
  int torn_reads_ = 0;
  int read_count_ = 0;
  bool fails_ = false;
  std::optional<std::size_t> shrinks_to_;
};

struct Copied {
  Result<CopiedFile> result;
  Bytes bytes;
  std::chrono::steady_clock::duration waited;
};

Copied copy(FakeFile& file, const std::string& path, std::uint64_t size, PageCheck pages) {
  ManualClock clock{WallTime{}};
  clock.skip_waits();
  RateLimiter unlimited(clock, 0);
  FileCopier copier(pages, unlimited, clock);
  Bytes out;
  const SteadyTime start = clock.steady_now();
  auto result = copier.copy(file, path, size,
                            [&](std::string_view bytes) -> Result<> {
                              out += bytes;
                              return {};
                            },
                            {});
  return {std::move(result), std::move(out), clock.steady_now() - start};
}

const PageCheck kChecked{
    .is_on = true, .backup_start = {0x2000028}, .relation_segment_pages = 131072};

Bytes with_bad_page(Bytes pages, std::size_t page) {
  const std::size_t at = page * kPage + 5000;
  return pages.replace(at, 1, 1, static_cast<char>(pages.at(at) ^ 1));
}

TEST(FileCopyTest, CopiesAndTakesTheChecksum) {
  // Larger than a chunk, and no multiple of a page.
  const Bytes bytes = tests::relation_pages(200, 0, 1) + "tail";
  FakeFile file(bytes);
  const Copied copied = copy(file, "base/5/16385", bytes.size(), kChecked);
  ASSERT_OK(copied.result);
  EXPECT_EQ(copied.bytes, bytes);
  codec::Crc32c crc;
  crc.update(bytes);
  EXPECT_EQ(copied.result.value().crc32c, crc.value());
  EXPECT_EQ(copied.result.value().corrupt_block_count, 0U);
  EXPECT_EQ(copied.waited, copied.waited.zero());
}

TEST(FileCopyTest, AnEmptyFileIsNotRead) {
  FakeFile file("");
  const Copied copied = copy(file, "base/5/16385", 0, kChecked);
  ASSERT_OK(copied.result);
  EXPECT_EQ(copied.bytes, "");
  EXPECT_EQ(copied.result.value().crc32c, 0U);
}

TEST(FileCopyTest, GrowthIsCutAndShrinkageFilledWithZeros) {
  const Bytes pages = tests::relation_pages(4, 0, 1);
  {
    FakeFile grown(pages);
    const Copied copied = copy(grown, "base/5/16385", 2 * kPage, kChecked);
    ASSERT_OK(copied.result);
    EXPECT_EQ(copied.bytes, pages.substr(0, 2 * kPage));
  }
  {
    FakeFile shrunk(pages.substr(0, kPage + 100));
    const Copied copied = copy(shrunk, "base/5/16385", 4 * kPage, kChecked);
    ASSERT_OK(copied.result);
    EXPECT_EQ(copied.bytes, pages.substr(0, kPage + 100) + Bytes(3 * kPage - 100, '\0'));
    EXPECT_EQ(copied.result.value().corrupt_block_count, 0U);
    codec::Crc32c crc;
    crc.update(copied.bytes);
    EXPECT_EQ(copied.result.value().crc32c, crc.value());
  }
}

TEST(FileCopyTest, ATornPageIsReadAgain) {
  const Bytes pages = tests::relation_pages(10, 0, 1);
  FakeFile file(pages);
  file.tear(7, 3);
  const Copied copied = copy(file, "base/5/16385", pages.size(), kChecked);
  ASSERT_OK(copied.result);
  EXPECT_EQ(copied.result.value().corrupt_block_count, 0U);
  EXPECT_EQ(copied.bytes, pages);  // The whole page, not the torn one.
  EXPECT_EQ(copied.waited, std::chrono::milliseconds(60));
}

TEST(FileCopyTest, APageThatIsCutOffWhileItIsReadAgainIsZeros) {
  const Bytes pages = with_bad_page(tests::relation_pages(3, 0, 1), 2);
  FakeFile file(pages);
  file.shrink_after_read(2 * kPage);
  const Copied copied = copy(file, "base/5/16385", pages.size(), kChecked);
  ASSERT_OK(copied.result);
  EXPECT_EQ(copied.result.value().corrupt_block_count, 0U);
  EXPECT_EQ(copied.bytes, pages.substr(0, 2 * kPage) + Bytes(kPage, '\0'));
}

TEST(FileCopyTest, ABadPageIsCopiedAndRecorded) {
  const Bytes pages = with_bad_page(with_bad_page(tests::relation_pages(300, 0, 1), 3), 299);
  FakeFile file(pages);
  const Copied copied = copy(file, "base/5/16385", pages.size(), kChecked);
  ASSERT_OK(copied.result);
  EXPECT_EQ(copied.bytes, pages);
  EXPECT_EQ(copied.result.value().corrupt_block_count, 2U);
  EXPECT_EQ(copied.result.value().corrupt_blocks, (std::vector<std::uint32_t>{3, 299}));
}

TEST(FileCopyTest, JudgesOnlyPagesAndOnlyWhereTheyAre) {
  struct Case {
    std::string_view name;
    std::string path;
    PageCheck pages;
    std::uint64_t expected;
  };
  const Case cases[] = {
      {"a relation", "base/5/16385", kChecked, 1},
      {"in a tablespace", "pg_tblspc/16400/PG_15_202209061/5/16401", kChecked, 1},
      {"without checksums", "base/5/16385", {}, 0},
      {"no relation", "pg_xact/0000", kChecked, 0},
      // Pages that replay will overwrite anyway: changed after the backup began.
      {"changed meanwhile", "base/5/16385", {.is_on = true, .backup_start = {0x1000001}}, 0},
      // The pages were made for block 0 on, so as a second file every one is wrong.
      {"second file", "base/5/16385.1", kChecked, 4},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Bytes pages = with_bad_page(tests::relation_pages(4, 0, 1), 2);
    FakeFile file(pages);
    const Copied copied = copy(file, c.path, pages.size(), c.pages);
    ASSERT_OK(copied.result);
    EXPECT_EQ(copied.result.value().corrupt_block_count, c.expected);
    EXPECT_EQ(copied.bytes, pages);
  }
}

TEST(FileCopyTest, BlocksOfLaterFilesAreCountedFromTheFile) {
  const Bytes pages = with_bad_page(tests::relation_pages(4, 131072, 1), 1);
  FakeFile file(pages);
  const Copied copied = copy(file, "base/5/16385.1", pages.size(), kChecked);
  ASSERT_OK(copied.result);
  EXPECT_EQ(copied.result.value().corrupt_blocks, std::vector<std::uint32_t>{1});
}

TEST(FileCopyTest, ADamagedFileDoesNotTakeForEver) {
  constexpr std::size_t kCount = 2000;
  const Bytes page = Bytes(8, '\0') + Bytes(kPage - 8, 'x');
  Bytes pages;
  for (std::size_t i = 0; i < kCount; ++i) pages += page;
  FakeFile file(pages);
  const Copied copied = copy(file, "base/5/16385", pages.size(), kChecked);
  ASSERT_OK(copied.result);
  EXPECT_EQ(copied.result.value().corrupt_block_count, kCount);
  EXPECT_EQ(copied.result.value().corrupt_blocks.size(), repository::kCorruptPagesStoredMax);
  EXPECT_LT(copied.waited, std::chrono::seconds(5));
  EXPECT_LT(file.read_count(), 2500);
}

TEST(FileCopyTest, ErrorsEndTheCopy) {
  const Bytes pages = tests::relation_pages(4, 0, 1);
  ManualClock clock{WallTime{}};
  RateLimiter unlimited(clock, 0);
  FileCopier copier(kChecked, unlimited, clock);
  const auto discard = [](std::string_view) -> Result<> { return {}; };
  {
    FakeFile file(pages);
    file.break_disk();
    EXPECT_EQ(tests::outcome(copier.copy(file, "base/5/1", pages.size(), discard, {})), "Internal");
  }
  {
    FakeFile file(pages);
    const auto refuse = [](std::string_view) -> Result<> { return unavailable("full"); };
    EXPECT_EQ(tests::outcome(copier.copy(file, "base/5/1", pages.size(), refuse, {})),
              "Unavailable");
  }
  {
    FakeFile file(pages);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(
        tests::outcome(copier.copy(file, "base/5/1", pages.size(), discard, stop.get_token())),
        "Cancelled");
  }
}

}  // namespace
}  // namespace cairn::engine
