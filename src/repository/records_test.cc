// SPDX-License-Identifier: Apache-2.0
// The JSON records of a backup: sentinel, metadata, tablespaces, integrity.
#include <gtest/gtest.h>

#include "repository/backup_metadata.h"
#include "repository/integrity.h"
#include "repository/json_go.h"
#include "repository/sentinel.h"
#include "repository/tablespace_spec.h"
#include "tests/support/expect_ok.h"

namespace cairn::repository {
namespace {

const BackupName kName = BackupName::full("00000001000000000000000E");

// As WAL-G 3.0.9 wrote them.
constexpr std::string_view kFullSentinel =
    R"({"LSN":12582952,"PgVersion":150020,"FinishLSN":12583168,)"
    R"("SystemIdentifier":7710900357309345060,)"
    R"("UncompressedSize":25476950,"CompressedSize":4758410,"DataCatalogSize":25616193,)"
    R"("Spec":{"16384":{"loc":"/srv/ts_extra","link":"pg_tblspc/16384"},"base_prefix":"/srv/data",)"
    R"("tablespaces":["16384"]},"ChkpNum":null,"Version":2,)"
    R"("StartTime":"2026-11-22T07:51:35.919794Z",)"
    R"("FinishTime":"2026-11-22T07:51:37.052703Z","DateFmt":"%Y-%m-%dT%H:%M:%S.%fZ",)"
    R"("Hostname":"db1",)"
    R"("DataDir":"/srv/data","IsPermanent":false})";
constexpr std::string_view kDeltaSentinel =
    R"({"LSN":16777256,"DeltaLSN":14680104,)"
    R"("DeltaFrom":"base_00000001000000000000000E_D_00000001000000000000000C",)"
    R"("DeltaFullName":"base_00000001000000000000000C","DeltaCount":2,"PgVersion":150020,)"
    R"("FinishLSN":16777472,"SystemIdentifier":7710900357309345060,"UncompressedSize":631679,)"
    R"("CompressedSize":123618,"DataCatalogSize":25311914,)"
    R"("UserData":{"liste":[1,2],"n":1,"note":"a\u003cb \u0026 c\u003ed"},"ChkpNum":null,)"
    R"("Version":2,)"
    R"("StartTime":"2026-11-22T07:51:41.832608Z","FinishTime":"2026-11-22T07:51:42.882848Z",)"
    R"("DateFmt":"%Y-%m-%dT%H:%M:%S.%fZ","Hostname":"db1","DataDir":"/srv/data",)"
    R"("IsPermanent":true})";
constexpr std::string_view kMetadata =
    R"({"start_time":"2026-11-22T07:51:41.832608Z","finish_time":"2026-11-22T07:51:42.882848Z",)"
    R"("date_fmt":"%Y-%m-%dT%H:%M:%S.%fZ","hostname":"db1","data_dir":"/srv/data",)"
    R"("pg_version":150020,)"
    R"("start_lsn":16777256,"finish_lsn":16777472,"is_permanent":false,)"
    R"("system_identifier":7710900357309345060,"uncompressed_size":631679,)"
    R"("compressed_size":123618,)"
    R"("user_data":{"liste":[1,2],"n":1,"note":"a\u003cb \u0026 c\u003ed"}})";

TEST(SentinelTest, WritesBackWhatWalGWroteByteForByte) {
  for (const std::string_view json : {kFullSentinel, kDeltaSentinel}) {
    const auto sentinel = parse_sentinel(json, kName);
    ASSERT_OK(sentinel);
    EXPECT_EQ(encode_sentinel(sentinel.value()), json);
  }
}

TEST(SentinelTest, ReadsEveryMember) {
  const Sentinel full = parse_sentinel(kFullSentinel, kName).value();
  EXPECT_EQ(full.start_lsn, postgres::Lsn{12582952});
  EXPECT_EQ(full.finish_lsn, postgres::Lsn{12583168});
  EXPECT_EQ(full.system_identifier, 7710900357309345060U);
  EXPECT_EQ(full.delta, std::nullopt);
  ASSERT_TRUE(full.tablespaces.has_value());
  EXPECT_EQ(full.tablespaces->base_prefix, "/srv/data");
  EXPECT_EQ(full.tablespaces->tablespaces,
            (std::vector<Tablespace>{{.oid = "16384", .location = "/srv/ts_extra"}}));
  EXPECT_FALSE(full.has_inline_files);
  const Sentinel delta = parse_sentinel(kDeltaSentinel, kName).value();
  ASSERT_TRUE(delta.delta.has_value());
  EXPECT_EQ(delta.delta->parent_lsn, postgres::Lsn{14680104});
  EXPECT_EQ(delta.delta->parent.text(), "base_00000001000000000000000E_D_00000001000000000000000C");
  EXPECT_EQ(delta.delta->full.text(), "base_00000001000000000000000C");
  EXPECT_EQ(delta.delta->count, 2);
  EXPECT_TRUE(delta.is_permanent);
}

TEST(SentinelTest, WritesOptionalMembersWhereWalGDoes) {
  Sentinel sentinel;
  sentinel.is_files_metadata_disabled = true;
  sentinel.checkpoint_number = 7;
  sentinel.parent_checkpoint_number = 6;
  const std::string json = encode_sentinel(sentinel);
  EXPECT_EQ(json.substr(0, json.find(",\"StartTime\"")),
            R"({"LSN":null,"PgVersion":0,"FinishLSN":null,"UncompressedSize":0,"CompressedSize":0,)"
            R"("FilesMetadataDisabled":true,"ChkpNum":7,"DeltaChkpNum":6,"Version":2)");
  EXPECT_EQ(parse_sentinel(json, kName).value(), sentinel);
}

TEST(SentinelTest, AcceptsOldForms) {
  // WAL-E's lower-case spec, files inside, the old name of DeltaLSN, no version.
  const auto old =
      parse_sentinel(R"({"spec":{"base_prefix":"/d","tablespaces":[]},"Files":{"/a":{"MTime":1}},)"
                     R"("TarFileSets":{},)"
                     R"("DeltaFromLSN":5,"DeltaFrom":"base_00000001000000000000000C",)"
                     R"("DeltaFullName":"base_00000001000000000000000C","DeltaCount":1})",
                     kName);
  ASSERT_OK(old);
  EXPECT_EQ(old.value().version, 0);
  EXPECT_TRUE(old.value().has_inline_files);
  EXPECT_EQ(old.value().delta->parent_lsn, postgres::Lsn{5});
  EXPECT_EQ(old.value().tablespaces->base_prefix, "/d");
  EXPECT_EQ(old.value().start_time, kGoZeroTime);
  // What StackGres makes for a volume snapshot.
  const auto snapshot = parse_sentinel(R"({"LSN":1,"Spec":null,"Version":2})", kName);
  ASSERT_OK(snapshot);
  EXPECT_EQ(snapshot.value().tablespaces, std::nullopt);
}

TEST(SentinelTest, RefusesWhatIsDamagedContradictoryOrOfTheFuture) {
  struct Case {
    std::string json;
    std::string_view outcome;
    std::string_view message;
  };
  const Case cases[] = {
      {std::string(kFullSentinel.substr(0, 200)), "Corrupt", "not JSON at byte"},
      {"[]", "Corrupt", "not a JSON object"},
      {"", "Corrupt", "not JSON"},
      {R"({"DeltaFrom":"base_00000001000000000000000C","DeltaLSN":1})", "Corrupt", "DeltaFullName"},
      {R"({"DeltaFrom":"a/b","DeltaLSN":1,"DeltaFullName":"x","DeltaCount":1})", "InvalidArgument",
       "a/b"},
      {R"({"LSN":"text"})", "Corrupt", "LSN should be"},
      {R"({"LSN":-1})", "Corrupt", "LSN should be"},
      {R"({"ChkpNum":4294967296})", "Corrupt", "ChkpNum is too large"},
      {R"({"Spec":{"tablespaces":[]}})", "Corrupt", "base_prefix"},
      {R"({"Version":3})", "InvalidArgument", "use a newer one"},
      {R"({"Version":-1})", "InvalidArgument", "version -1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.json);
    const auto sentinel = parse_sentinel(c.json, kName);
    ASSERT_EQ(tests::outcome(sentinel), c.outcome);
    EXPECT_NE(sentinel.error().message().find(c.message), std::string::npos)
        << sentinel.error().message();
    EXPECT_NE(sentinel.error().message().find(kName.text()), std::string::npos);
  }
}

TEST(MetadataTest, WritesBackWhatWalGWroteByteForByte) {
  const auto metadata = parse_metadata(kMetadata, "m");
  ASSERT_OK(metadata);
  EXPECT_EQ(encode_metadata(metadata.value()), kMetadata);
  EXPECT_EQ(metadata.value().start_lsn, postgres::Lsn{16777256});
}

TEST(MetadataTest, WritesCorruptPagesOnlyWhenThereAreSome) {
  BackupMetadata metadata;
  EXPECT_EQ(encode_metadata(metadata).find("corrupt_pages"), std::string::npos);
  metadata.corrupt_page_count = 3;
  const std::string json = encode_metadata(metadata);
  EXPECT_TRUE(json.ends_with(R"("compressed_size":0,"corrupt_pages":3})")) << json;
  EXPECT_EQ(parse_metadata(json, "m").value(), metadata);
}

TEST(MetadataTest, TreatsAnEmptyObjectAsGoDoes) {
  const auto metadata = parse_metadata("{}", "m");
  ASSERT_OK(metadata);
  EXPECT_EQ(
      encode_metadata(metadata.value()),
      R"({"start_time":"0001-01-01T00:00:00Z","finish_time":"0001-01-01T00:00:00Z","date_fmt":"",)"
      R"("hostname":"","data_dir":"","pg_version":0,"start_lsn":0,"finish_lsn":0,)"
      R"("is_permanent":false,"system_identifier":null,"uncompressed_size":0,)"
      R"("compressed_size":0})");
}

TEST(MetadataTest, RefusesWhatIsNotMetadata) {
  EXPECT_EQ(tests::outcome(parse_metadata("[]", "m")), "Corrupt");
  EXPECT_EQ(tests::outcome(parse_metadata("{\"is_permanent\":1}", "m")), "Corrupt");
  EXPECT_EQ(tests::outcome(parse_metadata("{\"start_time\":\"yesterday\"}", "m")), "Corrupt");
}

TEST(MetadataTest, MarkingChangesOneMemberAndKeepsStrangers) {
  const auto marked = with_permanence(kMetadata, true, "m");
  ASSERT_OK(marked);
  std::string expected(kMetadata);
  expected.replace(expected.find("\"is_permanent\":false"), 20, "\"is_permanent\":true");
  EXPECT_EQ(marked.value(), expected);
  EXPECT_EQ(
      with_permanence(R"({"IS_PERMANENT":true,"is_permanent":true,"new":"<"})", false, "m").value(),
      R"({"is_permanent":false,"new":"\u003c"})");
  EXPECT_EQ(with_permanence("{}", true, "m").value(), R"({"is_permanent":true})");
  EXPECT_EQ(tests::outcome(with_permanence("[]", true, "m")), "Corrupt");
}

TEST(MetadataTest, UserDataIsJsonInGosDialect) {
  EXPECT_EQ(user_data_json_from("").value(), "");
  EXPECT_EQ(user_data_json_from("null").value(), "");
  EXPECT_EQ(user_data_json_from(R"({"note":"a<b & c>d","n":1,"liste":[1,2]})").value(),
            R"({"liste":[1,2],"n":1,"note":"a\u003cb \u0026 c\u003ed"})");
  EXPECT_EQ(tests::outcome(user_data_json_from("plain text")), "InvalidArgument");
}

TEST(MetadataTest, RecognisesVolumeSnapshots) {
  EXPECT_TRUE(
      is_volume_snapshot(parse_metadata(R"({"user_data":"volume-snapshot"})", "m").value()));
  EXPECT_FALSE(
      is_volume_snapshot(parse_metadata(R"({"user_data":["volume-snapshot"]})", "m").value()));
}

TEST(TablespaceSpecTest, RefusesWhatARestoreMustNotFollow) {
  struct Case {
    std::string_view json;
    std::string_view message;
  };
  const Case cases[] = {
      {R"({"tablespaces":[]})", "base_prefix"},
      {R"({"base_prefix":"/d","tablespaces":["16384"]})", "no entry"},
      {R"({"base_prefix":"/d","tablespaces":["../x"],"../x":{"loc":"/a","link":"pg_tblspc/../x"}})",
       "not the oid"},
      {R"({"base_prefix":"/d","tablespaces":[16384],"16384":{"loc":"/a",)"
       R"("link":"pg_tblspc/16384"}})",
       "not the oid"},
      {R"({"base_prefix":"/d","tablespaces":["16384"],"16384":{"loc":"a",)"
       R"("link":"pg_tblspc/16384"}})",
       "absolute"},
      {R"({"base_prefix":"/d","tablespaces":["16384"],"16384":{"link":"pg_tblspc/16384"}})",
       "absolute"},
      {R"({"base_prefix":"/d","tablespaces":["16384"],"16384":{"loc":"/a","link":"../../etc"}})",
       "link"},
      {R"({"base_prefix":"/d","tablespaces":["1","1"],"1":{"loc":"/a","link":"pg_tblspc/1"}})",
       "twice"},
      {R"({"base_prefix":"/d","tablespaces":"1"})", "not a list"},
      {R"([])", "not an object"},
      {R"({)", "not JSON"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.json);
    const auto spec = parse_tablespace_spec(c.json);
    ASSERT_EQ(tests::outcome(spec), "Corrupt");
    EXPECT_NE(spec.error().message().find(c.message), std::string::npos) << spec.error().message();
  }
}

TEST(TablespaceSpecTest, RoundTrips) {
  const TablespaceSpec spec{
      .base_prefix = "/srv/data",
      .tablespaces = {{.oid = "20000", .location = "/b"}, {.oid = "16384", .location = "/a"}}};
  const std::string json = encode_tablespace_spec(spec);
  EXPECT_EQ(
      json,
      R"({"16384":{"loc":"/a","link":"pg_tblspc/16384"},"20000":{"loc":"/b",)"
      R"("link":"pg_tblspc/20000"},"base_prefix":"/srv/data","tablespaces":["20000","16384"]})");
  EXPECT_EQ(parse_tablespace_spec(json).value(), spec);
}

TEST(IntegrityTest, RoundTrips) {
  const Integrity integrity{.objects = {{"tar_partitions/part_001.tar.lz4",
                                         {.size_bytes = 5, .sha256_hex = std::string(64, 'a')}}},
                            .corrupt_pages = {{.file = "/base/5/1259", .block = 7}},
                            .corrupt_page_count = 2000};
  const std::string json = encode_integrity(integrity);
  EXPECT_EQ(
      json,
      R"({"version":1,"objects":{"tar_partitions/part_001.tar.lz4":{"size":5,"sha256":")" +
          std::string(64, 'a') +
          R"("}},"corrupt_page_count":2000,"corrupt_pages":[{"file":"/base/5/1259","block":7}]})");
  EXPECT_EQ(parse_integrity(json, "i").value(), integrity);
}

