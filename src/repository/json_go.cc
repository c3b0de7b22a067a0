// SPDX-License-Identifier: Apache-2.0
#include "repository/json_go.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

namespace cairn::repository {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// The length of the well-formed UTF-8 sequence at the front of `text`, or 0.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool is_overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool is_surrogate = first == 0xed && byte(1) > 0x9f;
  const bool is_too_large = first == 0xf4 && byte(1) > 0x8f;
  return is_overlong || is_surrogate || is_too_large ? 0 : length;
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x20 || c == '<' || c == '>' || c == '&') {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

// A number as Go prints a float64; integers of any size stay as they were written.
std::string go_number(const std::string& text) {
  if (text.find_first_of(".eE") == text.npos) return text;
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (!std::isfinite(value)) return text;
  if (value == 0) return "0";
  const double size = std::abs(value);
  const bool has_exponent = (size < 1e-6 || size >= 1e21);
  char buffer[400];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    has_exponent ? std::chars_format::scientific : std::chars_format::fixed);
  ASSERT(error == std::errc{});
  std::string out(buffer, end);
  const std::size_t zero = out.find("e-0");
  if (zero != out.npos) out.erase(zero + 2, 1);
  return out;
}

std::string_view kind_name(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::Null:
      return "null";
    case JsonValue::Kind::Bool:
      return "a boolean";
    case JsonValue::Kind::Number:
      return "a number";
    case JsonValue::Kind::String:
      return "a string";
    case JsonValue::Kind::Array:
      return "an array";
    case JsonValue::Kind::Object:
      return "an object";
  }
  return "";
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, length);
    if (length == 1) {
      append_ascii(out, sequence[0]);
    } else if (sequence == "\xe2\x80\xa8" || sequence == "\xe2\x80\xa9") {
      out += sequence[2] == '\xa8' ? "\\u2028" : "\\u2029";
    } else {
      out += sequence;
    }
    text.remove_prefix(length);
  }
  out += '"';
}

void JsonWriter::new_line() {
  if (indent_ == 0) return;
  text_ += '\n';
  text_.append(static_cast<std::size_t>(indent_) * has_values_.size(), ' ');
}

void JsonWriter::before_value() {
  if (is_after_key_) {
    is_after_key_ = false;
    return;
  }
  if (has_values_.empty()) return;
  if (has_values_.back()) text_ += ',';
  has_values_.back() = true;
  new_line();
}

void JsonWriter::end(char bracket) {
  ASSERT(!has_values_.empty() && !is_after_key_);
  const bool had_values = has_values_.back();
  has_values_.pop_back();
  if (had_values) new_line();
  text_ += bracket;
}

JsonWriter& JsonWriter::begin_object() {
  before_value();
  text_ += '{';
  has_values_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  end('}');
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  before_value();
  text_ += '[';
  has_values_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  end(']');
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  ASSERT(!has_values_.empty() && !is_after_key_);
  before_value();
  append_json_string(text_, name);
  text_ += indent_ == 0 ? ":" : ": ";
  is_after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  before_value();
  append_json_string(text_, text);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  before_value();
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  before_value();
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  before_value();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  before_value();
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  if (indent_ != 0) {
    const Result<JsonValue> parsed = JsonValue::parse(json, {});
    if (parsed.ok()) {
      parsed.value().write_to(*this);
      return *this;
    }
  }
  return literal(json);
}

JsonWriter& JsonWriter::literal(std::string_view number) {
  before_value();
  text_ += number;
  return *this;
}

// Receives the events of the library's parser and builds the value, within the limits.
class JsonBuilder {
 public:
  using Json = nlohmann::json;

  explicit JsonBuilder(const JsonLimits& limits) : limits_(limits) {}

  bool null() { return add(JsonValue()); }
  bool boolean(bool value) {
    JsonValue made = of(JsonValue::Kind::Bool, {});
    made.bool_ = value;
    return add(std::move(made));
  }
  bool number_integer(Json::number_integer_t value) {
    return add(of(JsonValue::Kind::Number, std::to_string(value)));
  }
  bool number_unsigned(Json::number_unsigned_t value) {
    return add(of(JsonValue::Kind::Number, std::to_string(value)));
  }
  bool number_float(Json::number_float_t, const Json::string_t& text) {
    return add(of(JsonValue::Kind::Number, text));
  }
  bool string(Json::string_t& text) { return add(of(JsonValue::Kind::String, std::move(text))); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(JsonValue::Kind::Object); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(JsonValue::Kind::Array); }
  bool end_array() { return close(); }

  bool key(Json::string_t& name) {
    if (skip_depth_ > 0) return true;
    key_ = std::move(name);
    skips_next_ =
        depth_ == 1 && std::ranges::any_of(limits_.skipped_keys, [&](const auto& skipped) {
          return equal_in_any_case(skipped, key_);
        });
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_ = fmt::format("not JSON at byte {}", position);
    return false;
  }

  Result<JsonValue> take() {
    if (!error_.empty()) return corrupt("{}", error_);
    return std::move(root_);
  }

 private:
  static JsonValue of(JsonValue::Kind kind, std::string text) {
    JsonValue value;
    value.kind_ = kind;
    value.text_ = std::move(text);
    return value;
  }

  bool fail(std::string why) {
    error_ = std::move(why);
    return false;
  }

