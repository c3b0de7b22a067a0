// SPDX-License-Identifier: Apache-2.0
#include "repository/sentinel.h"

#include <limits>

#include "repository/json_go.h"

namespace cairn::repository {
namespace {

constexpr int kVersion = 2;
// Old sentinels hold these, and they can be large; newer ones have files_metadata.json instead.
constexpr std::string_view kInlineFiles = "Files";
constexpr std::string_view kInlineTarSets = "TarFileSets";
constexpr std::string_view kInlineDatabases = "DatabasesByNames";

template <class Number>
void write_or_null(JsonWriter& json, const std::optional<Number>& value) {
  if (value) {
    json.number(*value);
  } else {
    json.null();
  }
}

void write_or_null(JsonWriter& json, const std::optional<postgres::Lsn>& lsn) {
  write_or_null(json, lsn ? std::optional(lsn->value) : std::nullopt);
}

Result<std::optional<postgres::Lsn>> find_lsn(const JsonReader& reader, std::string_view name) {
  const std::optional<std::uint64_t> number = TRY(reader.find_u64(name));
  return number ? std::optional(postgres::Lsn{*number}) : std::nullopt;
}

void write_delta(const DeltaOrigin& delta, JsonWriter& json) {
  json.key("DeltaLSN").number(delta.parent_lsn.value);
  json.key("DeltaFrom").string(delta.parent.text());
  json.key("DeltaFullName").string(delta.full.text());
  json.key("DeltaCount").number(delta.count);
}

void write_optional_members(const Sentinel& sentinel, JsonWriter& json) {
  if (sentinel.data_catalog_size_bytes != 0) {
    json.key("DataCatalogSize").number(sentinel.data_catalog_size_bytes);
  }
  if (sentinel.tablespaces) json.key("Spec").raw(encode_tablespace_spec(*sentinel.tablespaces));
  if (!sentinel.user_data_json.empty()) json.key("UserData").raw(sentinel.user_data_json);
  if (sentinel.is_files_metadata_disabled) json.key("FilesMetadataDisabled").boolean(true);
}

Result<std::optional<std::uint32_t>> find_u32(const JsonReader& reader, std::string_view name,
                                              std::string_view what) {
  const std::optional<std::uint64_t> number = TRY(reader.find_u64(name));
  if (!number) return std::optional<std::uint32_t>();
  if (*number > std::numeric_limits<std::uint32_t>::max()) {
    return corrupt("{}: {} is too large: {}", what, name, *number);
  }
  return std::optional(static_cast<std::uint32_t>(*number));
}

Result<std::optional<DeltaOrigin>> read_delta(const JsonReader& reader, std::string_view what) {
  const std::optional<std::string> parent = TRY(reader.find_string("DeltaFrom"));
  if (!parent) return std::optional<DeltaOrigin>();
  std::optional<postgres::Lsn> parent_lsn = TRY(find_lsn(reader, "DeltaLSN"));
  if (!parent_lsn) parent_lsn = TRY(find_lsn(reader, "DeltaFromLSN"));
  const std::optional<std::string> full = TRY(reader.find_string("DeltaFullName"));
  const std::optional<int> count = TRY(reader.find_int("DeltaCount"));
  if (!parent_lsn || !full || !count) {
    return corrupt("{}: DeltaFrom is {} but DeltaLSN, DeltaFullName or DeltaCount is missing", what,
                   *parent);
  }
  return std::optional(DeltaOrigin{.parent_lsn = *parent_lsn,
                                   .parent = TRY(BackupName::parse(*parent).context(what)),
                                   .full = TRY(BackupName::parse(*full).context(what)),
                                   .count = *count});
}

Result<> check_version(int version, std::string_view what) {
  if (version >= 0 && version <= kVersion) return {};
  return invalid_argument(
      "{} has version {} and this program knows versions up to {}: use a newer one", what, version,
      kVersion);
}

Result<> read_sizes(const JsonReader& reader, Sentinel& sentinel) {
  sentinel.uncompressed_size_bytes = TRY(reader.find_i64("UncompressedSize")).value_or(0);
  sentinel.compressed_size_bytes = TRY(reader.find_i64("CompressedSize")).value_or(0);
  sentinel.data_catalog_size_bytes = TRY(reader.find_i64("DataCatalogSize")).value_or(0);
  return {};
}

// What version 2 repeats from metadata.json.
Result<> read_circumstances(const JsonReader& reader, Sentinel& sentinel) {
  sentinel.start_time = TRY(reader.find_time("StartTime")).value_or(kGoZeroTime);
  sentinel.finish_time = TRY(reader.find_time("FinishTime")).value_or(kGoZeroTime);
  sentinel.date_format = TRY(reader.find_string("DateFmt")).value_or("");
  sentinel.hostname = TRY(reader.find_string("Hostname")).value_or("");
  sentinel.data_directory = TRY(reader.find_string("DataDir")).value_or("");
  sentinel.is_permanent = TRY(reader.find_bool("IsPermanent")).value_or(false);
  return {};
}

}  // namespace

std::string encode_sentinel(const Sentinel& sentinel) {
  JsonWriter json;
  json.begin_object();
  json.key("LSN");
  write_or_null(json, sentinel.start_lsn);
  if (sentinel.delta) write_delta(*sentinel.delta, json);
  json.key("PgVersion").number(sentinel.pg_version);
  json.key("FinishLSN");
  write_or_null(json, sentinel.finish_lsn);
  if (sentinel.system_identifier) {
    json.key("SystemIdentifier").number(*sentinel.system_identifier);
  }
  json.key("UncompressedSize").number(sentinel.uncompressed_size_bytes);
  json.key("CompressedSize").number(sentinel.compressed_size_bytes);
  write_optional_members(sentinel, json);
  json.key("ChkpNum");
  write_or_null(json, sentinel.checkpoint_number);
  if (sentinel.parent_checkpoint_number) {
    json.key("DeltaChkpNum").number(*sentinel.parent_checkpoint_number);
  }
  json.key("Version").number(kVersion);
  json.key("StartTime").time(sentinel.start_time);
  json.key("FinishTime").time(sentinel.finish_time);
  json.key("DateFmt").string(sentinel.date_format);
  json.key("Hostname").string(sentinel.hostname);
  json.key("DataDir").string(sentinel.data_directory);
  json.key("IsPermanent").boolean(sentinel.is_permanent);
  json.end_object();
  return json.take();
}

Result<Sentinel> parse_sentinel(std::string_view json, const BackupName& name) {
  const std::string what = "sentinel of " + name.text();
  JsonLimits limits;
  for (const std::string_view key : {kInlineFiles, kInlineTarSets, kInlineDatabases}) {
    limits.skipped_keys.emplace_back(key);
  }
  const JsonValue value = TRY(JsonValue::parse(json, limits).context(what));
  if (value.kind() != JsonValue::Kind::Object) return corrupt("{}: not a JSON object", what);
  const JsonReader reader(value, what);

  Sentinel sentinel;
  sentinel.version = TRY(reader.find_int("Version")).value_or(0);
  TRY(check_version(sentinel.version, what));
  sentinel.start_lsn = TRY(find_lsn(reader, "LSN"));
  sentinel.delta = TRY(read_delta(reader, what));
  sentinel.pg_version = TRY(reader.find_int("PgVersion")).value_or(0);
  sentinel.finish_lsn = TRY(find_lsn(reader, "FinishLSN"));
  sentinel.system_identifier = TRY(reader.find_u64("SystemIdentifier"));
  TRY(read_sizes(reader, sentinel));
  const JsonValue* spec = value.find("Spec");
  if (spec != nullptr && !spec->is_null()) {
    sentinel.tablespaces = TRY(tablespace_spec_from(*spec).context(what));
  }
  const JsonValue* user_data = value.find("UserData");
  if (user_data != nullptr && !user_data->is_null()) {
    sentinel.user_data_json = user_data->to_go_json();
  }
  sentinel.is_files_metadata_disabled =
      TRY(reader.find_bool("FilesMetadataDisabled")).value_or(false);
  sentinel.checkpoint_number = TRY(find_u32(reader, "ChkpNum", what));
  sentinel.parent_checkpoint_number = TRY(find_u32(reader, "DeltaChkpNum", what));
  TRY(read_circumstances(reader, sentinel));
  sentinel.has_inline_files = value.find(kInlineFiles) != nullptr;
  return sentinel;
}

BackupMetadata metadata_from(const Sentinel& sentinel) {
  BackupMetadata metadata;
  metadata.start_time = sentinel.start_time;
  metadata.finish_time = sentinel.finish_time;
  metadata.date_format = sentinel.date_format;
  metadata.hostname = sentinel.hostname;
  metadata.data_directory = sentinel.data_directory;
  metadata.pg_version = sentinel.pg_version;
  metadata.start_lsn = sentinel.start_lsn.value_or(postgres::Lsn{});
  metadata.finish_lsn = sentinel.finish_lsn.value_or(postgres::Lsn{});
  metadata.is_permanent = sentinel.is_permanent;
  metadata.system_identifier = sentinel.system_identifier;
  metadata.uncompressed_size_bytes = sentinel.uncompressed_size_bytes;
  metadata.compressed_size_bytes = sentinel.compressed_size_bytes;
  metadata.user_data_json = sentinel.user_data_json;
  return metadata;
}

}  // namespace cairn::repository
