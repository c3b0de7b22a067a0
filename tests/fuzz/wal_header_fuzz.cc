// SPDX-License-Identifier: Apache-2.0
// Any bytes as a WAL segment, and as its name.
#include <algorithm>
#include <string>
#include <string_view>

#include "postgres/wal_file_name.h"
#include "postgres/wal_header.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  using namespace cairn::postgres;
  const auto header = parse_wal_header(input);
  if (header.ok()) {
    // A header that makes sense describes a segment that passes under its own name.
    const WalHeader& facts = header.value();
    const WalSegment segment =
        WalSegment::of_lsn(facts.timeline, facts.page_address, facts.segment_size);
    const std::string own_name = segment.name(facts.segment_size);
    const auto checked = check_wal_segment(
        {.name = own_name, .size_bytes = facts.segment_size.bytes(), .first_bytes = input},
        facts.system_identifier);
    const bool makes_sense =
        facts.timeline.is_valid() && segment.start_lsn(facts.segment_size) == facts.page_address;
    ASSERT(checked.ok() == makes_sense);
  }
  const std::string_view name = input.substr(0, std::min<std::size_t>(input.size(), 64));
  const auto segment = parse_wal_segment(name, WalSegmentSize::standard());
  ASSERT(!segment || segment->name(WalSegmentSize::standard()) == name);
  (void)classify_wal_file(name);
}
