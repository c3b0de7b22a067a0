// SPDX-License-Identifier: Apache-2.0
// JSON as Go's encoding/json writes and reads it, because WAL-G does.
//
// Writing: compact, keys in the order given, and inside strings '<', '>', '&', U+2028 and U+2029
// escaped. Reading: keys match in any case, the last of equal keys counts, unknown keys are
// ignored, and 64-bit integers are exact.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cairn::repository {

// What Go writes for a time that was never set: 0001-01-01T00:00:00Z.
inline constexpr WallTime kGoZeroTime{
    std::chrono::sys_days{std::chrono::year{1} / std::chrono::January / 1}};

// Builds one JSON text. Calls must nest properly; a wrong nesting asserts.
class JsonWriter {
 public:
  // With an indent, one value per line, as Go's SetIndent("", "    ") prints it.
  explicit JsonWriter(int indent = 0) : indent_(indent) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::int64_t value);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& number(int value) { return number(std::int64_t{value}); }
  JsonWriter& number(std::uint32_t value) { return number(std::uint64_t{value}); }
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& time(WallTime value) { return string(format_rfc3339(value)); }
  // Text that is JSON already; re-indented when this writer indents.
  JsonWriter& raw(std::string_view json);

  // A number as text.
  JsonWriter& literal(std::string_view number);

  std::string take() { return std::move(text_); }

 private:
  void before_value();
  void end(char bracket);
  void new_line();

  int indent_;
  std::string text_;
  std::vector<bool> has_values_;  // one per open bracket
  bool is_after_key_ = false;
};

// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

struct JsonLimits {
  std::size_t depth_max = 32;
  std::size_t value_count_max = 1'000'000;
  // Top-level keys (in any case) whose values are skipped and read as null: what may be huge.
  std::vector<std::string> skipped_keys = {};
};

// A parsed JSON value. Immutable.
class JsonValue {
 public:
  enum class Kind { Null, Bool, Number, String, Array, Object };
  using Member = std::pair<std::string, JsonValue>;

  // Corrupt, with the position, if the text is not JSON or exceeds a limit.
  static Result<JsonValue> parse(std::string_view text, const JsonLimits& limits);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::Null; }
  bool as_bool() const { return (ASSERT(kind_ == Kind::Bool), bool_); }
  // A string's text, or a number as it was written.
  const std::string& text() const { return text_; }
  const std::vector<JsonValue>& items() const { return items_; }
  // In the order of the text.
  const std::vector<Member>& members() const { return members_; }
  // The last member of this name in any case; nullptr if none or if this is no object.
  const JsonValue* find(std::string_view name) const;

  // The value in Go's dialect: members sorted by name, numbers as a Go float64 or int prints them.
  std::string to_go_json() const;
  void write_to(JsonWriter& writer) const;

 private:
  friend class JsonBuilder;
  Kind kind_ = Kind::Null;
  bool bool_ = false;
  std::string text_;
  std::vector<JsonValue> items_;
  std::vector<Member> members_;
};

// Typed reading of an object's members. An absent or null member leaves the default; a member of a
// wrong type or out of range is Corrupt and named.
class JsonReader {
 public:
  // `what` names the object in errors: "sentinel of base_…".
  JsonReader(const JsonValue& object, std::string_view what) : object_(object), what_(what) {}

  Result<std::optional<std::uint64_t>> find_u64(std::string_view name) const;
  Result<std::optional<std::int64_t>> find_i64(std::string_view name) const;
  Result<std::optional<int>> find_int(std::string_view name) const;
  Result<std::optional<bool>> find_bool(std::string_view name) const;
  Result<std::optional<std::string>> find_string(std::string_view name) const;
  Result<std::optional<WallTime>> find_time(std::string_view name) const;

 private:
  const JsonValue* find(std::string_view name) const;
  Error wrong(std::string_view name, std::string_view expected, const JsonValue& found) const;

  const JsonValue& object_;
  std::string_view what_;
};

}  // namespace cairn::repository
