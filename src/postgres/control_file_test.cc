// SPDX-License-Identifier: Apache-2.0
#include "postgres/control_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "codec/digest.h"

namespace cairn::postgres {
namespace {

constexpr std::size_t kChecksumOffsetOf15 = 288;

std::string sample(int major_version) {
  std::ifstream file(
      CAIRN_SOURCE_DIR "/src/postgres/testdata/pg_control_" + std::to_string(major_version),
      std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <class T>
void put(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

// The sample of version 15 with one field changed and the checksum made right again.
template <class T>
std::string changed(std::size_t offset, T value) {
  std::string bytes = sample(15);
  put(bytes, offset, value);
  codec::Crc32c checksum;
  checksum.update(std::string_view(bytes).substr(0, kChecksumOffsetOf15));
  put(bytes, kChecksumOffsetOf15, checksum.value());
  return bytes;
}

// The values come from pg_control_system(), _checkpoint() and _init() of the same clusters.
TEST(ControlFileTest, ReadsEveryRelease) {
  struct Case {
    int major_version;
    std::uint32_t control_version;
    std::uint32_t catalog_version;
    std::uint64_t system_identifier;
    std::string_view checkpoint;
    int time;
  };
  const Case cases[] = {
      {13, 1300, 202007201, 7710906678788155152, "0/1813E48", 1795335366},
      {15, 1300, 202209061, 7710906684537759582, "0/1752990", 1795335367},
      {17, 1700, 202406281, 7710906690378069906, "0/17218A0", 1795335368},
      {18, 1800, 202506291, 7710906696471541849, "0/174B250", 1795335370},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.major_version);
    const auto parsed = parse_control_file(sample(c.major_version));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    const ControlFile& file = parsed.value();
    EXPECT_EQ(file.major_version(), c.major_version);
    EXPECT_EQ(file.control_version, c.control_version);
    EXPECT_EQ(file.catalog_version, c.catalog_version);
    EXPECT_EQ(file.system_identifier, c.system_identifier);
    EXPECT_EQ(file.state, ClusterState::InProduction);
    EXPECT_EQ(file.modified.time_since_epoch().count(), c.time);
    EXPECT_EQ(file.checkpoint.text(), c.checkpoint);
    EXPECT_EQ(file.checkpoint_redo.text(), c.checkpoint);
    EXPECT_EQ(file.checkpoint_timeline, TimelineId{1});
    EXPECT_EQ(file.checkpoint_previous_timeline, TimelineId{1});
    EXPECT_EQ(file.checkpoint_time.time_since_epoch().count(), c.time);
    EXPECT_FALSE(file.minimum_recovery_point.is_valid());
    EXPECT_FALSE(file.minimum_recovery_timeline.is_valid());
    EXPECT_FALSE(file.backup_start_point.is_valid());
    EXPECT_FALSE(file.backup_end_point.is_valid());
    EXPECT_FALSE(file.is_backup_end_required);
    EXPECT_EQ(file.page_bytes, 8192U);
    EXPECT_EQ(file.relation_segment_pages, 131072U);
    EXPECT_EQ(file.wal_page_bytes, 8192U);
    EXPECT_EQ(file.wal_segment_size, WalSegmentSize::standard());
    EXPECT_TRUE(file.has_data_checksums());
  }
}

TEST(ControlFileTest, FindsWhatABackupAndARecoveryLeave) {
  EXPECT_EQ(parse_control_file(changed<std::uint32_t>(16, 5)).value().state,
            ClusterState::InArchiveRecovery);
  EXPECT_EQ(parse_control_file(changed<std::uint64_t>(136, 77)).value().minimum_recovery_point,
            Lsn{77});
  EXPECT_EQ(parse_control_file(changed<std::uint32_t>(144, 7)).value().minimum_recovery_timeline,
            TimelineId{7});
  EXPECT_EQ(parse_control_file(changed<std::uint64_t>(152, 78)).value().backup_start_point,
            Lsn{78});
  EXPECT_EQ(parse_control_file(changed<std::uint64_t>(160, 79)).value().backup_end_point, Lsn{79});
  EXPECT_TRUE(parse_control_file(changed<std::uint8_t>(168, 1)).value().is_backup_end_required);
  EXPECT_FALSE(parse_control_file(changed<std::uint32_t>(252, 0)).value().has_data_checksums());
  EXPECT_EQ(parse_control_file(changed<std::uint32_t>(228, 1U << 20)).value().wal_segment_size,
            WalSegmentSize::of(1U << 20).value());
  EXPECT_EQ(parse_control_file(changed<std::uint32_t>(12, 202209060)).value().major_version(),
            std::nullopt);  // A development version.
}

TEST(ControlFileTest, EveryByteThatCountsIsUnderTheChecksum) {
  const std::string whole = sample(18);
  for (std::size_t i = 0; i < 296; ++i) {
    SCOPED_TRACE(i);
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x20);
    EXPECT_FALSE(parse_control_file(bytes).ok());
  }
}

TEST(ControlFileTest, RefusesWhatNoClusterHas) {
  struct Case {
    std::string bytes;
    ErrorCode code;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"", ErrorCode::Corrupt, "0 bytes long"},
      {sample(15).substr(0, 511), ErrorCode::Corrupt, "511 bytes long"},
      {std::string(8192, '\0'), ErrorCode::Corrupt, "version 0"},
      {changed<std::uint32_t>(8, 1201), ErrorCode::InvalidArgument, "not PostgreSQL 13 to 18"},
      {changed<std::uint32_t>(8, 1900), ErrorCode::InvalidArgument, "not PostgreSQL 13 to 18"},
      {changed<std::uint32_t>(8, 0x14050000), ErrorCode::Corrupt, "is damaged"},
      {changed<std::uint32_t>(16, 7), ErrorCode::Corrupt, "state 7"},
      {changed<std::uint32_t>(204, 4), ErrorCode::Corrupt, "alignment is 4"},
      {changed<double>(208, 1.5), ErrorCode::Corrupt, "floating-point"},
      {changed<std::uint32_t>(216, 8000), ErrorCode::Corrupt, "page size is 8000"},
      {changed<std::uint32_t>(216, 65536), ErrorCode::Corrupt, "page size is 65536"},
      {changed<std::uint32_t>(220, 0), ErrorCode::Corrupt, "0 pages"},
      {changed<std::uint32_t>(224, 512), ErrorCode::Corrupt, "WAL page size is 512"},
      {changed<std::uint32_t>(228, 12345), ErrorCode::Corrupt, "12345 bytes"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.complaint);
    const auto parsed = parse_control_file(c.bytes);
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code(), c.code);
    EXPECT_NE(parsed.error().message().find(c.complaint), std::string::npos)
        << parsed.error().message();
  }
}

TEST(ControlFileTest, NamesTheDirectoryInTablespaces) {
  EXPECT_EQ(tablespace_version_directory(15, 202209061), "PG_15_202209061");
  EXPECT_EQ(cluster_state_name(ClusterState::InProduction), "in production");
}

}  // namespace
}  // namespace cairn::postgres
