// SPDX-License-Identifier: Apache-2.0
// Data pages and the checksum that PostgreSQL keeps in them.
//
// Pages are judged while they are copied, so the checksum is written for speed: 32 independent
// lanes that the compiler turns into vector instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "postgres/lsn.h"

namespace cairn::postgres {

// The page size of every ordinary build. A cluster with another one is copied without being judged.
inline constexpr std::size_t kPageBytes = 8192;

enum class PageVerdict {
  Good,
  New,          // all zero: allocated, not yet written
  Changed,      // does not match, but was written after the backup started: WAL replay repairs it
  BadHeader,    // the checksum may match, but no server would accept the page
  BadChecksum,  // what was read is not what was written
};

std::string_view page_verdict_name(PageVerdict verdict);
inline bool is_bad(PageVerdict verdict) {
  return verdict == PageVerdict::BadHeader || verdict == PageVerdict::BadChecksum;
}

// The checksum that belongs into a page of kPageBytes at `block` of its relation fork (counted over
// all segments). Never 0.
std::uint16_t page_checksum(std::string_view page, std::uint32_t block);

// The position of the last change; means something only if the page is otherwise good.
Lsn page_lsn(std::string_view page);

// Judges a page of kPageBytes, of a cluster that has checksums, as it was read while the server may
// have been writing it. A torn read is possible, so read a bad page again before believing it.
// `backup_start` is the LSN at which the running backup started; none if the files are at rest.
PageVerdict check_page(std::string_view page, std::uint32_t block, Lsn backup_start);

}  // namespace cairn::postgres
