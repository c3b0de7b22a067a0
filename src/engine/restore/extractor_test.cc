// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/extractor.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "codec/digest.h"
#include "tests/support/expect_ok.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/streams.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

namespace fs = std::filesystem;
using codec::TarEntry;
using codec::TarType;

struct Member {
  TarEntry entry;
  Bytes content = {};
};

Member file(std::string name, Bytes content, std::uint32_t mode = 0600) {
  return {{.name = std::move(name), .mode = mode, .size_bytes = content.size()}, content};
}
Member directory(std::string name, std::uint32_t mode = 0700) {
  return {{.name = std::move(name), .type = TarType::Directory, .mode = mode}};
}
Member link(std::string name, TarType type, std::string target) {
  return {{.name = std::move(name), .type = type, .link_target = std::move(target)}};
}

Bytes tar_of(const std::vector<Member>& members) {
  StringSink sink;
  codec::TarWriter writer(sink);
  for (const Member& member : members) {
    EXPECT_OK(writer.start(member.entry));
    EXPECT_OK(writer.write(member.content));
  }
  EXPECT_OK(writer.finish());
  return sink.take();
}

ChainStep everything() {
  return {.name = repository::BackupName::full("000000010000000000000003"), .sentinel = {}};
}

class ExtractorTest : public testing::Test {
 protected:
  void open(const TargetSettings& settings) {
    auto opened = RestoreTarget::open(settings);
    ASSERT_OK(opened);
    target_ = std::move(opened).value();
  }
  void SetUp() override {
    open({.data_directory = root_.path() + "/data",
          .tablespaces = {{"16400", root_.path() + "/space"}}});
  }
  Result<> extract(const std::vector<Member>& members, const ChainStep& step = everything()) {
    const Bytes tar = tar_of(members);
    tests::ChunkedSource source(tar, 3000);
    return extractor_->extract(source, step, {});
  }
  void restart() { extractor_.emplace(*target_, restored_); }
  // All below the temporary directory, without what the target itself made.
  tests::Tree tree() const {
    tests::Tree tree = tests::read_tree(root_.path());
    for (const std::string path : {"", "data", "space", "data/pg_tblspc", "data/pg_tblspc/16400"}) {
      tree.erase(path);
    }
    for (const std::string root : {"data/", "space/"}) {
      tree.erase(root + std::string(kIncompleteMarker));
    }
    return tree;
  }

  tests::TemporaryDirectory root_;
  std::unique_ptr<RestoreTarget> target_;
  RestoredFiles restored_;
  std::optional<Extractor> extractor_;
};

TEST_F(ExtractorTest, UnpacksFilesAndDirectories) {
  restart();
  const Bytes large = tests::random_bytes(3'000'000, 1);
  ASSERT_OK(extract({directory("/", 0750), file("/PG_VERSION", "15\n"),
                     file("/base/5/16385", large), directory("/base", 0500), directory("/base/5"),
                     directory("/empty"), file("/empty file", ""), file("/set user id", "x", 04755),
                     directory("/pg_tblspc/16400"),
                     file("/pg_tblspc/16400/PG_15_202209061/5/16401", "in the tablespace"),
                     file("relative", "as remote backups name them")}));
  EXPECT_EQ(extractor_->written_bytes(), large.size() + 3 + 1 + 17 + 27);
  ASSERT_OK(extractor_->set_directory_modes());
  const tests::Tree expected = {{"data/PG_VERSION", "f 0600 15\n"},
                                {"data/base", "d 0700"},  // The owner keeps all rights.
                                {"data/base/5", "d 0700"},
                                {"data/base/5/16385", "f 0600 " + large},
                                {"data/empty", "d 0700"},
                                {"data/empty file", "f 0600 "},
                                {"data/set user id", "f 0755 x"},
                                {"data/relative", "f 0600 as remote backups name them"},
                                {"space/PG_15_202209061", "d 0700"},
                                {"space/PG_15_202209061/5", "d 0700"},
                                {"space/PG_15_202209061/5/16401", "f 0600 in the tablespace"}};
  EXPECT_EQ(tests::difference(expected, tree()), "");
  EXPECT_EQ(tests::read_tree(root_.path() + "/data").at(""), "d 0750");
  EXPECT_EQ(restored_.count(), 6U);
}