  JsonValue* place(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    JsonValue& parent = *open_.back();
    if (parent.kind_ == JsonValue::Kind::Array)
      return &parent.items_.emplace_back(std::move(value));
    return &parent.members_.emplace_back(std::move(key_), std::move(value)).second;
  }

  bool add(JsonValue value) {
    if (skip_depth_ > 0) return true;
    if (++count_ > limits_.value_count_max) {
      return fail(fmt::format("more than {} values", limits_.value_count_max));
    }
    if (skips_next_) value = JsonValue();
    skips_next_ = false;
    place(std::move(value));
    return true;
  }

  bool open(JsonValue::Kind kind) {
    if (++depth_ > limits_.depth_max) {
      return fail(fmt::format("nested deeper than {}", limits_.depth_max));
    }
    if (skip_depth_ > 0) return true;
    if (skips_next_) {
      if (!add(JsonValue())) return false;
      skip_depth_ = depth_;
      return true;
    }
    if (++count_ > limits_.value_count_max) {
      return fail(fmt::format("more than {} values", limits_.value_count_max));
    }
    // Pointers into the tree stay valid: only the innermost open value grows.
    open_.push_back(place(of(kind, {})));
    return true;
  }

  bool close() {
    if (skip_depth_ == 0) {
      open_.pop_back();
    } else if (skip_depth_ == depth_) {
      skip_depth_ = 0;
    }
    --depth_;
    return true;
  }

  const JsonLimits& limits_;
  JsonValue root_;
  std::vector<JsonValue*> open_;
  std::string key_;
  std::string error_;
  std::size_t depth_ = 0;
  std::size_t skip_depth_ = 0;  // the depth of the value being skipped, 0 if none
  std::size_t count_ = 0;
  bool skips_next_ = false;
};

Result<JsonValue> JsonValue::parse(std::string_view text, const JsonLimits& limits) {
  JsonBuilder builder(limits);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

const JsonValue* JsonValue::find(std::string_view name) const {
  for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
    if (equal_in_any_case(member->first, name)) return &member->second;
  }
  return nullptr;
}

void JsonValue::write_to(JsonWriter& writer) const {
  switch (kind_) {
    case Kind::Null:
      writer.null();
      return;
    case Kind::Bool:
      writer.boolean(bool_);
      return;
    case Kind::Number:
      writer.literal(go_number(text_));
      return;
    case Kind::String:
      writer.string(text_);
      return;
    case Kind::Array:
      writer.begin_array();
      for (const JsonValue& item : items_) item.write_to(writer);
      writer.end_array();
      return;
    case Kind::Object:
      break;
  }
  std::map<std::string_view, const JsonValue*> sorted;
  for (const auto& [name, value] : members_) sorted[name] = &value;
  writer.begin_object();
  for (const auto& [name, value] : sorted) {
    writer.key(name);
    value->write_to(writer);
  }
  writer.end_object();
}

std::string JsonValue::to_go_json() const {
  JsonWriter writer;
  write_to(writer);
  return writer.take();
}

const JsonValue* JsonReader::find(std::string_view name) const {
  const JsonValue* value = object_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Error JsonReader::wrong(std::string_view name, std::string_view expected,
                        const JsonValue& found) const {
  const bool has_text = !found.text().empty();
  return corrupt("{}: {} should be {} and is {}{}", what_, name, expected, kind_name(found.kind()),
                 has_text ? fmt::format(" ({:.64})", found.text()) : "");
}

namespace {

// RFC 3339 has four digits for the year; an offset can lead beyond them.
bool is_writable(WallTime time) {
  const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year();
  return year >= std::chrono::year(0) && year <= std::chrono::year(9999);
}

template <class Number>
std::optional<Number> exact_number(const JsonValue& value) {
  if (value.kind() != JsonValue::Kind::Number) return std::nullopt;
  const std::string& text = value.text();
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::optional<std::uint64_t>> JsonReader::find_u64(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::optional<std::uint64_t>();
  const auto number = exact_number<std::uint64_t>(*value);
  if (!number) return wrong(name, "a whole number from 0 to 2^64-1", *value);
  return number;
}

Result<std::optional<std::int64_t>> JsonReader::find_i64(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::optional<std::int64_t>();
  const auto number = exact_number<std::int64_t>(*value);
  if (!number) return wrong(name, "a whole number of 64 bits", *value);
  return number;
}

Result<std::optional<int>> JsonReader::find_int(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::optional<int>();
  const auto number = exact_number<int>(*value);
  if (!number) return wrong(name, "a whole number of 32 bits", *value);
  return number;
}

Result<std::optional<bool>> JsonReader::find_bool(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::optional<bool>();
  if (value->kind() != JsonValue::Kind::Bool) return wrong(name, "true or false", *value);
  return std::optional(value->as_bool());
}

Result<std::optional<std::string>> JsonReader::find_string(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::optional<std::string>();
  if (value->kind() != JsonValue::Kind::String) return wrong(name, "a string", *value);
  return std::optional(value->text());
}

Result<std::optional<WallTime>> JsonReader::find_time(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::optional<WallTime>();
  if (value->kind() != JsonValue::Kind::String) return wrong(name, "a time", *value);
  const Result<WallTime> time = parse_rfc3339(value->text());
  if (!time.ok() || !is_writable(time.value()))
    return wrong(name, "a time in RFC 3339 form", *value);
  return std::optional(time.value());
}

}  // namespace cairn::repository
