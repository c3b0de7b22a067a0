// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>

#include "codec/tar.h"
#include "codec/tar_header.h"
#include "tests/support/tar_archive.h"

namespace cairn::codec {
namespace {

using tests::read_tar;
using tests::tar_file;
using tests::TarContents;
using tests::TarMember;
using tests::write_tar;

Bytes padded(std::string_view content) {
  return Bytes(content) + Bytes(tar::padding_bytes(content.size()), '\0');
}
void expect_equal(const TarEntry& actual, const TarEntry& expected) {
  EXPECT_EQ(actual.name, expected.name);
  EXPECT_EQ(actual.type, expected.type);
  EXPECT_EQ(actual.mode, expected.mode);
  EXPECT_EQ(actual.size_bytes, expected.size_bytes);
  EXPECT_EQ(actual.modified_seconds, expected.modified_seconds);
  EXPECT_EQ(actual.user_id, expected.user_id);
  EXPECT_EQ(actual.group_id, expected.group_id);
  EXPECT_EQ(actual.user_name, expected.user_name);
  EXPECT_EQ(actual.group_name, expected.group_name);
  EXPECT_EQ(actual.link_target, expected.link_target);
}

// A header block made by hand, for what our writer never makes.

TEST(TarWriterTest, WritesTheHeaderThatGoWrites) {
  TarEntry entry = tar_file("/base/5/1259", 8192);
  entry.mode = 0600;
  entry.modified_seconds = 1755686400;
  entry.user_id = 102;
  entry.group_id = 2097151;  // The most that seven octal digits say.
  entry.user_name = "postgres";
  entry.group_name = "postgres";
  const Bytes header = tar::format_header(entry).value();
  ASSERT_EQ(header.size(), 512u);
  struct Case {
    tar::Field field;
    std::string_view expected;
  };
  const Case cases[] = {
      {tar::kName, "/base/5/1259"},
      {tar::kMode, "0000600"},
      {tar::kUserId, "0000146"},
      {tar::kGroupId, "7777777"},
      {tar::kSize, "00000020000"},
      {tar::kModified, "15051323000"},
      {tar::kChecksum, std::string_view("014343\0 ", 8)},
      {{tar::kTypeOffset, 1, ""}, "0"},
      {tar::kLinkTarget, ""},
      {tar::kMagic, std::string_view("ustar\00000", 8)},
      {tar::kUserName, "postgres"},
      {tar::kGroupName, "postgres"},
      {tar::kDeviceMajor, "0000000"},
      {tar::kDeviceMinor, "0000000"},
      {tar::kPrefix, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.field.name);
    Bytes expected(c.expected);
    expected.resize(c.field.bytes, '\0');
    EXPECT_EQ(header.substr(c.field.offset, c.field.bytes), expected);
  }
}

TEST(TarWriterTest, UsesPaxOnlyWhereUstarCantSayIt) {
  const std::string deep = "/" + std::string(120, 'd') + "/" + std::string(99, 'f');
  struct Case {
    std::string_view what;
    std::function<void(TarEntry&)> change;
    std::string_view records;
  };
  const Case cases[] = {
      {"plain", [](TarEntry&) {}, ""},
      {"name of 100", [](TarEntry& e) { e.name = std::string(100, 'n'); }, ""},
      {"name that splits", [&](TarEntry& e) { e.name = deep; }, ""},
      {"largest octal size", [](TarEntry& e) { e.size_bytes = (1ull << 33) - 1; }, ""},
      {"8 GiB", [](TarEntry& e) { e.size_bytes = 1ull << 33; }, "19 size=8589934592\n"},
      {"large uid", [](TarEntry& e) { e.user_id = 2097152; }, "15 uid=2097152\n"},
      {"large gid", [](TarEntry& e) { e.group_id = 4294967294; }, "18 gid=4294967294\n"},
      {"before 1970", [](TarEntry& e) { e.modified_seconds = -1; }, "12 mtime=-1\n"},
      {"non-ASCII", [](TarEntry& e) { e.name = "/\xc3\xa9"; }, "12 path=/\xc3\xa9\n"},
      {"user name of 33", [](TarEntry& e) { e.user_name = std::string(33, 'u'); },
       "43 uname=uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu\n"},
      {"record whose length grows by its own digits",
       [](TarEntry& e) { e.user_name = std::string(32, 'u') + std::string(58, 'v'); },
       "101 "
       "uname=uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
       "vvvvvvvv\n"},
      {"two, in order of their keys",
       [](TarEntry& e) {
         e.user_id = 2097152;
         e.group_id = 2097153;
       },
       "15 gid=2097153\n15 uid=2097152\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    TarEntry entry = tar_file("/base/1", 0);
    c.change(entry);
    const Bytes header = tar::format_header(entry).value();
    if (c.records.empty()) {
      EXPECT_EQ(header.size(), 512u);
      continue;
    }
    ASSERT_EQ(header.size(), 512u + padded(c.records).size() + 512u);
    EXPECT_EQ(header[tar::kTypeOffset], 'x');
    EXPECT_EQ(header.substr(512, c.records.size()), c.records);
  }
}

TEST(TarWriterTest, NamesTheExtendedHeaderAsGoDoes) {
  const auto name_of = [](std::string name) {
    TarEntry entry = tar_file(std::move(name), 0);
    entry.user_id = 2097152;
    const Bytes header = tar::format_header(entry).value();
    return header.substr(0, std::min<std::size_t>(header.find('\0'), 100));
  };
  EXPECT_EQ(name_of("/base/5/1259"), "/base/5/PaxHeaders.0/1259");
  EXPECT_EQ(name_of("top"), "PaxHeaders.0/top");
  EXPECT_EQ(name_of("dir/"), "dir/PaxHeaders.0");
  EXPECT_EQ(name_of("/a/" + std::string(200, 'x')), "/a/PaxHeaders.0/" + std::string(84, 'x'));
}

TEST(TarWriterTest, SplitsALongNameAtTheLastSlashThatFits) {
  const std::string prefix = "/" + std::string(120, 'd');
  const Bytes header = tar::format_header(tar_file(prefix + "/file", 0)).value();
  ASSERT_EQ(header.size(), 512u);
  EXPECT_EQ(header.substr(0, 5), Bytes("file\0", 5));
  EXPECT_EQ(header.substr(tar::kPrefix.offset, prefix.size() + 1), prefix + '\0');
}

TEST(TarWriterTest, EndsWithTwoBlocksAndNoMore) {
  EXPECT_EQ(write_tar({}), Bytes(1024, '\0'));
  const Bytes one = write_tar({{tar_file("a", 3), "abc"}});
  EXPECT_EQ(one.size(), 512u + 512u + 1024u);
  EXPECT_EQ(one.substr(512), padded("abc") + Bytes(1024, '\0'));
}

TEST(TarWriterTest, FillsAFileThatShrank) {
  StringSink out;
  TarWriter writer(out);
  ASSERT_TRUE(writer.start(tar_file("a", 100'000)).ok());
  ASSERT_TRUE(writer.write("abc").ok());
  EXPECT_EQ(writer.missing_bytes(), 99'997u);
  ASSERT_TRUE(writer.fill_with_zeros().ok());
  EXPECT_EQ(writer.missing_bytes(), 0u);
  ASSERT_TRUE(writer.finish().ok());
  const TarContents back = read_tar(out.bytes()).value();
  ASSERT_EQ(back.members.size(), 1u);
  EXPECT_EQ(back.members[0].content, "abc" + Bytes(99'997, '\0'));
}

TEST(TarWriterTest, RefusesWhatNoHeaderCanSay) {
  TarEntry directory = tar_file("d", 1);
  directory.type = TarType::Directory;
  TarEntry other = tar_file("o", 0);
  other.type = TarType::Other;
  TarEntry nul_target = tar_file("l", 0);
  nul_target.link_target = std::string("a\0b", 3);
  const TarEntry cases[] = {tar_file("", 0),
                            tar_file(std::string("a\0b", 3), 0),
                            directory,
                            other,
                            nul_target,
                            tar_file("huge", UINT64_MAX),
                            tar_file(std::string(2 << 20, 'x'), 0)};
  for (const TarEntry& entry : cases) {
    SCOPED_TRACE(entry.name.substr(0, 10));
    StringSink out;
    TarWriter writer(out);
    EXPECT_EQ(writer.start(entry).error().code(), ErrorCode::InvalidArgument);
    EXPECT_EQ(out.bytes(), "");
  }
}

TEST(TarWriterTest, AnErrorOfTheSinkComesOut) {
  for (const std::uint64_t room : {0, 512, 600, 1100, 1700}) {
    SCOPED_TRACE(room);
    tests::FailingSink out(room);
    TarWriter writer(out);
    Result<> done = writer.start(tar_file("a", 600));
    if (done.ok()) done = writer.write(Bytes(600, 'x'));
    if (done.ok()) done = writer.finish();
    EXPECT_EQ(done.error().code(), ErrorCode::Unavailable);
  }
}
TEST(TarTest, EverythingComesBack) {
  TarEntry directory = tar_file("/pg_tblspc", 0);
  directory.type = TarType::Directory;
  directory.mode = 0700;
  TarEntry link = tar_file("/pg_tblspc/16400", 0);
  link.type = TarType::Symlink;
  link.link_target = "/" + std::string(150, 't') + "\xc3\xa9";
  TarEntry hard = tar_file("/hard", 0);
  hard.type = TarType::Hardlink;
  hard.link_target = "/base/1";
  TarEntry owned = tar_file("/base/" + std::string(300, 'n') + "\xf0\x9f\x90\x98", 1000);
  owned.mode = 07777;
  owned.modified_seconds = -86401;
  owned.user_id = 4'000'000'000;
  owned.group_id = 3'000'000;
  owned.user_name = std::string(40, 'u');
  owned.group_name = "gr\xc3\xbcn";
  TarEntry far = tar_file("/far", 1);
  far.modified_seconds = 1ll << 40;
  const std::vector<TarMember> members = {{directory, {}},
                                          {link, {}},
                                          {hard, {}},
                                          {owned, tests::random_bytes(1000, 1)},
                                          {tar_file("/empty", 0), {}},
                                          {tar_file("/block", 512), Bytes(512, 'b')},
                                          {far, "x"},
                                          {tar_file(" a\n\x01\xff", 1), "y"}};
  const Bytes bytes = write_tar(members);
  for (const std::size_t portion : {1, 511, 1 << 20}) {
    SCOPED_TRACE(portion);
    const TarContents back = read_tar(bytes, portion).value();
    EXPECT_TRUE(back.has_trailer);
    ASSERT_EQ(back.members.size(), members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      SCOPED_TRACE(i);
      expect_equal(back.members[i].entry, members[i].entry);
      EXPECT_EQ(back.members[i].content, members[i].content);
    }
  }
}
}  // namespace
}  // namespace cairn::codec
