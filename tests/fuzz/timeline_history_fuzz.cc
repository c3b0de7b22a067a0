// SPDX-License-Identifier: Apache-2.0
// Any bytes as the history of timeline 3; what parses is spelled so that it parses again.
#include "postgres/timeline_history.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  const cairn::postgres::TimelineId timeline{3};
  const auto history = cairn::postgres::TimelineHistory::parse(timeline, input);
  if (!history.ok()) return;
  ASSERT(cairn::postgres::TimelineHistory::parse(timeline, history.value().text()).ok());
}