TEST_F(ExtractorTest, RefusesNamesThatLeadOutside) {
  for (const std::string name :
       {"../outside", "/../outside", "base/../../outside", "//outside", "/base//x", "/..",
        "/pg_tblspc/16400/../../outside", "./../outside"}) {
    SCOPED_TRACE(name);
    restart();
    const auto extracted = extract({file(name, "evil")});
    EXPECT_EQ(tests::outcome(extracted), "Corrupt");
    EXPECT_EQ(tests::difference({}, tree()), "");
  }
}

TEST_F(ExtractorTest, AnAbsoluteNameIsBelowTheTarget) {
  restart();
  const std::string name = root_.path() + "/outside";
  ASSERT_OK(extract({file(name, "harmless")}));
  EXPECT_FALSE(fs::exists(name));
  EXPECT_TRUE(fs::exists(root_.path() + "/data" + name));
}

TEST_F(ExtractorTest, LinksOfTheArchiveAreNotMade) {
  restart();
  const std::string outside = root_.path() + "/outside";
  fs::create_directory(outside);
  // A link, and then a file through it: the file lands in a directory of its own.
  ASSERT_OK(extract({link("/evil", TarType::Symlink, outside), file("/evil/file", "x"),
                     link("/evil2", TarType::Symlink, outside + "/file"), file("/evil2", "y")}));
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_EQ(tests::read_whole_file(root_.path() + "/data/evil/file"), "x");
  EXPECT_FALSE(fs::is_symlink(root_.path() + "/data/evil"));
  restart();
  EXPECT_EQ(tests::outcome(extract({link("/hard", TarType::Hardlink, "/etc/passwd")})), "Corrupt");
}

TEST_F(ExtractorTest, LinksThatAppearInTheTargetAreNotFollowed) {
  const std::string outside = root_.path() + "/outside";
  fs::create_directory(outside);
  tests::write_whole_file(outside + "/file", "precious");
  fs::create_directory_symlink(outside, root_.path() + "/data/evil");
  fs::create_symlink(outside + "/file", root_.path() + "/data/evil file");
  fs::create_directory_symlink(outside, root_.path() + "/space/evil");
  const std::vector<Member> members = {
      file("/evil/new", "x"), file("/evil/file", "x"), file("/evil file", "x"),
      directory("/evil"),     directory("/evil/sub"),  file("/pg_tblspc/16400/evil/x", "")};
  for (const Member& member : members) {
    SCOPED_TRACE(member.entry.name);
    restart();
    EXPECT_EQ(tests::outcome(extract({member})), "InvalidArgument");
  }
  EXPECT_EQ(tests::read_whole_file(outside + "/file"), "precious");
  EXPECT_EQ(tests::read_tree(outside).size(), 2U);
}

TEST_F(ExtractorTest, TablespacesAreReachedOnlyByTheirName) {
  restart();
  EXPECT_EQ(tests::outcome(extract({file("/pg_tblspc/16401/x", "undeclared")})), "Corrupt");
  // A file cannot take the place of a whole root.
  EXPECT_EQ(tests::outcome(extract({file("/pg_tblspc/16400", "x")})), "Corrupt");
  EXPECT_EQ(tests::outcome(extract({file("/", "x")})), "Corrupt");
  EXPECT_EQ(tests::difference({}, tree()), "");
}

TEST_F(ExtractorTest, SpecialFilesAreLeftOut) {
  // The writer makes none, so a member of type fifo is made by hand.
  Bytes tar = tar_of({file("/fifo", ""), file("/after", "it goes on")});
  tar[156] = '6';
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) {
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(tar[i]);
  }
  const std::string text = fmt::format("{:06o}", sum);
  std::ranges::copy(text, tar.begin() + 148);
  ViewSource source(tar);
  restart();
  ASSERT_OK(extractor_->extract(source, everything(), {}));
  EXPECT_EQ(tests::difference({{"data/after", "f 0600 it goes on"}}, tree()), "");
}

TEST_F(ExtractorTest, TheMapOfTablespacesIsLeftOutWhereLinksAreMade) {
  restart();
  ASSERT_OK(extract({file("tablespace_map", "16400 /old/place\n"), file("backup_label", "l")}));
  EXPECT_FALSE(fs::exists(root_.path() + "/data/tablespace_map"));
  EXPECT_TRUE(fs::exists(root_.path() + "/data/backup_label"));
  open({.data_directory = root_.path() + "/plain"});
  restart();
  ASSERT_OK(extract({file("tablespace_map", "")}));
  EXPECT_TRUE(fs::exists(root_.path() + "/plain/tablespace_map"));
}

