// SPDX-License-Identifier: Apache-2.0
// Header blocks as Go's archive/tar makes them: ustar if it can say everything, else PAX.
#include <algorithm>
#include <cstring>
#include <optional>

#include "codec/tar_header.h"

namespace cairn::codec::tar {

namespace {

constexpr std::string_view kUstarMagic("ustar\00000", 8);
constexpr std::size_t kChecksumDigits = 6;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string ascii_of(std::string_view text) {
  std::string ascii;
  std::ranges::copy_if(text, std::back_inserter(ascii),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii;
}

bool fits_octal(const Field& field, std::int64_t value) {
  return value >= 0 && value < (std::int64_t{1} << (3 * (field.bytes - 1)));
}

void put_text(Block& block, const Field& field, std::string_view text) {
  const std::string_view kept = text.substr(0, field.bytes);
  std::ranges::copy(kept, block.data() + field.offset);
  // Some readers take a cut name that ends with a slash for a directory, whatever PAX says.
  if (text.size() > field.bytes && kept.ends_with('/')) {
    const std::size_t end = kept.find_last_not_of('/') + 1;
    block[field.offset + end] = 0;
  }
}

// What does not fit is written as 0: a PAX record says it.
void put_octal(Block& block, const Field& field, std::int64_t value) {
  const std::string digits =
      fmt::format("{:0{}o}", fits_octal(field, value) ? value : 0, field.bytes - 1);
  std::memcpy(block.data() + field.offset, digits.data(), digits.size());
}

void seal(Block& block) {
  std::ranges::fill_n(block.data() + kChecksum.offset, kChecksum.bytes, ' ');
  unsigned sum = 0;
  for (const char byte : block) sum += static_cast<unsigned char>(byte);
  const std::string digits = fmt::format("{:0{}o}", sum, kChecksumDigits);
  std::memcpy(block.data() + kChecksum.offset, digits.data(), digits.size());
  block[kChecksum.offset + kChecksumDigits] = 0;
}

struct SplitName {
  std::string_view prefix;
  std::string_view name;
};

// The name in the two fields that ustar has for it; nothing if it fits no split.
std::optional<SplitName> split_name(std::string_view name) {
  if (!is_ascii(name)) return std::nullopt;
  if (name.size() <= kName.bytes) return SplitName{{}, name};
  std::size_t searched = std::min(name.size(), kPrefix.bytes + 1);
  if (searched == name.size() && name.ends_with('/')) --searched;
  const std::size_t slash = name.substr(0, searched).rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  const SplitName split{name.substr(0, slash), name.substr(slash + 1)};
  const bool fits = split.prefix.size() <= kPrefix.bytes && !split.name.empty() &&
                    split.name.size() <= kName.bytes;
  return fits ? std::optional(split) : std::nullopt;
}

char type_flag(TarType type) {
  switch (type) {
    case TarType::Regular:
      return '0';
    case TarType::Hardlink:
      return '1';
    case TarType::Symlink:
      return '2';
    case TarType::Directory:
      return '5';
    case TarType::Other:
      break;
  }
  return 0;
}

// The records without which ustar would lose something; none means that plain ustar will do.
Records needed_records(const TarEntry& entry) {
  Records records;
  const auto need_text = [&](const char* key, std::string_view text, const Field& field) {
    if (text.size() > field.bytes || !is_ascii(text)) records[key] = text;
  };
  const auto need_number = [&](const char* key, std::int64_t number, const Field& field) {
    if (!fits_octal(field, number)) records[key] = fmt::format("{}", number);
  };
  need_text("linkpath", entry.link_target, kLinkTarget);
  need_text("uname", entry.user_name, kUserName);
  need_text("gname", entry.group_name, kGroupName);
  need_number("uid", entry.user_id, kUserId);
  need_number("gid", entry.group_id, kGroupId);
  need_number("size", static_cast<std::int64_t>(entry.size_bytes), kSize);
  need_number("mtime", entry.modified_seconds, kModified);
  // A name that ustar could split goes into a record all the same once there are records.
  if (!records.empty() || !split_name(entry.name)) need_text("path", entry.name, kName);
  return records;
}

// "<length> <key>=<value>\n", where the length counts itself.
std::string format_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + fmt::formatted_size("{}", rest);
  length = rest + fmt::formatted_size("{}", length);
  return fmt::format("{} {}={}\n", length, key, value);
}

// The name of the extended header itself: only readers without PAX show it.
std::string records_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t file = slash == std::string_view::npos ? 0 : slash + 1;
  std::string special =
      ascii_of(fmt::format("{}PaxHeaders.0/{}", name.substr(0, file), name.substr(file)));
  special.resize(std::min(special.size(), kName.bytes));
  special.erase(special.find_last_not_of('/') + 1);
  return special;
}

Bytes format_records(const Records& records, std::string_view name) {
  Bytes content;
  for (const auto& [key, value] : records) content += format_record(key, value);
  Block block{};
  put_text(block, kName, records_name(name));
  for (const Field& field : {kMode, kUserId, kGroupId, kModified}) put_octal(block, field, 0);
  put_octal(block, kSize, static_cast<std::int64_t>(content.size()));
  block[kTypeOffset] = 'x';
  std::memcpy(block.data() + kMagic.offset, kUstarMagic.data(), kUstarMagic.size());
  seal(block);
  const std::size_t padding = padding_bytes(content.size());
  return Bytes(block.data(), block.size()) + content + Bytes(padding, '\0');
}

Block format_block(const TarEntry& entry, bool has_records) {
  Block block{};
  const std::optional<SplitName> split = has_records ? std::nullopt : split_name(entry.name);
  put_text(block, kName, split ? split->name : ascii_of(entry.name));
  if (split) put_text(block, kPrefix, split->prefix);
  put_octal(block, kMode, entry.mode & 07777);
  put_octal(block, kUserId, entry.user_id);
  put_octal(block, kGroupId, entry.group_id);
  put_octal(block, kSize, static_cast<std::int64_t>(entry.size_bytes));
  put_octal(block, kModified, entry.modified_seconds);
  block[kTypeOffset] = type_flag(entry.type);
  put_text(block, kLinkTarget, ascii_of(entry.link_target));
  std::memcpy(block.data() + kMagic.offset, kUstarMagic.data(), kUstarMagic.size());
  put_text(block, kUserName, ascii_of(entry.user_name));
  put_text(block, kGroupName, ascii_of(entry.group_name));
  put_octal(block, kDeviceMajor, 0);
  put_octal(block, kDeviceMinor, 0);
  seal(block);
  return block;
}

Result<> check(const TarEntry& entry) {
  if (entry.name.empty()) return invalid_argument("a tar member needs a name");
  const std::string name = printable(entry.name);
  for (const std::string* text :
       {&entry.name, &entry.link_target, &entry.user_name, &entry.group_name}) {
    if (text->contains('\0')) return invalid_argument("tar member {}: NUL in a text", name);
  }
  if (type_flag(entry.type) == 0) {
    return invalid_argument("tar member {}: neither file, directory nor link", name);
  }
  if (entry.type != TarType::Regular && entry.size_bytes != 0) {
    return invalid_argument("tar member {}: only a file has content", name);
  }
  if (entry.size_bytes > static_cast<std::uint64_t>(INT64_MAX) - kBlockBytes) {
    return invalid_argument("tar member {}: {} bytes are too many", name, entry.size_bytes);
  }
  return {};
}

}  // namespace

Result<Bytes> format_header(const TarEntry& entry) {
  TRY(check(entry));
  const Records records = needed_records(entry);
  const Block block = format_block(entry, !records.empty());
  if (records.empty()) return Bytes(block.data(), block.size());
  Bytes header = format_records(records, entry.name);
  if (header.size() > kSpecialBytesMax) {
    return invalid_argument("tar member {}: its names have more than {} bytes",
                            printable(entry.name), kSpecialBytesMax);
  }
  return header.append(block.data(), block.size());
}

}  // namespace cairn::codec::tar
