// SPDX-License-Identifier: Apache-2.0
#include "repository/ownership.h"

#include <charconv>

#include "repository/catalog.h"
#include "repository/json_go.h"
#include "repository/names.h"

namespace cairn::repository {
namespace {

using object_store::ObjectStore;

constexpr int kVersion = 1;
constexpr std::uint64_t kOwnershipBytesMax = 64 << 10;
// A record that is there, then gone, then there: somebody empties the prefix while we write to it.
constexpr int kTriesMax = 3;

Error foreign(std::uint64_t owner, std::uint64_t ours, std::string_view evidence) {
  return denied(
      "this storage prefix belongs to the database system {} ({}), and this is system {}: two "
      "systems "
      "in one prefix overwrite each other. Use another prefix, or empty this one (delete "
      "everything) "
      "if it is no longer needed",
      owner, evidence, ours);
}

// The system of the newest backup whose sentinel names one.
struct Inherited {
  std::uint64_t system_identifier;
  std::string backup;
};

Result<std::optional<Inherited>> find_inherited(ObjectStore& store, std::stop_token stop) {
  const std::vector<BackupEntry> backups = TRY(list_backups(store, stop));
  for (auto backup = backups.rbegin(); backup != backups.rend(); ++backup) {
    const Sentinel sentinel = TRY(load_sentinel(store, backup->name, stop));
    if (sentinel.system_identifier) {
      return std::optional(Inherited{*sentinel.system_identifier, backup->name.text()});
    }
  }
  return std::optional<Inherited>();
}

Result<> check(const Ownership& ownership, std::uint64_t system_identifier) {
  if (ownership.system_identifier == system_identifier) return {};
  return foreign(ownership.system_identifier, system_identifier,
                 "according to " + ownership_key().text());
}

}  // namespace

std::string encode_ownership(const Ownership& ownership) {
  JsonWriter json;
  json.begin_object();
  json.key("version").number(kVersion);
  // Text: programs that read JSON numbers as doubles would round it.
  json.key("system_identifier").string(std::to_string(ownership.system_identifier));
  json.key("created_time").time(ownership.created);
  json.end_object();
  return json.take();
}

Result<Ownership> parse_ownership(std::string_view json) {
  const std::string what = ownership_key().text();
  const JsonValue value = TRY(JsonValue::parse(json, {}).context(what));
  const JsonReader reader(value, what);
  const int version = TRY(reader.find_int("version")).value_or(0);
  if (version != kVersion) {
    return invalid_argument("{} has version {} and this program knows version {}", what, version,
                            kVersion);
  }
  const std::string text = TRY(reader.find_string("system_identifier")).value_or("");
  std::uint64_t identifier = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), identifier);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return corrupt("{}: system_identifier is \"{:.64}\" instead of a number as text", what, text);
  }
  return Ownership{.system_identifier = identifier,
                   .created = TRY(reader.find_time("created_time")).value_or(kGoZeroTime)};
}

Result<std::optional<Ownership>> find_ownership(ObjectStore& store, std::stop_token stop) {
  Result<Bytes> json = object_store::get(store, ownership_key(), kOwnershipBytesMax, stop);
  if (!json.ok()) {
    if (json.error().code() == ErrorCode::NotFound) return std::optional<Ownership>();
    return std::move(json).error();
  }
  return std::optional(TRY(parse_ownership(json.value())));
}

Result<> claim_ownership(ObjectStore& store, std::uint64_t system_identifier, Clock& clock,
                         std::stop_token stop) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const std::optional<Ownership> found = TRY(find_ownership(store, stop));
    if (found) return check(*found, system_identifier);
    const std::optional<Inherited> inherited = TRY(find_inherited(store, stop));
    if (inherited && inherited->system_identifier != system_identifier) {
      return foreign(inherited->system_identifier, system_identifier,
                     "according to backup " + inherited->backup);
    }
    const Ownership claim{.system_identifier = system_identifier, .created = clock.now()};
    Result<> written = store.put_if_absent(ownership_key(), encode_ownership(claim), {}, stop);
    if (written.ok()) return {};
    if (written.error().code() != ErrorCode::AlreadyExists) return written;
  }
  return unavailable("{} appears and disappears: is somebody emptying the prefix?",
                     ownership_key().text());
}

std::string ownership_marker(std::string_view store_location, std::uint64_t system_identifier) {
  return fmt::format("{} {}\n", store_location, system_identifier);
}

}  // namespace cairn::repository
