// SPDX-License-Identifier: Apache-2.0
#include "postgres/backup_manifest.h"

#include <gtest/gtest.h>

#include "codec/digest.h"

namespace cairn::postgres {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// What pg_basebackup would write for these two files: 0xE3069283 is the CRC-32C of "123456789".
constexpr std::string_view kSample =
    "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n"
    "\"Files\": [\n"
    "{ \"Path\": \"base/1/\\\"quo\\\\ted\\\"\", \"Size\": 9, \"Last-Modified\": \"2026-08-20 "
    "10:00:05 GMT\", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"839206e3\" },\n"
    "{ \"Encoded-Path\": \"6c6174696ee4\", \"Size\": 0, \"Last-Modified\": \"1970-01-01 "
    "00:00:00 GMT\" }\n"
    "],\n"
    "\"WAL-Ranges\": [\n"
    "{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"0/3000000\" },\n"
    "{ \"Timeline\": 2, \"Start-LSN\": \"0/3000000\", \"End-LSN\": \"1/A\" }\n"
    "],\n";

std::vector<ManifestFile> sample_files() {
  return {{.path = "base/1/\"quo\\ted\"",
           .size_bytes = 9,
           .modified = sys_seconds(seconds(1787220005)),
           .crc32c = 0xe3069283,
           .checksum_algorithm = "CRC32C",
           .checksum = "839206e3"},
          {.path = "latin\xe4"}};
}

const std::vector<ManifestWalRange> kRanges = {{{1}, {0x2000028}, {0x3000000}},
                                               {{2}, {0x3000000}, {0x10000000a}}};

std::string sealed(std::string_view text) {
  return fmt::format("{}\"Manifest-Checksum\": \"{}\"}}\n", text, codec::sha256_hex(text));
}

std::string written(int major_version, const std::vector<ManifestFile>& files) {
  StringSink out;
  ManifestWriter writer(out, major_version, 7710906684537759582U);
  for (const ManifestFile& file : files) EXPECT_TRUE(writer.add(file).ok());
  EXPECT_TRUE(writer.finish(kRanges).ok());
  return out.take();
}

struct Collected {
  Result<Manifest> manifest;
  std::vector<ManifestFile> files;
};

Collected collect(std::string_view text, const ManifestLimits& limits = {}) {
  std::vector<ManifestFile> files;
  ViewSource source(text);
  auto manifest = read_manifest(
      source,
      [&](const ManifestFile& file) {
        files.push_back(file);
        return Result<>();
      },
      limits);
  return {std::move(manifest), std::move(files)};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

TEST(BackupManifestTest, IsWrittenAsTheServerWritesIt) {
  EXPECT_EQ(written(15, sample_files()), sealed(kSample));
  EXPECT_EQ(written(17, sample_files()),
            sealed(replaced(std::string(kSample), "Version\": 1,\n",
                            "Version\": 2,\n\"System-Identifier\": 7710906684537759582,\n")));
}

TEST(BackupManifestTest, EscapesControlCharacters) {
  const std::string text = written(15, {{.path = "a\n\r\t\b\f\x01z"}});
  EXPECT_NE(text.find("\"a\\n\\r\\t\\b\\f\\u0001z\""), std::string::npos) << text;
  EXPECT_EQ(collect(text).files.at(0).path, "a\n\r\t\b\f\x01z");
}

TEST(BackupManifestTest, IsReadAsItWasWritten) {
  for (const int major_version : {13, 17}) {
    SCOPED_TRACE(major_version);
    const Collected collected = collect(written(major_version, sample_files()));
    ASSERT_TRUE(collected.manifest.ok()) << collected.manifest.error().message();
    EXPECT_EQ(collected.files, sample_files());
    const Manifest& manifest = collected.manifest.value();
    EXPECT_EQ(manifest.wal_ranges, kRanges);
    EXPECT_EQ(manifest.file_count, 2U);
    EXPECT_EQ(manifest.version, major_version == 13 ? 1 : 2);
    EXPECT_EQ(manifest.system_identifier.has_value(), major_version == 17);
  }
}

TEST(BackupManifestTest, StreamsManyFiles) {
  std::vector<ManifestFile> files;
  for (int i = 0; i < 5000; ++i) {
    files.push_back({.path = fmt::format("base/5/{}", i), .size_bytes = 8192, .crc32c = 1});
  }
  const Collected collected = collect(written(15, files));
  ASSERT_TRUE(collected.manifest.ok()) << collected.manifest.error().message();
  EXPECT_EQ(collected.files.size(), files.size());
  EXPECT_EQ(collected.files.back().path, "base/5/4999");
}

TEST(BackupManifestTest, OtherAlgorithmsAreHandedOnUnread) {
  const std::string text = replaced(std::string(kSample), "CRC32C", "SHA256");
  const Collected collected = collect(sealed(text));
  ASSERT_TRUE(collected.manifest.ok()) << collected.manifest.error().message();
  EXPECT_EQ(collected.files[0].crc32c, std::nullopt);
  EXPECT_EQ(collected.files[0].checksum_algorithm, "SHA256");
}

TEST(BackupManifestTest, EveryByteIsUnderTheChecksum) {
  const std::string whole = sealed(kSample);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string text = whole;
    text[i] = static_cast<char>(text[i] ^ 0x02);
    EXPECT_FALSE(collect(text).manifest.ok()) << i;
  }
}

TEST(BackupManifestTest, ACutManifestIsRefused) {
  const std::string whole = sealed(kSample);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto manifest = collect(whole.substr(0, size)).manifest;
    ASSERT_FALSE(manifest.ok()) << size;
    EXPECT_EQ(manifest.error().code(), ErrorCode::Corrupt);
  }
  EXPECT_FALSE(collect(whole + "{}").manifest.ok());
}

