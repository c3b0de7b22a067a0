// SPDX-License-Identifier: Apache-2.0
#include "postgres/wal_header.h"

#include <array>
#include <bit>
#include <string>

#include "postgres/little_endian.h"
#include "postgres/server_version.h"
#include "postgres/wal_file_name.h"

namespace cairn::postgres {
namespace {

// struct XLogLongPageHeaderData, src/include/access/xlog_internal.h.
constexpr std::size_t kMagicOffset = 0;
constexpr std::size_t kFlagsOffset = 2;
constexpr std::size_t kTimelineOffset = 4;
constexpr std::size_t kPageAddressOffset = 8;
constexpr std::size_t kSystemIdentifierOffset = 24;
constexpr std::size_t kSegmentSizeOffset = 32;
constexpr std::size_t kPageSizeOffset = 36;

constexpr std::uint16_t kLongHeaderFlag = 0x0002;
constexpr std::uint16_t kKnownFlags = 0x000f;

struct Magic {
  std::uint16_t value;
  int major_version;
};

// XLOG_PAGE_MAGIC of each release.
constexpr std::array<Magic, 6> kMagics = {
    {{0xD106, 13}, {0xD10D, 14}, {0xD110, 15}, {0xD113, 16}, {0xD116, 17}, {0xD118, 18}}};

std::optional<int> version_of_magic(std::uint16_t value) {
  for (const Magic& magic : kMagics) {
    if (magic.value == value) return magic.major_version;
  }
  return {};
}

// The segment that the name says; a partial one has the name of the whole.
Result<WalSegment> named_segment(std::string_view name, WalSegmentSize size) {
  const auto segment = parse_wal_segment(classify_wal_file(name).segment, size);
  if (!segment) {
    return corrupt("{}: no segment of {} bytes can have this name", name, size.bytes());
  }
  return *segment;
}

}  // namespace

Result<WalHeader> parse_wal_header(std::string_view bytes) {
  if (bytes.size() < kWalHeaderBytes) {
    return corrupt("{} bytes are too few for a WAL segment", bytes.size());
  }
  const auto magic = load<std::uint16_t>(bytes, kMagicOffset);
  const auto version = version_of_magic(magic);
  if (!version) {
    return corrupt("not WAL of PostgreSQL {} to {}: the magic number is {:04X}", kMajorVersionMin,
                   kMajorVersionMax, magic);
  }
  const auto flags = load<std::uint16_t>(bytes, kFlagsOffset);
  if ((flags & kLongHeaderFlag) == 0 || (flags & ~kKnownFlags) != 0) {
    return corrupt("the first page has flags {:04X}: not the first page of a segment", flags);
  }
  const auto size = WalSegmentSize::of(load<std::uint32_t>(bytes, kSegmentSizeOffset));
  if (!size.ok()) return corrupt("the header says: {}", size.error().message());
  WalHeader header;
  header.major_version = *version;
  header.timeline = {load<std::uint32_t>(bytes, kTimelineOffset)};
  header.page_address = {load<std::uint64_t>(bytes, kPageAddressOffset)};
  header.system_identifier = load<std::uint64_t>(bytes, kSystemIdentifierOffset);
  header.segment_size = size.value();
  header.page_bytes = load<std::uint32_t>(bytes, kPageSizeOffset);
  if (!std::has_single_bit(header.page_bytes) || header.page_bytes > header.segment_size.bytes()) {
    return corrupt("the header says that WAL pages have {} bytes", header.page_bytes);
  }
  return header;
}

Result<WalHeader> check_wal_segment(const WalFileFacts& file,
                                    std::optional<std::uint64_t> system_identifier) {
  const WalFileKind kind = classify_wal_file(file.name).kind;
  if (kind != WalFileKind::Segment && kind != WalFileKind::Partial) {
    return invalid_argument("{} is not the name of a WAL segment", file.name);
  }
  const WalHeader header = TRY(parse_wal_header(file.first_bytes).context(file.name));
  const WalSegment segment = TRY(named_segment(file.name, header.segment_size));
  if (file.size_bytes != header.segment_size.bytes()) {
    return corrupt("{} is {} bytes long, but segments of this cluster have {}", file.name,
                   file.size_bytes, header.segment_size.bytes());
  }
  if (!header.timeline.is_valid() || header.timeline > segment.timeline) {
    return corrupt("{} holds WAL of timeline {}", file.name, header.timeline.value);
  }
  if (header.page_address != segment.start_lsn(header.segment_size)) {
    return corrupt("{} holds WAL from {} instead of {}", file.name, header.page_address.text(),
                   segment.start_lsn(header.segment_size).text());
  }
  if (system_identifier && header.system_identifier != *system_identifier) {
    return invalid_argument("{} belongs to the cluster with system identifier {}, not to {}",
                            file.name, header.system_identifier, *system_identifier);
  }
  return header;
}

}  // namespace cairn::postgres
