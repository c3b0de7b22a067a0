// SPDX-License-Identifier: Apache-2.0
#include "repository/names.h"

#include <algorithm>

namespace cairn::repository {
namespace {

using object_store::ObjectKey;
using postgres::WalFileKind;

constexpr std::size_t kSegmentDigits = 24;
constexpr std::size_t kShortDigits = 8;
constexpr std::string_view kBackupStart = "base_";
constexpr std::string_view kDeltaMark = "_D_";

WalFileKind kind_of(std::string_view file) {
  return postgres::classify_wal_file(file).kind;
}

bool is_upper_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

bool is_short_number(std::string_view text) {
  return text.size() == kShortDigits && is_upper_hex(text);
}

// Takes `prefix` from the front of `text` if it is there.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::string> take_segment(std::string_view& text) {
  if (!is_segment_name(text.substr(0, kSegmentDigits))) return std::nullopt;
  std::string segment(text.substr(0, kSegmentDigits));
  text.remove_prefix(kSegmentDigits);
  return segment;
}

std::string with_suffix(std::string name, codec::Compression compression) {
  const std::string_view suffix = codec::compression_suffix(compression);
  if (!suffix.empty()) name.append(".").append(suffix);
  return name;
}

ObjectKey tar_key(const BackupName& name, std::string_view tar, codec::Compression compression) {
  return ObjectKey(with_suffix(tar_partitions_prefix(name) + std::string(tar), compression));
}

}  // namespace

Result<BackupName> BackupName::parse(std::string_view text) {
  const bool has_control = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (text.empty() || text.size() > 255 || text == "." || text == ".." || has_control ||
      text.find('/') != text.npos) {
    return invalid_argument(
        "\"{}\" cannot be the name of a backup; names look like base_000000010000000000000002",
        has_control ? "(text with control characters)" : text.substr(0, 300));
  }
  return BackupName(std::string(text));
}

BackupName BackupName::full(std::string_view start_segment) {
  ASSERT(is_segment_name(start_segment));
  return BackupName(std::string(kBackupStart) + std::string(start_segment));
}

BackupName BackupName::delta(std::string_view start_segment, const BackupName& parent) {
  const std::optional<BackupNameParts> parts = parent.parts();
  ASSERT(parts.has_value());
  return BackupName(full(start_segment).text() + std::string(kDeltaMark) + parts->start_segment);
}

std::optional<BackupNameParts> BackupName::parts() const {
  std::string_view rest = text_;
  if (!take(rest, kBackupStart)) return std::nullopt;
  BackupNameParts parts;
  const std::optional<std::string> start = take_segment(rest);
  if (!start) return std::nullopt;
  parts.start_segment = *start;
  if (take(rest, kDeltaMark)) {
    const std::optional<std::string> parent = take_segment(rest);
    if (!parent) return std::nullopt;
    parts.parent_segment = *parent;
  }
  if (take(rest, "_")) {
    if (!is_short_number(rest)) return std::nullopt;
    parts.offset = rest;
    rest = {};
  }
  if (!rest.empty()) return std::nullopt;
  return parts;
}

ObjectKey sentinel_key(const BackupName& name) {
  return ObjectKey(std::string(kBackupsPrefix) + name.text() + std::string(kSentinelSuffix));
}

ObjectKey metadata_key(const BackupName& name) {
  return ObjectKey(backup_prefix(name) + "metadata.json");
}

ObjectKey files_metadata_key(const BackupName& name) {
  return ObjectKey(backup_prefix(name) + "files_metadata.json");
}

ObjectKey integrity_key(const BackupName& name) {
  return ObjectKey(backup_prefix(name) + "cairn_integrity.json");
}

ObjectKey deletion_mark_key(const BackupName& name) {
  return ObjectKey(backup_prefix(name) + "cairn_deleted.json");
}

ObjectKey part_key(const BackupName& name, int number, codec::Compression compression) {
  ASSERT(number > 0);
  return tar_key(name, fmt::format("part_{:03}.tar", number), compression);
}

ObjectKey control_tar_key(const BackupName& name, codec::Compression compression) {
  return tar_key(name, "pg_control.tar", compression);
}

ObjectKey label_tar_key(const BackupName& name, codec::Compression compression) {
  return tar_key(name, "backup_label.tar", compression);
}

std::string backup_prefix(const BackupName& name) {
  return std::string(kBackupsPrefix) + name.text() + "/";
}

std::string tar_partitions_prefix(const BackupName& name) {
  return backup_prefix(name) + "tar_partitions/";
}

std::optional<BackupName> backup_of_sentinel(std::string_view key) {
  if (!take(key, kBackupsPrefix) || !key.ends_with(kSentinelSuffix)) return std::nullopt;
  key.remove_suffix(kSentinelSuffix.size());
  Result<BackupName> name = BackupName::parse(key);
  if (!name.ok()) return std::nullopt;
  return std::move(name).value();
}

ObjectKey ownership_key() {
  return ObjectKey("cairn/ownership.json");
}

Result<ObjectKey> wal_key(std::string_view file, codec::Compression compression) {
  if (kind_of(file) == WalFileKind::Unknown) {
    return invalid_argument(
        "\"{}\" is not the name of a WAL file: 24 hexadecimal digits (with .partial or "
        ".<offset>.backup) or 8 and .history",
        file.substr(0, 300));
  }
  return ObjectKey(with_suffix(std::string(kWalPrefix) + std::string(file), compression));
}

WalObjectName parse_wal_object_name(std::string_view name) {
  const WalFileKind bare = kind_of(name);
  if (bare != WalFileKind::Unknown) return {std::string(name), bare, codec::Compression::None};
  const std::size_t dot = name.rfind('.');
  if (dot != name.npos) {
    const WalFileKind kind = kind_of(name.substr(0, dot));
    const auto compression = codec::compression_of_suffix(name.substr(dot + 1));
    if (kind != WalFileKind::Unknown && compression) {
      return {std::string(name.substr(0, dot)), kind, *compression};
    }
  }
  return {std::string(name), WalFileKind::Unknown, codec::Compression::None};
}

Result<codec::Compression> compression_of_name(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('/') + 1);
  if (kind_of(last) != WalFileKind::Unknown) return codec::Compression::None;
  const std::size_t dot = last.rfind('.');
  if (dot == last.npos) return codec::Compression::None;
  const auto compression = codec::compression_of_suffix(last.substr(dot + 1));
  if (!compression) {
    return invalid_argument("{}: no way to decompress \".{}\" objects", name, last.substr(dot + 1));
  }
  return *compression;
}

bool is_segment_name(std::string_view text) {
  return text.size() == kSegmentDigits && is_upper_hex(text);
}

std::optional<std::string_view> first_segment_name(std::string_view text) {
  for (std::size_t start = 0; start + kSegmentDigits <= text.size(); ++start) {
    const std::string_view run = text.substr(start, kSegmentDigits);
    if (is_segment_name(run)) return run;
  }
  return std::nullopt;
}

}  // namespace cairn::repository
