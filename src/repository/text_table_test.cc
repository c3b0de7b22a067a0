// SPDX-License-Identifier: Apache-2.0
#include "repository/text_table.h"

#include <gtest/gtest.h>

namespace cairn::repository {
namespace {

TEST(TextTableTest, PadsAllButTheLastColumnOfAPlainTable) {
  EXPECT_EQ(format_plain_table({.header = {"a", "b"}, .rows = {{"größer", "x"}, {"", "yyy"}}}),
            "a      b\n"
            "größer x\n"
            "       yyy\n");
}

TEST(TextTableTest, RulesAndAlignsAPrettyTable) {
  EXPECT_EQ(format_ruled_table({.header = {"#", "Name", "n"},
                                .rows = {{"0", "ä", "7"}, {"10", "long", "123"}},
                                .right_aligned = {0, 2}}),
            "+----+------+-----+\n"
            "|  # | NAME |   N |\n"
            "+----+------+-----+\n"
            "|  0 | ä    |   7 |\n"
            "| 10 | long | 123 |\n"
            "+----+------+-----+\n");
}

TEST(TextTableTest, ShowsAnEmptyTableAsWalGDoes) {
  EXPECT_EQ(format_ruled_table({.header = {"a"}}), "+---+\n| A |\n+---+\n+---+\n");
}

TEST(TextTableTest, ShowsControlCharactersAsQuestionMarks) {
  EXPECT_EQ(format_plain_table({.header = {"a"}, .rows = {{"x\ny\tz\x1b"}}}), "a\nx?y?z?\n");
}

}  // namespace
}  // namespace cairn::repository
