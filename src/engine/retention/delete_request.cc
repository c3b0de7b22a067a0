// SPDX-License-Identifier: Apache-2.0
#include "engine/retention/delete_request.h"

#include <algorithm>
#include <charconv>

#include "repository/backup_metadata.h"

namespace cairn::engine {
namespace {

using Words = std::span<const std::string>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "2026-08…" can only be meant as a time: taking it for the beginning of a name would end in a
// puzzling "not found".
bool looks_like_time(std::string_view text) {
  return text.size() >= 5 && std::ranges::all_of(text.substr(0, 4), is_digit) && text[4] == '-';
}

Result<DeleteBound> parse_bound(const std::string& text, WallTime now) {
  if (text.empty()) return invalid_argument("the name or time is empty");
  if (!looks_like_time(text)) return DeleteBound{.name = text};
  const WallTime time = TRY(parse_rfc3339(text));
  if (time > now) return invalid_argument("cannot delete before future date {}", text);
  return DeleteBound{.time = time};
}

// Takes a leading FULL or FIND_FULL off `words`.
DeleteModifier take_modifier(Words& words) {
  if (words.empty()) return DeleteModifier::None;
  const DeleteModifier modifier = words[0] == "FULL"        ? DeleteModifier::Full
                                  : words[0] == "FIND_FULL" ? DeleteModifier::FindFull
                                                            : DeleteModifier::None;
  if (modifier != DeleteModifier::None) words = words.subspan(1);
  return modifier;
}

Error usage(std::string_view verb, std::string_view form) {
  return invalid_argument("usage: delete {} {}", verb, form);
}

Result<> parse_before(Words words, WallTime now, DeleteRequest& request) {
  request.modifier = take_modifier(words);
  if (words.size() != 1 || request.modifier == DeleteModifier::Full) {
    return usage("before", "[FIND_FULL] backup_name|timestamp");
  }
  request.before = TRY(parse_bound(words[0], now));
  return {};
}

Result<> parse_retain(Words words, const DeleteFlags& flags, WallTime now, DeleteRequest& request) {
  request.modifier = take_modifier(words);
  if (words.size() != 1) return usage("retain", "[FULL|FIND_FULL] backup_count");
  const std::string& count = words[0];
  const auto [end, error] =
      std::from_chars(count.data(), count.data() + count.size(), request.retain_count);
  if (error != std::errc{} || end != count.data() + count.size()) {
    return invalid_argument("expected a number of backups to retain, and got \"{}\"", count);
  }
  if (request.retain_count <= 0) {
    return invalid_argument("cannot retain less than one backup. Check out delete everything");
  }
  if (!flags.after.empty()) request.after = TRY(parse_bound(flags.after, now));
  return {};
}

Result<> parse_target(Words words, const DeleteFlags& flags, DeleteRequest& request) {
  request.modifier = take_modifier(words);
  const bool has_user_data = !flags.target_user_data.empty();
  if (words.size() + (has_user_data ? 1 : 0) != 1 || request.modifier == DeleteModifier::Full) {
    return usage("target", "[FIND_FULL] backup_name | --target-user-data <data>");
  }
  if (has_user_data) {
    request.target_user_data = TRY(repository::user_data_json_from(flags.target_user_data));
    if (request.target_user_data.empty()) return invalid_argument("--target-user-data is null");
  } else {
    request.target_name = words[0];
  }
  return {};
}

Result<> parse_everything(Words words, DeleteRequest& request) {
  request.is_forced = words.size() == 1 && words[0] == "FORCE";
  if (!words.empty() && !request.is_forced) return usage("everything", "[FORCE]");
  return {};
}

Result<> parse_garbage(Words words, const DeleteFlags& flags, DeleteRequest& request) {
  request.skips_backup_check = flags.skips_backup_check;
  if (words.empty()) return {};
  if (words.size() > 1 || (words[0] != "ARCHIVES" && words[0] != "BACKUPS")) {
    return usage("garbage", "[ARCHIVES|BACKUPS]");
  }
  request.scope = words[0] == "ARCHIVES" ? GarbageScope::Archives : GarbageScope::Backups;
  return {};
}

}  // namespace

Result<DeleteRequest> parse_delete_request(std::string_view verb, Words words,
                                           const DeleteFlags& flags, WallTime now) {
  DeleteRequest request{.uses_sentinel_time = flags.uses_sentinel_time};
  if (verb == "before") {
    request.verb = DeleteVerb::Before;
    TRY(parse_before(words, now, request));
  } else if (verb == "retain") {
    request.verb = DeleteVerb::Retain;
    TRY(parse_retain(words, flags, now, request));
  } else if (verb == "target") {
    request.verb = DeleteVerb::Target;
    TRY(parse_target(words, flags, request));
  } else if (verb == "everything") {
    request.verb = DeleteVerb::Everything;
    TRY(parse_everything(words, request));
  } else if (verb == "garbage") {
    request.verb = DeleteVerb::Garbage;
    TRY(parse_garbage(words, flags, request));
  } else {
    return invalid_argument(
        "unknown \"delete {}\": there are before, retain, target, everything and garbage", verb);
  }
  return request;
}

}  // namespace cairn::engine
