// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>

#include "codec/tar.h"
#include "codec/tar_header.h"
#include "tests/support/tar_archive.h"

namespace cairn::codec {
namespace {

using tests::read_tar;
using tests::tar_file;
using tests::TarContents;
using tests::write_tar;

Error read_error(std::string_view bytes) {
  const Result<TarContents> contents = read_tar(bytes);
  if (!contents.ok()) return contents.error();
  return internal_error("no error");
}
class RawHeader {
 public:
  explicit RawHeader(std::string_view name, char type = '0') {
    set(tar::kName, name);
    set(tar::kMode, "0000600");
    set(tar::kSize, "00000000000");
    set(tar::kMagic, std::string_view("ustar\00000", 8));
    block_[tar::kTypeOffset] = type;
  }

  RawHeader& set(const tar::Field& field, std::string_view bytes) {
    std::memset(block_.data() + field.offset, 0, field.bytes);
    std::memcpy(block_.data() + field.offset, bytes.data(), std::min(bytes.size(), field.bytes));
    return *this;
  }
  RawHeader& size(std::size_t bytes) { return set(tar::kSize, fmt::format("{:011o}", bytes)); }

  Bytes bytes(bool is_signed = false) const {
    tar::Block block = block_;
    std::memset(block.data() + tar::kChecksum.offset, ' ', tar::kChecksum.bytes);
    int sum = 0;
    for (const char c : block) {
      sum += is_signed ? static_cast<signed char>(c) : static_cast<unsigned char>(c);
    }
    const std::string digits = fmt::format("{:06o}", sum);
    std::memcpy(block.data() + tar::kChecksum.offset, digits.data(), 6);
    block[tar::kChecksum.offset + 6] = '\0';
    return {block.data(), block.size()};
  }