TEST_F(ExtractorTest, NothingIsUnpackedBehindALinkedPgWal) {
  open({.data_directory = root_.path() + "/linked", .wal_directory = root_.path() + "/wal"});
  restart();
  ASSERT_OK(extract({directory("/pg_wal", 0700), directory("./pg_wal/archive_status/"),
                     file("/pg_wal/000000010000000000000003", "x"), file("/PG_VERSION", "15\n")}));
  ASSERT_OK(extractor_->set_directory_modes());
  EXPECT_TRUE(fs::is_symlink(root_.path() + "/linked/pg_wal"));
  EXPECT_TRUE(fs::is_empty(root_.path() + "/wal"));
}

TEST_F(ExtractorTest, TakesFromADeltaWhatItsListWants) {
  const Bytes parent = tests::relation_pages(2, 0, 1);
  ChainStep base = everything();
  base.wanted = {{"/base/5/1", FileSource::Whole}, {"/kept", FileSource::Whole}};
  restart();
  ASSERT_OK(extract({file("/base/5/1", parent), file("/kept", "k"), file("/dropped", "d"),
                     file("/base/5/2", "never listed")},
                    base));
  EXPECT_TRUE(extractor_->missing_files(base).empty());

  Bytes increment = "wi1\x55";
  const std::uint64_t file_bytes = 2 * 8192;
  const std::uint32_t numbers[] = {1, 1};  // one page, number 1
  increment.append(reinterpret_cast<const char*>(&file_bytes), 8);
  increment.append(reinterpret_cast<const char*>(numbers), 8);
  increment.append(8192, 'n');
  ChainStep delta = everything();
  delta.wanted = {{"/base/5/1", FileSource::Increment},
                  {"/kept", FileSource::Parent},
                  {"/new", FileSource::Whole},
                  {"/in no tar", FileSource::Whole}};
  restart();
  ASSERT_OK(
      extract({file("/base/5/1", increment, 0640), file("/kept", "not this one"), file("/new", "n"),
               file("backup_label", "always"), file("/global/pg_control", "always")},
              delta));
  const tests::Tree expected = {
      {"data/base", "d 0700"},
      {"data/base/5", "d 0700"},
      {"data/base/5/1", "f 0640 " + parent.substr(0, 8192) + Bytes(8192, 'n')},
      {"data/kept", "f 0600 k"},
      {"data/new", "f 0600 n"},
      {"data/backup_label", "f 0600 always"},
      {"data/global", "d 0700"},
      {"data/global/pg_control", "f 0600 always"}};
  EXPECT_EQ(tests::difference(expected, tree()), "");
  EXPECT_EQ(extractor_->missing_files(delta), std::vector<std::string>{"/in no tar"});
}

TEST_F(ExtractorTest, AnIncrementWithoutItsParentIsDamage) {
  ChainStep delta = everything();
  delta.wanted = {{"/base/5/1", FileSource::Increment}};
  restart();
  const auto extracted = extract({file("/base/5/1", "wi1\x55 something")}, delta);
  ASSERT_EQ(tests::outcome(extracted), "Corrupt");
  EXPECT_NE(extracted.error().message().find("base/5/1"), std::string::npos);
}

TEST_F(ExtractorTest, DamageAndStopsEndTheUnpacking) {
  restart();
  const Bytes tar = tar_of({file("/a", "aaa"), file("/b", Bytes(5000, 'b'))});
  {
    ViewSource cut(std::string_view(tar).substr(0, 3000));
    EXPECT_EQ(tests::outcome(extractor_->extract(cut, everything(), {})), "Corrupt");
  }
  {
    tests::FailingSource lost(std::string_view(tar).substr(0, 3000));
    EXPECT_EQ(tests::outcome(extractor_->extract(lost, everything(), {})), "Unavailable");
  }
  std::stop_source stop;
  stop.request_stop();
  ViewSource whole(tar);
  EXPECT_EQ(tests::outcome(extractor_->extract(whole, everything(), stop.get_token())),
            "Cancelled");
}

TEST_F(ExtractorTest, AFullDiskIsSaidAtOnce) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can mount a small file system";
  const std::string small = root_.path() + "/small";
  fs::create_directory(small);
  if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "this machine does not let us mount a small file system";
  }
  open({.data_directory = small + "/data"});
  restart();
  const auto extracted = extract({file("/large", Bytes(3'000'000, 'x'))});
  EXPECT_EQ(tests::outcome(extracted), "NoSpace");
  EXPECT_OK(target_->empty());
  EXPECT_TRUE(fs::is_empty(small + "/data"));
  target_.reset();
  EXPECT_EQ(umount(small.c_str()), 0);
}

}  // namespace
}  // namespace cairn::engine
