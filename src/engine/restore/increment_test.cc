// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/increment.h"

#include <gtest/gtest.h>

#include <cstring>

#include "files/disk_directory.h"
#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/streams.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

constexpr std::size_t kPage = 8192;

template <class T>
void append(Bytes& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

Bytes header(std::uint64_t file_bytes, std::uint32_t count) {
  Bytes bytes = "wi1\x55";
  append(bytes, file_bytes);
  append(bytes, count);
  return bytes;
}

// An increment that sets each of `blocks` to pages of one letter.
Bytes increment(std::uint64_t file_bytes, const std::vector<std::uint32_t>& blocks) {
  Bytes bytes = header(file_bytes, static_cast<std::uint32_t>(blocks.size()));
  for (const std::uint32_t block : blocks) append(bytes, block);
  for (const std::uint32_t block : blocks) {
    bytes.append(kPage, static_cast<char>('A' + block % 26));
  }
  return bytes;
}

struct Applied {
  Result<std::uint64_t> result;
  Bytes file;
};

Applied apply(const Bytes& parent, const Bytes& bytes, std::uint64_t increment_bytes) {
  const tests::TemporaryDirectory directory;
  tests::write_whole_file(directory.path() + "/file", parent);
  const auto root = files::open_disk_directory(directory.path()).value();
  const auto file = root->open_file("file", files::Access::ReadWrite).value();
  tests::ChunkedSource source(bytes, 1000);
  auto result = apply_increment(source, increment_bytes, *file);
  return {std::move(result), tests::read_whole_file(directory.path() + "/file")};
}

TEST(IncrementTest, ChangesPagesAndSize) {
  struct Case {
    std::string_view name;
    std::size_t parent_pages;
    std::size_t pages;
    std::vector<std::uint32_t> blocks;
  };
  const Case cases[] = {
      {"nothing changed", 3, 3, {}},
      {"one page", 3, 3, {1}},
      {"all pages, out of order", 3, 3, {2, 0, 1}},
      {"grown", 1, 4, {1, 2, 3}},
      {"grown with a page that nobody wrote", 1, 3, {2}},
      {"shortened", 5, 2, {1}},
      {"emptied", 5, 0, {}},
      {"from nothing", 0, 2, {0, 1}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Bytes parent(c.parent_pages * kPage, 'p');
    Bytes expected = parent;
    expected.resize(c.pages * kPage, '\0');
    for (const std::uint32_t block : c.blocks) {
      std::memset(expected.data() + block * kPage, 'A' + static_cast<int>(block), kPage);
    }
    const Bytes bytes = increment(c.pages * kPage, c.blocks);
    const Applied applied = apply(parent, bytes, bytes.size());
    ASSERT_OK(applied.result);
    EXPECT_EQ(applied.result.value(), c.pages * kPage);
    EXPECT_EQ(applied.file == expected, true);
  }
}

TEST(IncrementTest, RefusesWhatIsNoIncrement) {
  const Bytes good = increment(3 * kPage, {0, 2});
  Bytes wrong_magic = good;
  wrong_magic[3] = 'T';
  struct Case {
    std::string_view name;
    Bytes bytes;
    std::uint64_t declared;
  };
  const Case cases[] = {
      {"empty", "", 0},
      {"a part of a header", good.substr(0, 10), 10},
      {"another magic", wrong_magic, wrong_magic.size()},
      {"cut in the block numbers", good.substr(0, 20), good.size()},
      {"cut in a page", good.substr(0, good.size() - 1), good.size()},
      {"a size that does not fit the count", good, good.size() - 1},
      {"a block beyond the file", increment(2 * kPage, {2}), increment(2 * kPage, {2}).size()},
      {"a block that ends beyond the file", increment(kPage + 1, {1}),
       increment(kPage + 1, {1}).size()},
      // Numbers that would overflow, or make a file of exabytes.
      {"a huge count", header(kPage, 0xffffffff), 16 + 0xffffffffULL * 8196},
      {"a count that wraps around", header(kPage, 0x20000000), 16},
      {"a huge file", header(~std::uint64_t{0}, 0), 16},
      {"a block whose offset overflows", increment(kPage, {0xffffffff}), 16 + 8196},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Bytes parent(4 * kPage, 'p');
    const Applied applied = apply(parent, c.bytes, c.declared);
    EXPECT_EQ(tests::outcome(applied.result), "Corrupt");
    EXPECT_LE(applied.file.size(), parent.size());
  }
}

}  // namespace
}  // namespace cairn::engine
