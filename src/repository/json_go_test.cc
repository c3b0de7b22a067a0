// SPDX-License-Identifier: Apache-2.0
#include "repository/json_go.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"

namespace cairn::repository {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

JsonValue parsed(std::string_view text) {
  return JsonValue::parse(text, {}).value();
}

TEST(JsonWriterTest, EscapesStringsAsGoDoes) {
  struct Case {
    std::string_view text;
    std::string_view expected;
  };
  const Case cases[] = {
      {"a<b & c>d", R"("a\u003cb \u0026 c\u003ed")"},
      {"\"\\\n\r\t\b\f\x01\x7f", "\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\x7f\""},
      {"Größe 表 \xf0\x9f\x98\x80", "\"Größe 表 \xf0\x9f\x98\x80\""},
      {"\xe2\x80\xa8\xe2\x80\xa9", R"("\u2028\u2029")"},
      // Not UTF-8: a stray byte, an overlong form, a surrogate, a cut sequence.
      {"\xff", R"("\ufffd")"},
      {"\xc0\xaf", R"("\ufffd\ufffd")"},
      {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},
      {"\xe2\x80", R"("\ufffd\ufffd")"},
      {"\xf4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.expected);
    EXPECT_EQ(quoted(c.text), c.expected);
  }
}

TEST(JsonWriterTest, WritesCompactAndIndented) {
  const auto write = [](int indent) {
    JsonWriter json(indent);
    json.begin_object().key("a").number(1).key("b").begin_array().string("x").null().end_array();
    json.key("c").begin_object().end_object().key("d").begin_array().end_array();
    json.key("e").raw(R"({"y":[true],"x":2})").end_object();
    return json.take();
  };
  EXPECT_EQ(write(0), R"({"a":1,"b":["x",null],"c":{},"d":[],"e":{"y":[true],"x":2}})");
  EXPECT_EQ(write(4), R"({
    "a": 1,
    "b": [
        "x",
        null
    ],
    "c": {},
    "d": [],
    "e": {
        "x": 2,
        "y": [
            true
        ]
    }
})");
}

TEST(JsonValueTest, WritesNumbersAndMembersAsGoDoes) {
  struct Case {
    std::string_view text;
    std::string_view expected;
  };
  const Case cases[] = {
      {R"({"b":1,"a":{"d":null,"c":[2,1]}})", R"({"a":{"c":[2,1],"d":null},"b":1})"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"1.0", "1"},
      {"1.50", "1.5"},
      {"1e3", "1000"},
      {"1e21", "1e+21"},
      {"1e20", "100000000000000000000"},
      {"0.0000001", "1e-7"},
      {"0.000001", "0.000001"},
      {"-0.0", "0"},
      {R"("a<b")", R"("a\u003cb")"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(parsed(c.text).to_go_json(), c.expected);
  }
}

TEST(JsonValueTest, FindsMembersInAnyCaseAndTheLastOfEqualOnes) {
  const JsonValue value = parsed(R"({"LSN":1,"lsn":2,"Lsn":3,"other":{"lsn":4}})");
  ASSERT_NE(value.find("lSn"), nullptr);
  EXPECT_EQ(value.find("lSn")->text(), "3");
  EXPECT_EQ(value.find("nothing"), nullptr);
  EXPECT_EQ(parsed("[1]").find("a"), nullptr);
}

TEST(JsonValueTest, RefusesWhatIsNotJsonOrTooMuch) {
  for (const std::string_view text : {"", "{", "{}x", "{\"a\":}", "\"\xff\"", "1e999", "nul"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(tests::outcome(JsonValue::parse(text, {})), "Corrupt");
  }
  EXPECT_EQ(tests::outcome(JsonValue::parse(std::string(33, '[') + std::string(33, ']'), {})),
            "Corrupt");
  EXPECT_OK(JsonValue::parse(std::string(32, '[') + std::string(32, ']'), {}));
  EXPECT_EQ(tests::outcome(JsonValue::parse("[1,2,3]", {.value_count_max = 3})), "Corrupt");
  EXPECT_OK(JsonValue::parse("[1,2,3]", {.value_count_max = 4}));
}

TEST(JsonValueTest, SkipsWhatIsHugeButSaysThatItWasThere) {
  JsonLimits limits{.value_count_max = 5, .skipped_keys = {"Files"}};
  const auto value = JsonValue::parse(
      R"({"files":{"a":{"b":[1,2,3,4,5,6]},"c":1},"x":{"Files":7},"y":"z"})", limits);
  ASSERT_OK(value);
  ASSERT_NE(value.value().find("Files"), nullptr);
  EXPECT_TRUE(value.value().find("Files")->is_null());
  // Only at the top.
  EXPECT_EQ(value.value().find("x")->find("Files")->text(), "7");
  EXPECT_EQ(value.value().find("y")->text(), "z");
  const auto scalar = JsonValue::parse(R"({"Files":"text","y":[1]})", limits);
  ASSERT_OK(scalar);
  EXPECT_TRUE(scalar.value().find("Files")->is_null());
}

TEST(JsonReaderTest, ReadsNumbersExactlyAndNamesWhatIsWrong) {
  const JsonValue value = parsed(R"({"max":18446744073709551615,"low":-5,"real":1.5,"text":"x",)"
                                 R"("time":"2026-08-20T10:00:05.1Z",)"
                                 R"("far":"0000-01-01T00:00:00+05:00","none":null,"yes":true})");
  const JsonReader reader(value, "record r");
  EXPECT_EQ(reader.find_u64("max").value(), 18446744073709551615U);
  EXPECT_EQ(reader.find_i64("low").value(), -5);
  EXPECT_EQ(reader.find_int("low").value(), -5);
  EXPECT_EQ(reader.find_bool("yes").value(), true);
  EXPECT_EQ(reader.find_string("text").value(), "x");
  EXPECT_TRUE(reader.find_time("time").value().has_value());
  EXPECT_EQ(reader.find_u64("none").value(), std::nullopt);
  EXPECT_EQ(reader.find_u64("absent").value(), std::nullopt);
  EXPECT_EQ(tests::outcome(reader.find_u64("low")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_i64("max")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_int("max")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_u64("real")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_bool("text")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_string("low")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_time("text")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_time("low")), "Corrupt");
  EXPECT_EQ(tests::outcome(reader.find_time("far")), "Corrupt");
  const std::string message = reader.find_u64("text").error().message();
  EXPECT_EQ(message,
            "record r: text should be a whole number from 0 to 2^64-1 and is a string (x)");
}

}  // namespace
}  // namespace cairn::repository