 private:
  tar::Block block_{};
};
Bytes padded(std::string_view content) {
  return Bytes(content) + Bytes(tar::padding_bytes(content.size()), '\0');
}
Bytes special(char type, std::string_view content) {
  return RawHeader("special", type).size(content.size()).bytes() + padded(content);
}

std::string record(std::string_view key, std::string_view value) {
  std::size_t length = key.size() + value.size() + 3;
  length += std::to_string(length + 2).size();
  return fmt::format("{} {}={}\n", length, key, value);
}

const Bytes& trailer() {
  static const Bytes kTrailer(1024, '\0');
  return kTrailer;
}
TEST(TarReaderTest, ContentMayBeLeftUnread) {
  const Bytes bytes = write_tar({{tar_file("a", 200'000), Bytes(200'000, 'a')},
                                 {tar_file("b", 1), "b"},
                                 {tar_file("c", 2), "cc"}});
  ViewSource in(bytes);
  TarReader reader(in);
  EXPECT_EQ(reader.next().value()->name, "a");
  std::array<char, 10> part{};
  EXPECT_EQ(reader.read(part).value(), 10u);
  EXPECT_EQ(reader.next().value()->name, "b");
  EXPECT_EQ(reader.next().value()->name, "c");
  EXPECT_EQ(reader.read(part).value(), 2u);
  EXPECT_EQ(reader.read(part).value(), 0u);
  EXPECT_FALSE(reader.next().value().has_value());
  EXPECT_FALSE(reader.next().value().has_value());
  EXPECT_TRUE(reader.has_trailer());
}

TEST(TarReaderTest, EveryCutIsCorruptButAtAMembersBoundary) {
  TarEntry pax = tar_file("/\xc3\xa9", 700);
  const Bytes bytes = write_tar({{tar_file("a", 3), "abc"}, {pax, Bytes(700, 'x')}});
  const std::size_t first_end = 1024;
  const std::size_t second_end = bytes.size() - 1024;
  for (std::size_t kept = 0; kept <= bytes.size(); ++kept) {
    SCOPED_TRACE(kept);
    const Result<TarContents> back = read_tar(std::string_view(bytes).substr(0, kept));
    const bool is_boundary = kept == 0 || kept == first_end || kept == second_end;
    const bool is_in_trailer = kept >= second_end + 512;
    ASSERT_EQ(back.ok(), is_boundary || is_in_trailer);
    if (back.ok()) {
      EXPECT_EQ(back.value().has_trailer, kept == bytes.size());
    }
    if (!back.ok()) {
      EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
    }
  }
}

TEST(TarReaderTest, OnlyZerosMayFollowTheEnd) {
  const Bytes bytes = write_tar({{tar_file("a", 3), "abc"}});
  EXPECT_TRUE(read_tar(bytes + Bytes(10'240, '\0')).value().has_trailer);
  EXPECT_TRUE(read_error(bytes + "x").message().contains("after its end"));
  EXPECT_EQ(read_error(bytes + Bytes(9000, '\0') + bytes).code(), ErrorCode::Corrupt);
  EXPECT_EQ(read_error(Bytes(512, '\0') + bytes).code(), ErrorCode::Corrupt);
  EXPECT_EQ(read_error(Bytes(65 << 20, '\0')).code(), ErrorCode::Corrupt);
}

TEST(TarReaderTest, AnyChangedHeaderByteIsCorrupt) {
  const Bytes bytes = write_tar({{tar_file("a", 3), "abc"}});
  for (std::size_t at = 0; at < 512; ++at) {
    Bytes changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    const Result<TarContents> back = read_tar(changed);
    // Filler around the checksum's digits has no meaning.
    if (back.ok()) {
      EXPECT_TRUE(at == 154 || at == 155) << at;
    } else {
      EXPECT_EQ(back.error().code(), ErrorCode::Corrupt);
    }
  }
}

TEST(TarReaderTest, ReadsOldHeaders) {
  struct Case {
    std::string_view what;
    Bytes bytes;
    std::string name;
    TarType type;
  };
  const std::string_view gnu_magic("ustar  \0", 8);
  const std::string long_name = "/" + std::string(300, 'n');
  const Case cases[] = {
      {"v7 file", RawHeader("old", '\0').set(tar::kMagic, "").bytes(), "old", TarType::Regular},
      {"v7 directory", RawHeader("old/", '\0').set(tar::kMagic, "").bytes(), "old/",
       TarType::Directory},
      {"v7 has no prefix", RawHeader("old").set(tar::kMagic, "").set(tar::kPrefix, "not").bytes(),
       "old", TarType::Regular},
      {"ustar prefix", RawHeader("name").set(tar::kPrefix, "dir").bytes(), "dir/name",
       TarType::Regular},
      {"star prefix",
       RawHeader("name")
           .set(tar::kPrefix, "dir" + std::string(128, '\0') + "15051325400 15051325400 ")
           .set(tar::kStarTrailer, std::string_view("tar\0", 4))
           .bytes(),
       "dir/name", TarType::Regular},
      {"GNU has times where ustar has the prefix",
       RawHeader("name").set(tar::kMagic, gnu_magic).set(tar::kPrefix, "15051325400").bytes(),
       "name", TarType::Regular},
      {"GNU long name", special('L', long_name + '\0') + RawHeader("cut").bytes(), long_name,
       TarType::Regular},
      {"contiguous file", RawHeader("name", '7').bytes(), "name", TarType::Regular},
      {"name of 100 without NUL", RawHeader(std::string(100, 'n')).bytes(), std::string(100, 'n'),
       TarType::Regular},
      {"signed checksum", RawHeader("\xff\xfe").bytes(true), "\xff\xfe", TarType::Regular},
      {"device", RawHeader("dev", '3').bytes(), "dev", TarType::Other},
      {"unknown", RawHeader("what", 'Q').bytes(), "what", TarType::Other},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const TarContents back = read_tar(c.bytes + trailer()).value();
    ASSERT_EQ(back.members.size(), 1u);
    EXPECT_EQ(back.members[0].entry.name, c.name);
    EXPECT_EQ(back.members[0].entry.type, c.type);
  }
}

TEST(TarReaderTest, GnuLongLinkGoesWithALongName) {
  const std::string name(200, 'n');
  const std::string target(300, 't');
  const TarContents back = read_tar(special('K', target + '\0') + special('L', name + '\0') +
                                    RawHeader("cut", '2').bytes() + RawHeader("next").bytes())
                               .value();
  ASSERT_EQ(back.members.size(), 2u);
  EXPECT_EQ(back.members[0].entry.name, name);
  EXPECT_EQ(back.members[0].entry.link_target, target);
  EXPECT_EQ(back.members[0].entry.type, TarType::Symlink);
  EXPECT_EQ(back.members[1].entry.name, "next");  // They hold for one member.
  EXPECT_EQ(back.members[1].entry.link_target, "");
}

TEST(TarReaderTest, ReadsEveryWayToSayANumber) {
  const std::string_view gnu_magic("ustar  \0", 8);
  struct Case {
    std::string_view what;
    tar::Field field;
    std::string_view bytes;
    std::optional<std::int64_t> expected;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"octal", tar::kModified, "00000000017", 15},
      {"octal, twelve digits", tar::kModified, "777777777777", (1ll << 36) - 1},
      {"octal with spaces", tar::kModified, "  17 ", 15},
      {"octal after NULs", tar::kModified, "\0\00017"sv, 15},
      {"text behind the NUL", tar::kModified, "17\0x"sv, 15},
      {"nothing", tar::kModified, "", 0},
      {"spaces", tar::kModified, "           ", 0},
      {"base 256", tar::kModified, "\x80\0\0\0\0\0\0\0\0\0\x01\x02"sv, 258},
      {"base 256, -1", tar::kModified, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv, -1},
      {"largest", tar::kModified, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"sv, INT64_MAX},
      {"smallest", tar::kModified, "\xff\xff\xff\xff\x80\0\0\0\0\0\0\0"sv, INT64_MIN},
      {"too large", tar::kModified, "\x80\0\0\0\x80\0\0\0\0\0\0\0"sv, std::nullopt},
      {"far too large", tar::kModified, "\x80\x01\0\0\0\0\0\0\0\0\0\0"sv, std::nullopt},
      {"too small", tar::kModified, "\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff"sv,
       std::nullopt},
      {"decimal digit", tar::kModified, "00000000018", std::nullopt},
      {"minus", tar::kModified, "-0000000001", std::nullopt},
      {"hexadecimal", tar::kModified, "0x17", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const Bytes bytes = RawHeader("a").set(tar::kMagic, gnu_magic).set(c.field, c.bytes).bytes();
    const Result<TarContents> back = read_tar(bytes + trailer());
    ASSERT_EQ(back.ok(), c.expected.has_value());
    if (back.ok()) {
      EXPECT_EQ(back.value().members[0].entry.modified_seconds, *c.expected);
    }
  }
}

TEST(TarReaderTest, RefusesNumbersThatCantBe) {
  using namespace std::string_view_literals;
  const Bytes cases[] = {
      RawHeader("a").set(tar::kSize, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv).bytes(),
      RawHeader("a").set(tar::kUserId, "\xff\xff\xff\xff\xff\xff\xff\xff"sv).bytes(),
      RawHeader("a").set(tar::kGroupId, "\x80\0\0\x01\0\0\0\0"sv).bytes(),
      RawHeader("a").set(tar::kMode, "rw-").bytes(),
      special('x', record("size", "-1")) + RawHeader("a").bytes(),
      special('x', record("size", "9223372036854775808")) + RawHeader("a").bytes(),
      special('x', record("size", "1e3")) + RawHeader("a").bytes(),
      special('x', record("size", " 1")) + RawHeader("a").bytes(),
      special('x', record("uid", "4294967296")) + RawHeader("a").bytes(),
      special('x', record("gid", "-1")) + RawHeader("a").bytes(),
      special('x', record("mtime", "1.x")) + RawHeader("a").bytes(),
      special('x', record("mtime", "-9223372036854775808.5")) + RawHeader("a").bytes(),
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(read_error(cases[i] + trailer()).code(), ErrorCode::Corrupt);
  }
}

// The size says that nearly everything that can be counted follows: the input ends first.
TEST(TarReaderTest, AHugeSizeIsACutMember) {
  for (const std::string_view size : {"9223372036854775807", "9223372036854775296"}) {
    const Bytes bytes = special('x', record("size", size)) + RawHeader("a").bytes() + "content";
    EXPECT_TRUE(read_error(bytes).message().contains("is cut")) << read_error(bytes).message();
    ViewSource in(bytes);
    TarReader reader(in);
    ASSERT_TRUE(reader.next().ok());
    EXPECT_EQ(reader.next().error().code(), ErrorCode::Corrupt);  // Skipping finds it, too.
  }
}

TEST(TarReaderTest, ReadsPaxTimes) {
  struct Case {
    std::string_view text;
    std::int64_t seconds;
  };
  const Case cases[] = {{"0", 0},     {"1350244992.023960108", 1350244992},
                        {"1.", 1},    {"-1", -1},
                        {"-1.5", -2}, {"-1.000", -1},
                        {"-0.5", -1}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const TarContents back =
        read_tar(special('x', record("mtime", c.text)) + RawHeader("a").bytes()).value();
    EXPECT_EQ(back.members[0].entry.modified_seconds, c.seconds);
  }
}

TEST(TarReaderTest, PaxRecordsHoldForOneMemberAndGlobalOnesForAll) {
  const Bytes bytes = special('g', record("uname", "all") + record("comment", "x")) +
                      special('x', record("uname", "one") + record("path", "renamed")) +
                      RawHeader("a").bytes() + RawHeader("b").set(tar::kUserName, "b's").bytes() +
                      special('x', record("uname", "")) +
                      RawHeader("c").set(tar::kUserName, "c's").bytes();
  const TarContents back = read_tar(bytes).value();
  ASSERT_EQ(back.members.size(), 3u);
  EXPECT_EQ(back.members[0].entry.name, "renamed");
  EXPECT_EQ(back.members[0].entry.user_name, "one");
  EXPECT_EQ(back.members[1].entry.name, "b");
  EXPECT_EQ(back.members[1].entry.user_name, "all");
  EXPECT_EQ(back.members[2].entry.user_name, "c's");  // An empty value: what the header says.
}

TEST(TarReaderTest, RefusesBadExtendedHeaders) {
  const Bytes member = RawHeader("a").bytes() + trailer();
  const std::string_view huge_size = "00004000001";  // 1 MiB and a byte
  std::string many_globals;
  for (int i = 0; i < 65; ++i) many_globals += record(fmt::format("key{:02}", i), "v");
  const Bytes cases[] = {
      special('x', "no length\n") + member,
      special('x', "99 path=a\n") + member,
      special('x', "9 path=ab") + member,
      special('x', "2 \n") + member,
      special('x', "0 path=a\n") + member,
      special('x', "-9 path=a\n") + member,
      special('x', "18446744073709551615 path=a\n") + member,
      special('x', "10 no=equalx") + member,
      special('x', "7 noeq\n") + member,
      special('x', "5 =a\n") + member,
      special('x', record("path", std::string_view("a\0b", 3))) + member,
      special('x', record("linkpath", std::string_view("a\0b", 3))) + member,
      special('x', record(std::string_view("p\0h", 3), "a")) + member,
      special('g', many_globals) + member,
      RawHeader("x", 'x').set(tar::kSize, huge_size).bytes() + Bytes(2 << 20, '\0'),
      RawHeader("L", 'L').set(tar::kSize, huge_size).bytes() + Bytes(2 << 20, 'n'),
      special('x', record("path", "a")),              // nothing follows
      special('x', record("path", "a")) + trailer(),  // nothing but the end follows
      special('L', "a"),
      RawHeader("").bytes() + trailer(),
      RawHeader("sparse", 'S').bytes() + trailer(),
      special('x', record("GNU.sparse.major", "1")) + member,
      special('g', record("GNU.sparse.map", "0,1")) + member,
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(read_error(cases[i]).code(), ErrorCode::Corrupt);
  }
}

TEST(TarReaderTest, LinksAndDirectoriesHaveNoContentWhateverTheirSize) {
  for (const char type : {'1', '2', '3', '4', '5', '6'}) {
    SCOPED_TRACE(type);
    const TarContents back =
        read_tar(RawHeader("a", type).size(512).bytes() + RawHeader("b").bytes()).value();
    ASSERT_EQ(back.members.size(), 2u);
    EXPECT_EQ(back.members[0].entry.size_bytes, 0u);
    EXPECT_EQ(back.members[1].entry.name, "b");
  }
}

TEST(TarReaderTest, ErrorsShowAHostileNameHarmlessly) {
  const std::string name = "\x1b[2J\n" + std::string(5000, 'x');
  const Bytes bytes = special('x', record("path", name)) + RawHeader("a").size(9).bytes();
  const std::string message = read_error(bytes).message();
  EXPECT_TRUE(message.contains("\\x1b[2J\\x0a"));
  EXPECT_LT(message.size(), 400u);
}

TEST(TarReaderTest, AnErrorOfTheSourceComesOut) {
  const Bytes bytes = write_tar({{tar_file("a", 2000), Bytes(2000, 'x')}});
  for (const std::size_t kept :
       {std::size_t{0}, std::size_t{100}, std::size_t{700}, std::size_t{2560}, bytes.size()}) {
    SCOPED_TRACE(kept);
    tests::FailingSource in(std::string_view(bytes).substr(0, kept));
    TarReader reader(in);
    Result<std::optional<TarEntry>> entry = reader.next();
    if (entry.ok()) entry = reader.next();
    EXPECT_EQ(entry.error().code(), ErrorCode::Unavailable);
  }
}

}  // namespace
}  // namespace cairn::codec
