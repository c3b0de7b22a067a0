// SPDX-License-Identifier: Apache-2.0
// Files that PostgreSQL wrote, as a damaged cluster or store hands them over.
#include "postgres/backup_label.h"
#include "postgres/control_file.h"
#include "postgres/timeline_history.h"
#include "postgres/wal_header.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  (void)cairn::postgres::parse_control_file(input);
  (void)cairn::postgres::parse_wal_header(input);
  (void)cairn::postgres::parse_backup_label(input);
  (void)cairn::postgres::parse_tablespace_map(input);
  (void)cairn::postgres::TimelineHistory::parse(cairn::postgres::TimelineId{3}, input);
  (void)cairn::postgres::check_wal_segment(
      {.name = "000000010000000000000001", .size_bytes = 16 << 20, .first_bytes = input}, {});
}
