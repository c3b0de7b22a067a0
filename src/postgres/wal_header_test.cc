// SPDX-License-Identifier: Apache-2.0
#include "postgres/wal_header.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "codec/digest.h"

namespace cairn::postgres {
namespace {

constexpr std::uint64_t kSystemIdentifier = 7710906684537759582;
constexpr std::uint64_t kSegmentBytes = 16U << 20;

// The beginning of a segment that PostgreSQL 15 wrote.
std::string sample() {
  return codec::from_hex(
             "10d1020001000000000000010000000000000000000000005ee70e84c6a4026b0000000100200000")
      .value();
}

template <class T>
std::string changed(std::size_t offset, T value) {
  std::string bytes = sample();
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
  return bytes;
}

TEST(WalHeaderTest, ReadsEveryRelease) {
  struct Case {
    std::uint16_t magic;
    int major_version;
  };
  const Case cases[] = {{0xD106, 13}, {0xD10D, 14}, {0xD110, 15},
                        {0xD113, 16}, {0xD116, 17}, {0xD118, 18}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.major_version);
    const auto header = parse_wal_header(changed(0, c.magic));
    ASSERT_TRUE(header.ok()) << header.error().message();
    EXPECT_EQ(header.value().major_version, c.major_version);
    EXPECT_EQ(header.value().timeline, TimelineId{1});
    EXPECT_EQ(header.value().page_address, Lsn{0x1000000});
    EXPECT_EQ(header.value().system_identifier, kSystemIdentifier);
    EXPECT_EQ(header.value().segment_size, WalSegmentSize::standard());
    EXPECT_EQ(header.value().page_bytes, 8192U);
  }
}

TEST(WalHeaderTest, RefusesWhatIsNoHeader) {
  struct Case {
    std::string bytes;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"", "0 bytes"},
      {sample().substr(0, 39), "39 bytes"},
      {std::string(8192, '\0'), "magic number is 0000"},
      {changed<std::uint16_t>(0, 0xD101), "magic number is D101"},  // PostgreSQL 12
      {changed<std::uint16_t>(2, 0), "not the first page"},
      {changed<std::uint16_t>(2, 0x0012), "not the first page"},
      {changed<std::uint32_t>(32, 16), "16 bytes"},
      {changed<std::uint32_t>(36, 0), "pages have 0 bytes"},
      {changed<std::uint32_t>(36, 1U << 30), "pages have"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.complaint);
    const auto header = parse_wal_header(c.bytes);
    ASSERT_FALSE(header.ok());
    EXPECT_EQ(header.error().code(), ErrorCode::Corrupt);
    EXPECT_NE(header.error().message().find(c.complaint), std::string::npos)
        << header.error().message();
  }
}

TEST(WalHeaderTest, ASegmentIsWhatItsNameSays) {
  constexpr std::string_view kName = "000000010000000000000001";
  constexpr auto kOk = std::string_view();
  struct Case {
    std::string_view name;
    std::uint64_t size;
    std::string bytes;
    ErrorCode code;
    std::string_view complaint;  // none: the segment is good
  };
  constexpr auto kCorrupt = ErrorCode::Corrupt;
  constexpr auto kInvalid = ErrorCode::InvalidArgument;
  const Case cases[] = {
      {kName, kSegmentBytes, sample(), kCorrupt, kOk},
      {"000000010000000000000001.partial", kSegmentBytes, sample(), kCorrupt, kOk},
      // After a promotion, the first segment begins with what the parent wrote.
      {"000000020000000000000001", kSegmentBytes, sample(), kCorrupt, kOk},
      {kName, kSegmentBytes, changed<std::uint16_t>(2, 0x000f), kCorrupt, kOk},
      {"00000002.history", 100, "1\t0/1\tx\n", kInvalid, "not the name of a WAL segment"},
      {"postgresql.conf", kSegmentBytes, sample(), kInvalid, "not the name of a WAL segment"},
      {kName, 0, "", kCorrupt, "0 bytes"},
      {kName, kSegmentBytes - 8192, sample(), kCorrupt, "16769024 bytes long"},
      {kName, kSegmentBytes + 1, sample(), kCorrupt, "16777217 bytes long"},
      {kName, kSegmentBytes, changed<std::uint32_t>(4, 2), kCorrupt, "timeline 2"},
      {kName, kSegmentBytes, changed<std::uint32_t>(4, 0), kCorrupt, "timeline 0"},
      {"000000010000000000000002", kSegmentBytes, sample(), kCorrupt,
       "from 0/1000000 instead of 0/2000000"},
      {kName, 1U << 20, changed<std::uint32_t>(32, 1U << 20), kCorrupt, "instead of 0/100000"},
      {"000000010000000000000100", kSegmentBytes, sample(), kCorrupt, "no segment of 16777216"},
      {kName, kSegmentBytes, changed<std::uint64_t>(24, 42), kInvalid, "system identifier 42"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.name) + " " + std::string(c.complaint));
    const auto checked = check_wal_segment(
        {.name = c.name, .size_bytes = c.size, .first_bytes = c.bytes}, kSystemIdentifier);
    ASSERT_EQ(checked.ok(), c.complaint.empty());
    if (checked.ok()) continue;
    EXPECT_EQ(checked.error().code(), c.code);
    EXPECT_NE(checked.error().message().find(c.complaint), std::string::npos)
        << checked.error().message();
  }
}

TEST(WalHeaderTest, WithoutAnExpectedClusterAnyWillDo) {
  EXPECT_TRUE(check_wal_segment({.name = "000000010000000000000001",
                                 .size_bytes = kSegmentBytes,
                                 .first_bytes = changed<std::uint64_t>(24, 42)},
                                std::nullopt)
                  .ok());
}

}  // namespace
}  // namespace cairn::postgres
