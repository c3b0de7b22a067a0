// SPDX-License-Identifier: Apache-2.0
#include "app/progress.h"

#include <gtest/gtest.h>

namespace cairn::app {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST(ProgressLineTest, SaysWhatIsKnown) {
  struct Case {
    ProgressFacts facts;
    std::string_view line;
  };
  constexpr std::uint64_t kMebibyte = 1 << 20;
  const Case cases[] = {
      {{.phase = "wait for WAL"}, "wait for WAL"},
      {{.phase = "copy", .done_bytes = 512, .elapsed = 100ms}, "copy  512 B"},
      {{.phase = "copy", .done_bytes = 30 * kMebibyte, .elapsed = 2s},
       "copy  30.0 MiB  15.0 MiB/s"},
      {{.phase = "copy",
        .done_bytes = 30 * kMebibyte,
        .total_bytes = 120 * kMebibyte,
        .elapsed = 2s},
       "copy  30.0 MiB of 120.0 MiB (25 %)  15.0 MiB/s  6s left"},
      // A database that grew while it was copied.
      {{.phase = "copy", .done_bytes = 3 * kMebibyte, .total_bytes = kMebibyte, .elapsed = 1s},
       "copy  3.0 MiB of 1.0 MiB (100 %)  3.0 MiB/s"},
  };
  for (const Case& c : cases) EXPECT_EQ(progress_line(c.facts), c.line);
}

TEST(ProgressLineTest, FormatsNumbersForPeople) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(3ULL << 40), "3.0 TiB");
  EXPECT_EQ(format_bytes(5000ULL << 40), "5000.0 TiB");
  EXPECT_EQ(format_seconds(59s), "59s");
  EXPECT_EQ(format_seconds(725s), "12m05s");
  EXPECT_EQ(format_seconds(12000s), "3h20m");
}

}  // namespace
}  // namespace cairn::app
