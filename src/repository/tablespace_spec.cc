// SPDX-License-Identifier: Apache-2.0
#include "repository/tablespace_spec.h"

#include <algorithm>
#include <map>

namespace cairn::repository {
namespace {

constexpr std::string_view kLinkFolder = "pg_tblspc/";
// PostgreSQL's oids are 32 bits wide; a cluster has a handful of tablespaces.
constexpr std::size_t kTablespaceCountMax = 10'000;

bool is_oid(std::string_view text) {
  return !text.empty() && text.size() <= 10 && text[0] != '0' &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<Tablespace> tablespace_of(const JsonValue& spec, const JsonValue& listed) {
  const std::string& oid = listed.text();
  if (listed.kind() != JsonValue::Kind::String || !is_oid(oid)) {
    return corrupt("tablespace spec: \"{:.64}\" is not the oid of a tablespace", oid);
  }
  const JsonValue* entry = spec.find(oid);
  if (entry == nullptr) return corrupt("tablespace spec: tablespace {} has no entry", oid);
  const JsonReader reader(*entry, "tablespace spec");
  const std::optional<std::string> location = TRY(reader.find_string("loc"));
  const std::optional<std::string> link = TRY(reader.find_string("link"));
  if (!location || !location->starts_with('/')) {
    return corrupt("tablespace spec: the location of tablespace {} is not an absolute path: \"{}\"",
                   oid, location.value_or(""));
  }
  if (link != std::string(kLinkFolder) + oid) {
    return corrupt("tablespace spec: the link of tablespace {} is \"{}\" instead of {}{}", oid,
                   link.value_or(""), kLinkFolder, oid);
  }
  return Tablespace{.oid = oid, .location = *location};
}

}  // namespace

std::string encode_tablespace_spec(const TablespaceSpec& spec) {
  // Digits sort before letters, so the oids come first, as in Go's sorted maps.
  std::map<std::string_view, std::string_view> sorted;
  for (const Tablespace& tablespace : spec.tablespaces) {
    sorted[tablespace.oid] = tablespace.location;
  }
  JsonWriter json;
  json.begin_object();
  for (const auto& [oid, location] : sorted) {
    json.key(oid).begin_object();
    json.key("loc").string(location);
    json.key("link").string(std::string(kLinkFolder) + std::string(oid));
    json.end_object();
  }
  json.key("base_prefix").string(spec.base_prefix);
  json.key("tablespaces").begin_array();
  for (const Tablespace& tablespace : spec.tablespaces) json.string(tablespace.oid);
  json.end_array().end_object();
  return json.take();
}

Result<TablespaceSpec> tablespace_spec_from(const JsonValue& value) {
  if (value.kind() != JsonValue::Kind::Object) return corrupt("tablespace spec: not an object");
  const JsonReader reader(value, "tablespace spec");
  TablespaceSpec spec;
  spec.base_prefix = TRY(reader.find_string("base_prefix")).value_or("");
  if (spec.base_prefix.empty()) return corrupt("tablespace spec: base_prefix is missing");
  const JsonValue* listed = value.find("tablespaces");
  if (listed == nullptr || listed->is_null()) return spec;
  if (listed->kind() != JsonValue::Kind::Array || listed->items().size() > kTablespaceCountMax) {
    return corrupt("tablespace spec: tablespaces is not a list of at most {}", kTablespaceCountMax);
  }
  for (const JsonValue& oid : listed->items()) {
    Tablespace tablespace = TRY(tablespace_of(value, oid));
    const bool is_known = std::ranges::any_of(
        spec.tablespaces, [&](const Tablespace& known) { return known.oid == tablespace.oid; });
    if (is_known) return corrupt("tablespace spec: tablespace {} is listed twice", tablespace.oid);
    spec.tablespaces.push_back(std::move(tablespace));
  }
  return spec;
}

Result<TablespaceSpec> parse_tablespace_spec(std::string_view json) {
  const JsonValue value = TRY(JsonValue::parse(json, {}).context("tablespace spec"));
  return tablespace_spec_from(value);
}

}  // namespace cairn::repository
