// SPDX-License-Identifier: Apache-2.0
#include "repository/backup_metadata.h"

#include <limits>

#include "repository/json_go.h"

namespace cairn::repository {
namespace {

constexpr std::string_view kPermanenceKey = "is_permanent";

Result<JsonValue> parse_object(std::string_view json, std::string_view what) {
  JsonValue value = TRY(JsonValue::parse(json, {}).context(what));
  if (value.kind() != JsonValue::Kind::Object) return corrupt("{}: not a JSON object", what);
  return value;
}

bool is_permanence_key(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower == kPermanenceKey;
}

}  // namespace

std::string encode_metadata(const BackupMetadata& metadata) {
  JsonWriter json;
  json.begin_object();
  write_metadata_members(metadata, json);
  json.end_object();
  return json.take();
}

void write_metadata_members(const BackupMetadata& metadata, JsonWriter& json) {
  json.key("start_time").time(metadata.start_time);
  json.key("finish_time").time(metadata.finish_time);
  json.key("date_fmt").string(metadata.date_format);
  json.key("hostname").string(metadata.hostname);
  json.key("data_dir").string(metadata.data_directory);
  json.key("pg_version").number(metadata.pg_version);
  json.key("start_lsn").number(metadata.start_lsn.value);
  json.key("finish_lsn").number(metadata.finish_lsn.value);
  json.key(kPermanenceKey).boolean(metadata.is_permanent);
  json.key("system_identifier");
  if (metadata.system_identifier) {
    json.number(*metadata.system_identifier);
  } else {
    json.null();
  }
  json.key("uncompressed_size").number(metadata.uncompressed_size_bytes);
  json.key("compressed_size").number(metadata.compressed_size_bytes);
  if (!metadata.user_data_json.empty()) json.key("user_data").raw(metadata.user_data_json);
  if (metadata.corrupt_page_count > 0) {
    json.key("corrupt_pages").number(metadata.corrupt_page_count);
  }
}

Result<BackupMetadata> parse_metadata(std::string_view json, std::string_view what) {
  const JsonValue value = TRY(parse_object(json, what));
  const JsonReader reader(value, what);
  BackupMetadata metadata;
  metadata.start_time = TRY(reader.find_time("start_time")).value_or(kGoZeroTime);
  metadata.finish_time = TRY(reader.find_time("finish_time")).value_or(kGoZeroTime);
  metadata.date_format = TRY(reader.find_string("date_fmt")).value_or("");
  metadata.hostname = TRY(reader.find_string("hostname")).value_or("");
  metadata.data_directory = TRY(reader.find_string("data_dir")).value_or("");
  metadata.pg_version = TRY(reader.find_int("pg_version")).value_or(0);
  metadata.start_lsn.value = TRY(reader.find_u64("start_lsn")).value_or(0);
  metadata.finish_lsn.value = TRY(reader.find_u64("finish_lsn")).value_or(0);
  metadata.is_permanent = TRY(reader.find_bool(kPermanenceKey)).value_or(false);
  metadata.system_identifier = TRY(reader.find_u64("system_identifier"));
  metadata.uncompressed_size_bytes = TRY(reader.find_i64("uncompressed_size")).value_or(0);
  metadata.compressed_size_bytes = TRY(reader.find_i64("compressed_size")).value_or(0);
  const JsonValue* user_data = value.find("user_data");
  if (user_data != nullptr && !user_data->is_null()) {
    metadata.user_data_json = user_data->to_go_json();
  }
  metadata.corrupt_page_count = TRY(reader.find_u64("corrupt_pages")).value_or(0);
  return metadata;
}

Result<std::string> with_permanence(std::string_view json, bool is_permanent,
                                    std::string_view what) {
  const JsonValue value = TRY(parse_object(json, what));
  JsonWriter out;
  out.begin_object();
  bool is_written = false;
  for (const auto& [name, member] : value.members()) {
    if (!is_permanence_key(name)) {
      out.key(name);
      member.write_to(out);
    } else if (!is_written) {
      out.key(kPermanenceKey).boolean(is_permanent);
      is_written = true;
    }
  }
  if (!is_written) out.key(kPermanenceKey).boolean(is_permanent);
  out.end_object();
  return out.take();
}

bool is_volume_snapshot(const BackupMetadata& metadata) {
  return metadata.user_data_json == "\"volume-snapshot\"";
}

Result<std::string> user_data_json_from(std::string_view argument) {
  if (argument.empty()) return std::string();
  const Result<JsonValue> value = JsonValue::parse(argument, {});
  if (!value.ok()) {
    return invalid_argument("the user data is not JSON ({}): quote a plain text as '\"text\"'",
                            value.error().message());
  }
  return value.value().is_null() ? std::string() : value.value().to_go_json();
}

}  // namespace cairn::repository
