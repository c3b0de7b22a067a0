// SPDX-License-Identifier: Apache-2.0
#include "repository/integrity.h"

#include <algorithm>
#include <limits>

#include "repository/json_go.h"

namespace cairn::repository {
namespace {

constexpr int kVersion = 1;

Result<ObjectDigest> parse_digest(const JsonValue& value, std::string_view what) {
  const JsonReader reader(value, what);
  const std::optional<std::uint64_t> size = TRY(reader.find_u64("size"));
  const std::optional<std::string> digest = TRY(reader.find_string("sha256"));
  const bool is_hex = digest && digest->size() == 64 && std::ranges::all_of(*digest, [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
  if (!size || !is_hex) return corrupt("{}: an object without size or SHA-256", what);
  return ObjectDigest{.size_bytes = *size, .sha256_hex = *digest};
}

Result<CorruptPage> parse_page(const JsonValue& value, std::string_view what) {
  const JsonReader reader(value, what);
  const std::optional<std::string> file = TRY(reader.find_string("file"));
  const std::optional<std::uint64_t> block = TRY(reader.find_u64("block"));
  if (!file || !block || *block > std::numeric_limits<std::uint32_t>::max()) {
    return corrupt("{}: a corrupt page without file or block", what);
  }
  return CorruptPage{.file = *file, .block = static_cast<std::uint32_t>(*block)};
}

Result<> check_version(const JsonReader& reader, std::string_view what) {
  const int version = TRY(reader.find_int("version")).value_or(0);
  if (version == kVersion) return {};
  return invalid_argument("{} has version {} and this program knows version {}", what, version,
                          kVersion);
}

}  // namespace

std::string encode_integrity(const Integrity& integrity) {
  JsonWriter json;
  json.begin_object();
  json.key("version").number(kVersion);
  json.key("objects").begin_object();
  for (const auto& [name, digest] : integrity.objects) {
    json.key(name).begin_object();
    json.key("size").number(digest.size_bytes);
    json.key("sha256").string(digest.sha256_hex);
    json.end_object();
  }
  json.end_object();
  json.key("corrupt_page_count").number(integrity.corrupt_page_count);
  json.key("corrupt_pages").begin_array();
  const std::size_t count = std::min(integrity.corrupt_pages.size(), kCorruptPagesStoredMax);
  for (std::size_t i = 0; i < count; ++i) {
    json.begin_object();
    json.key("file").string(integrity.corrupt_pages[i].file);
    json.key("block").number(integrity.corrupt_pages[i].block);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

Result<Integrity> parse_integrity(std::string_view json, std::string_view what) {
  const JsonValue value = TRY(JsonValue::parse(json, {}).context(what));
  const JsonValue* objects = value.find("objects");
  if (objects == nullptr || objects->kind() != JsonValue::Kind::Object) {
    return corrupt("{}: not a JSON object with \"objects\"", what);
  }
  const JsonReader reader(value, what);
  TRY(check_version(reader, what));
  Integrity integrity;
  for (const auto& [name, digest] : objects->members()) {
    const bool is_new = integrity.objects.emplace(name, TRY(parse_digest(digest, what))).second;
    if (!is_new) return corrupt("{}: object {} appears twice", what, name);
  }
  integrity.corrupt_page_count = TRY(reader.find_u64("corrupt_page_count")).value_or(0);
  const JsonValue* pages = value.find("corrupt_pages");
  if (pages == nullptr) return integrity;
  if (pages->items().size() > kCorruptPagesStoredMax) {
    return corrupt("{}: more than {} corrupt pages listed", what, kCorruptPagesStoredMax);
  }
  for (const JsonValue& page : pages->items()) {
    integrity.corrupt_pages.push_back(TRY(parse_page(page, what)));
  }
  return integrity;
}

}  // namespace cairn::repository
