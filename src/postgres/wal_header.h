// SPDX-License-Identifier: Apache-2.0
// The header of the first page of a WAL segment, and what it says about the file.
//
// A segment is judged before it enters the archive, because a wrong file under a right name is
// found out only at the restore.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "postgres/lsn.h"
#include "postgres/wal_segment.h"

namespace cairn::postgres {

// The bytes at the beginning of a segment that parse_wal_header() needs.
inline constexpr std::size_t kWalHeaderBytes = 40;

struct WalHeader {
  int major_version = 0;
  TimelineId timeline = {};
  Lsn page_address = {};
  std::uint64_t system_identifier = 0;
  WalSegmentSize segment_size = WalSegmentSize::standard();
  std::uint32_t page_bytes = 0;
};

// Corrupt when these are not the first bytes of a segment of PostgreSQL 13 to 18.
Result<WalHeader> parse_wal_header(std::string_view bytes);

struct WalFileFacts {
  std::string_view name = {};         // "000000010000000000000001", ".partial" allowed
  std::uint64_t size_bytes = 0;       // of the file
  std::string_view first_bytes = {};  // at least kWalHeaderBytes unless the file is shorter
};

// Checks that the file is the segment that its name says, whole, and of the expected cluster.
// Corrupt names what is wrong with the file; InvalidArgument: the name is not that of a segment, or
// this is a whole segment of another cluster.
//
// The timeline in the header may be older than the one in the name: a promotion copies the segment
// in which it happens, and the copy keeps the header of its parent.
Result<WalHeader> check_wal_segment(const WalFileFacts& file,
                                    std::optional<std::uint64_t> system_identifier);

}  // namespace cairn::postgres