TEST(BackupManifestTest, RefusesWhatDoesNotBelong) {
  struct Case {
    std::string_view what;
    std::string_view by;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"Version\": 1", "Version\": 3", "has version 3"},
      {"Version\": 1", "Version\": -1", "a negative number"},
      {"Version\": 1", "Version\": 1.5", "a fraction"},
      {"Version\": 1", "Version\": null", "null"},
      {"Version\": 1", "Version\": true", "a boolean"},
      {"Version\": 1", "Version\": \"1\"", "a text"},
      {"\"PostgreSQL-Backup-Manifest-Version\": 1,\n", "\n", "names no version"},
      {"\"Files\": [", "\"Filez\": [", "a list"},
      {"\"WAL-Ranges\": [", "\"WAL-Ranges\": {", "an object"},
      {"\"Size\": 9", "\"Size\": [9]", "a list"},
      {"\"Size\": 9", "\"Size\": {}", "an object"},
      {"\"Size\": 9", "\"Sizes\": 9", "a number"},
      {"\"Size\": 9, ", "", "no size"},
      {"\"Encoded-Path\": \"6c", "\"Encoded-Path\": \"6", "not hexadecimal"},
      {"\"Encoded-Path\": \"6c6174696ee4\", ", "", "without a path"},
      {"\"Encoded-Path\"", "\"Path\": \"x\", \"Path\"", "two paths"},
      {"\"Encoded-Path\"", "\"Pfad\"", "a text"},
      {"2026-08-20 10:00:05 GMT", "2026-08-20 10:00:05", "last modified"},
      {"2026-08-20 10:00:05 GMT", "yesterday GMT", "last modified"},
      {"839206e3", "839206", "a CRC32C"},
      {", \"Checksum\": \"839206e3\"", "", "half a checksum"},
      {"\"Timeline\": 1", "\"Timeline\": 0", "WAL range of timeline 0"},
      {"\"Timeline\": 1", "\"Timeline\": 4294967296", "a number"},
      {"0/2000028", "0/9000028", "from 0/9000028"},
      {"0/2000028", "nowhere", "position \"nowhere\""},
      {"Start-LSN", "Begin-LSN", "a text"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.by);
    const auto manifest = collect(sealed(replaced(std::string(kSample), c.what, c.by))).manifest;
    ASSERT_FALSE(manifest.ok());
    EXPECT_EQ(manifest.error().code(), ErrorCode::Corrupt);
    EXPECT_NE(manifest.error().message().find(c.complaint), std::string::npos)
        << manifest.error().message();
  }
}

TEST(BackupManifestTest, HasLimits) {
  const std::string whole = sealed(kSample);
  EXPECT_TRUE(collect(whole, {.bytes_max = whole.size(), .files_max = 2, .line_bytes_max = 200})
                  .manifest.ok());
  const ManifestLimits limits[] = {
      {.bytes_max = whole.size() - 1}, {.files_max = 1}, {.line_bytes_max = 100}};
  for (const ManifestLimits& limit : limits) {
    const auto manifest = collect(whole, limit).manifest;
    ASSERT_FALSE(manifest.ok());
    EXPECT_EQ(manifest.error().code(), ErrorCode::Corrupt);
  }
}

TEST(BackupManifestTest, AnErrorOfTheTakerEndsTheReading) {
  const std::string whole = sealed(kSample);
  ViewSource source(whole);
  int taken = 0;
  const auto manifest = read_manifest(source,
                                      [&](const ManifestFile&) -> Result<> {
                                        ++taken;
                                        return no_space("enough");
                                      },
                                      {});
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().code(), ErrorCode::NoSpace);
  EXPECT_EQ(taken, 1);
}

class BrokenSource final : public Source {
 public:
  Result<std::size_t> read(std::span<char> out) override {
    if (is_second_) return unavailable("the disk went away");
    is_second_ = true;
    return kSample.copy(out.data(), 200);
  }

 private:
  bool is_second_ = false;
};

TEST(BackupManifestTest, AReadErrorIsNotTakenForTheEnd) {
  BrokenSource source;
  const auto manifest = read_manifest(source, [](const ManifestFile&) { return Result<>(); }, {});
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().code(), ErrorCode::Unavailable);
}

class FullSink final : public Sink {
 public:
  Result<> write(std::string_view) override { return no_space("full"); }
  Result<> finish() override { return {}; }
};

TEST(BackupManifestTest, AFullDiskIsReported) {
  FullSink out;
  ManifestWriter writer(out, 15, 1);
  Result<> result;
  for (int i = 0; i < 2000 && result.ok(); ++i) result = writer.add({.path = "base/5/16384"});
  EXPECT_EQ(result.error().code(), ErrorCode::NoSpace);
  ManifestWriter small(out, 15, 1);
  EXPECT_FALSE(small.finish({}).ok());
}

}  // namespace
}  // namespace cairn::postgres
