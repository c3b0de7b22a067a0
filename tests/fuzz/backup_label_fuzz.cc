// SPDX-License-Identifier: Apache-2.0
// Any bytes as a backup_label, a tablespace_map, a history file and a postgresql.auto.conf.
#include <cstdint>
#include <string_view>

#include "postgres/backup_label.h"
#include "postgres/recovery_settings.h"
#include "postgres/timeline_history.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  using namespace cairn::postgres;
  (void)parse_backup_label(input).ok();
  const auto map = parse_tablespace_map(input);
  if (map.ok()) {
    // What was read is written so that it reads the same.
    const auto again = parse_tablespace_map(format_tablespace_map(map.value()));
    ASSERT(again.ok() && again.value() == map.value());
  }
  const auto history = TimelineHistory::parse({1000}, input);
  if (history.ok()) {
    const auto again = TimelineHistory::parse({1000}, history.value().text());
    ASSERT(again.ok() && again.value().text() == history.value().text());
  }
  const auto settings = with_recovery_settings(input, {}, "command");
  ASSERT(settings.ok());
  ASSERT(with_recovery_settings(settings.value(), {}, "command").value() == settings.value());
  (void)parse_target_time(input).ok();
}
