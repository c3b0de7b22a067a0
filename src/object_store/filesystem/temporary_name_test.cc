// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/temporary_name.h"

#include <gtest/gtest.h>

namespace cairn::object_store {
namespace {

const WallTime kTime = parse_rfc3339("2026-08-20T10:01:05.999Z").value();

TEST(TemporaryNameTest, HasTheFormOfWalG) {
  SeededRandom random(1);
  const std::string name = make_temporary_name("base_1_backup_stop_sentinel.json", kTime, random);
  EXPECT_EQ(name.substr(0, 54), "base_1_backup_stop_sentinel.json.tmp.20260820T100105Z-");
  EXPECT_EQ(name.size(), 70U);
  EXPECT_EQ(temporary_name_time(name), parse_rfc3339("2026-08-20T10:01:05Z").value());
  EXPECT_NE(make_temporary_name("base_1_backup_stop_sentinel.json", kTime, random), name);
}

TEST(TemporaryNameTest, FitsBesideTheLongestName) {
  SeededRandom random(1);
  const std::string name = make_temporary_name(std::string(255, 'x'), kTime, random);
  EXPECT_EQ(name.size(), 255U);
  EXPECT_TRUE(is_temporary_name(name));
}

TEST(TemporaryNameTest, OnlyItsFormCounts) {
  struct Case {
    std::string_view name;
    bool expected;
  };
  const Case cases[] = {
      {"a.lz4.tmp.20260820T100105Z-0123456789abcdef", true},
      {"a.tmp.19700101T000000Z-0000000000000000", true},
      {".tmp.20260820T100105Z-0123456789abcdef", false},  // No final name before it.
      {"a.tmp", false},
      {"a.tmp.20260820T100105Z-0123456789ABCDEF", false},
      {"a.tmp.20260820T100105Z-0123456789abcde", false},
      {"a.tmp.20260820T100105Z-0123456789abcdef0", false},
      {"a.tmp.20261320T100105Z-0123456789abcdef", false},  // There is no 13th month.
      {"a.tmp.2026082xT100105Z-0123456789abcdef", false},
      {"a.tmp.20260820T100105Z-0123456789abcdef.lz4", false},
      {"", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(is_temporary_name(c.name), c.expected);
  }
}

}  // namespace
}  // namespace cairn::object_store
