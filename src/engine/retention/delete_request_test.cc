// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/delete_request.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/expect_ok.h"

namespace cairn::engine {
namespace {

const WallTime kNow = parse_rfc3339("2026-08-20T10:00:00Z").value();

Result<DeleteRequest> parse(std::string_view verb, const std::vector<std::string>& words,
                            const DeleteFlags& flags = {}) {
  return parse_delete_request(verb, words, flags, kNow);
}

TEST(DeleteRequestTest, UnderstandsEveryForm) {
  const DeleteRequest before = parse("before", {"base_0123"}).value();
  EXPECT_EQ(before.verb, DeleteVerb::Before);
  EXPECT_EQ(before.modifier, DeleteModifier::None);
  EXPECT_EQ(before.before.name, "base_0123");
  EXPECT_EQ(before.before.time, std::nullopt);

  const DeleteRequest time = parse("before", {"FIND_FULL", "2026-08-20T11:30:00+02:00"}).value();
  EXPECT_EQ(time.modifier, DeleteModifier::FindFull);
  EXPECT_EQ(time.before.time, parse_rfc3339("2026-08-20T09:30:00Z").value());

  const DeleteRequest retain =
      parse("retain", {"FULL", "5"}, {.after = "base_7", .uses_sentinel_time = true}).value();
  EXPECT_EQ(retain.verb, DeleteVerb::Retain);
  EXPECT_EQ(retain.modifier, DeleteModifier::Full);
  EXPECT_EQ(retain.retain_count, 5);
  EXPECT_EQ(retain.after->name, "base_7");
  EXPECT_TRUE(retain.uses_sentinel_time);

  EXPECT_EQ(parse("target", {"FIND_FULL", "base_1"}).value().target_name, "base_1");
  EXPECT_EQ(parse("target", {}, {.target_user_data = "{\"b\":1,\"a\":2}"}).value().target_user_data,
            "{\"a\":2,\"b\":1}");
  EXPECT_FALSE(parse("everything", {}).value().is_forced);
  EXPECT_TRUE(parse("everything", {"FORCE"}).value().is_forced);
  EXPECT_EQ(parse("garbage", {}).value().scope, GarbageScope::All);
  EXPECT_EQ(parse("garbage", {"ARCHIVES"}).value().scope, GarbageScope::Archives);
  const DeleteRequest garbage = parse("garbage", {"BACKUPS"}, {.skips_backup_check = true}).value();
  EXPECT_EQ(garbage.scope, GarbageScope::Backups);
  EXPECT_TRUE(garbage.skips_backup_check);
}

TEST(DeleteRequestTest, RefusesWhatItCannotMean) {
  struct Case {
    std::string_view verb;
    std::vector<std::string> words;
    DeleteFlags flags;
    std::string_view message;
  };
  const Case cases[] = {
      {"before", {}, {}, "usage"},
      {"before", {"FULL", "base_1"}, {}, "usage"},
      {"before", {"a", "b"}, {}, "usage"},
      {"before", {""}, {}, "empty"},
      {"before", {"2030-01-01T00:00:00Z"}, {}, "cannot delete before future date"},
      // Without a zone it is nobody's time, and as a name it would only be "not found".
      {"before", {"2026-01-01T00:00:00"}, {}, "with a zone"},
      {"retain", {}, {}, "usage"},
      {"retain", {"x"}, {}, "expected a number"},
      {"retain", {"5x"}, {}, "expected a number"},
      {"retain", {"0"}, {}, "cannot retain less than one backup"},
      {"retain", {"-1"}, {}, "cannot retain less than one backup"},
      {"retain", {"99999999999"}, {}, "expected a number"},
      {"retain", {"5"}, {.after = "2030-01-01T00:00:00Z"}, "future"},
      {"target", {}, {}, "usage"},
      {"target", {"FULL", "a"}, {}, "usage"},
      {"target", {"a"}, {.target_user_data = "1"}, "usage"},
      {"target", {}, {.target_user_data = "not json"}, "not JSON"},
      {"target", {}, {.target_user_data = "null"}, "null"},
      {"everything", {"NOW"}, {}, "usage"},
      {"everything", {"FORCE", "FORCE"}, {}, "usage"},
      {"garbage", {"ALL"}, {}, "usage"},
      {"garbage", {"ARCHIVES", "BACKUPS"}, {}, "usage"},
      {"all", {}, {}, "unknown"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.verb) + " " + (c.words.empty() ? "" : c.words[0]));
    const auto request = parse(c.verb, c.words, c.flags);
    ASSERT_EQ(tests::outcome(request), "InvalidArgument");
    EXPECT_NE(request.error().message().find(c.message), std::string::npos)
        << request.error().message();
  }
}

}  // namespace
}  // namespace cairn::engine
