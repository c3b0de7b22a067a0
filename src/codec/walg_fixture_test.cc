// SPDX-License-Identifier: Apache-2.0
// What WAL-G itself wrote: the formats must come out, and our tar must be the same to the byte.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "codec/cipher.h"
#include "codec/compression.h"
#include "codec/digest.h"
#include "codec/tar_header.h"
#include "tests/support/tar_archive.h"

namespace cairn::codec {
namespace {

using tests::read_tar;
using tests::TarContents;
using tests::TarMember;
using tests::write_tar;

constexpr std::size_t kObjectBytesMax = 64 * 1024 * 1024;

// The objects of a repository in tests/fixtures/walg by their names.
std::map<std::string, Bytes> fixture(std::string_view name) {
  const std::string path = fmt::format("{}/tests/fixtures/walg/{}", CAIRN_SOURCE_DIR, name);
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  Bytes bytes(std::istreambuf_iterator<char>(file), {});
  ViewSource in(bytes);
  const Compression compression = name.ends_with(".gz") ? Compression::Gzip : Compression::None;
  const auto tar = make_decompressor(compression, in).value();
  const Bytes repository = read_all(*tar, kObjectBytesMax).value();
  std::map<std::string, Bytes> objects;
  for (TarMember& member : read_tar(repository).value().members) {
    if (member.entry.type != TarType::Regular) continue;
    objects[member.entry.name] = std::move(member.content);
  }
  EXPECT_FALSE(objects.empty());
  return objects;
}

Bytes unpacked(std::string_view name, std::string_view object) {
  const std::size_t dot = name.rfind('.');
  const std::size_t slash = name.rfind('/');
  const bool has_suffix = dot != std::string_view::npos && dot > slash;
  const std::optional<Compression> compression =
      compression_of_suffix(has_suffix ? name.substr(dot + 1) : std::string_view());
  ViewSource in(object);
  const auto source = make_decompressor(compression.value_or(Compression::None), in).value();
  const Result<Bytes> bytes = read_all(*source, kObjectBytesMax);
  EXPECT_TRUE(bytes.ok()) << name << ": " << bytes.error().message();
  return bytes.ok() ? bytes.value() : Bytes();
}

class WalgFixtureTest : public testing::TestWithParam<std::string_view> {};

// Every part of a backup: read, then written again from what was read.
TEST_P(WalgFixtureTest, OurTarIsTheirTar) {
  int part_count = 0;
  for (const auto& [name, object] : fixture(GetParam())) {
    if (!name.contains("/tar_partitions/")) continue;
    SCOPED_TRACE(name);
    ++part_count;
    const Bytes theirs = unpacked(name, object);
    const TarContents contents = read_tar(theirs).value();
    EXPECT_FALSE(contents.members.empty());
    EXPECT_TRUE(contents.has_trailer);
    EXPECT_TRUE(write_tar(contents.members) == theirs);
  }
  EXPECT_GE(part_count, 3);
}

TEST_P(WalgFixtureTest, WalComesOutWhole) {
  int segment_count = 0;
  for (const auto& [name, object] : fixture(GetParam())) {
    if (!name.contains("/wal_005/") || name.contains(".backup") || name.contains(".history")) {
      continue;
    }
    SCOPED_TRACE(name);
    ++segment_count;
    const Bytes segment = unpacked(name, object);
    EXPECT_EQ(segment.size(), 1024u * 1024u);
    EXPECT_EQ(to_hex(std::string_view(segment).substr(0, 1)),
              "10");  // XLOG_PAGE_MAGIC of 15: D110.
  }
  EXPECT_GE(segment_count, 1);
}

INSTANTIATE_TEST_SUITE_P(Repositories, WalgFixtureTest,
                         testing::Values("none/repo.tar.gz", "lz4/repo.tar", "lzma/repo.tar",
                                         "zstd/repo.tar", "brotli/repo.tar"));

TEST(WalgOtherFixtureTest, PartsWithoutAnEndAreRead) {
  for (const auto& [name, object] : fixture("remote/repo.tar")) {
    if (!name.contains("/tar_partitions/")) continue;
    SCOPED_TRACE(name);
    EXPECT_TRUE(read_tar(unpacked(name, object)).ok());
  }
}

TEST(WalgOtherFixtureTest, TheEncryptedRepositoryComesOut) {
  const auto cipher = make_sodium_cipher(
      Secret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), "hex");
  int part_count = 0;
  for (const auto& [name, object] : fixture("libsodium/repo.tar")) {
    if (name.ends_with(".json")) continue;
    SCOPED_TRACE(name);
    ViewSource in(object);
    const auto source = cipher.value()->decrypt(in).value();
    const Result<Bytes> plain = read_all(*source, kObjectBytesMax);
    ASSERT_TRUE(plain.ok()) << plain.error().message();
    if (!name.contains("/tar_partitions/")) continue;
    ++part_count;
    const TarContents contents = read_tar(plain.value()).value();
    EXPECT_TRUE(write_tar(contents.members) == plain.value());
    // Encrypting it again gives as many bytes: the same framing.
    StringSink out;
    const auto sink = cipher.value()->encrypt(out).value();
    ASSERT_TRUE(sink->write(plain.value()).ok());
    ASSERT_TRUE(sink->finish().ok());
    EXPECT_EQ(out.bytes().size(), object.size());
  }
  EXPECT_GE(part_count, 3);
}

}  // namespace
}  // namespace cairn::codec