TEST(IntegrityTest, WritesAtMostAThousandPages) {
  Integrity integrity;
  for (std::uint32_t i = 0; i < 1500; ++i)
    integrity.corrupt_pages.push_back({.file = "f", .block = i});
  integrity.corrupt_page_count = 1500;
  const Integrity read = parse_integrity(encode_integrity(integrity), "i").value();
  EXPECT_EQ(read.corrupt_pages.size(), kCorruptPagesStoredMax);
  EXPECT_EQ(read.corrupt_page_count, 1500U);
}

TEST(IntegrityTest, RefusesWhatIsDamaged) {
  const std::string digest = R"({"size":1,"sha256":")" + std::string(64, '0') + "\"}";
  const std::string cases[] = {
      "{}",
      "x",
      R"({"version":1,"objects":[]})",
      R"({"version":1,"objects":{"a":{"size":1,"sha256":"short"}}})",
      R"({"version":1,"objects":{"a":{"sha256":")" + std::string(64, '0') + "\"}}}",
      R"({"version":1,"objects":{"a":)" + digest + ",\"a\":" + digest + "}}",
      R"({"version":1,"objects":{},"corrupt_pages":[{"file":"f"}]})",
      R"({"version":1,"objects":{},"corrupt_pages":[{"file":"f","block":4294967296}]})",
  };
  for (const std::string& json : cases) {
    SCOPED_TRACE(json);
    EXPECT_EQ(tests::outcome(parse_integrity(json, "i")), "Corrupt");
  }
  EXPECT_EQ(tests::outcome(parse_integrity(R"({"version":2,"objects":{}})", "i")),
            "InvalidArgument");
}

}  // namespace
}  // namespace cairn::repository
