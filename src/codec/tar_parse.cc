// SPDX-License-Identifier: Apache-2.0
// Header blocks as they come from anywhere: ustar, PAX, GNU, star and v7.
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "codec/tar_header.h"

namespace cairn::codec::tar {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kPrintableBytesMax = 200;

template <class Integer>
std::optional<Integer> parse_decimal(std::string_view text) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Seconds of a PAX time such as "-1.5", rounded down.
std::optional<std::int64_t> parse_time(std::string_view text) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  std::optional<std::int64_t> seconds = parse_decimal<std::int64_t>(text.substr(0, dot));
  const std::string_view fraction = text.substr(std::min(dot + 1, text.size()));
  const bool is_number = std::ranges::all_of(fraction, [](char c) { return c >= '0' && c <= '9'; });
  if (!seconds || !is_number) return std::nullopt;
  const bool has_fraction = fraction.find_first_not_of('0') != std::string_view::npos;
  if (!text.starts_with('-') || !has_fraction) return seconds;
  if (*seconds == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return *seconds - 1;
}

std::optional<std::int64_t> parse_base256(std::string_view bytes) {
  const bool is_negative = (bytes[0] & 0x40) != 0;
  const unsigned inverted = is_negative ? 0xff : 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned byte = static_cast<unsigned char>(bytes[i]) ^ inverted;
    if (i == 0) byte &= 0x7f;  // The highest bit only says that this is base 256.
    if ((value >> 55) != 0) return std::nullopt;
    value = (value << 8) | byte;
  }
  const auto number = static_cast<std::int64_t>(value);
  return is_negative ? ~number : number;
}

std::optional<std::int64_t> parse_octal(std::string_view bytes) {
  constexpr std::string_view kFiller(" \0", 2);
  const std::size_t first = bytes.find_first_not_of(kFiller);
  if (first == std::string_view::npos) return 0;
  const std::size_t last = bytes.find_last_not_of(kFiller);
  std::string_view digits = bytes.substr(first, last - first + 1);
  digits = digits.substr(0, digits.find('\0'));
  std::int64_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value * 8 + (digit - '0');  // At most 12 digits: 36 bits.
  }
  return value;
}

// The number a PAX record gives, else the one in the header.
Result<std::int64_t> number_of(const Block& block, const Field& field, const Records& records) {
  const auto record = records.find(std::string(field.name));
  if (record == records.end()) return parse_number(block, field);
  const std::optional<std::int64_t> value = &field == &kModified
                                                ? parse_time(record->second)
                                                : parse_decimal<std::int64_t>(record->second);
  if (!value) {
    return corrupt("PAX record {} is no number: {}", field.name, printable(record->second));
  }
  return *value;
}

Result<std::uint32_t> id_of(const Block& block, const Field& field, const Records& records) {
  const std::int64_t id = TRY(number_of(block, field, records));
  if (id < 0 || id > std::numeric_limits<std::uint32_t>::max()) {
    return corrupt("{} {} is out of range", field.name, id);
  }
  return static_cast<std::uint32_t>(id);
}

std::string text_of(const Block& block, const Field& field, std::string_view key,
                    const Records& records) {
  const auto record = records.find(std::string(key));
  return record == records.end() ? std::string(parse_text(block, field)) : record->second;
}

bool is_ustar(const Block& block) {
  return field_of(block, kMagic).starts_with("ustar\0"sv);
}

bool is_gnu(const Block& block) {
  return field_of(block, kMagic) == "ustar  \0"sv;
}

std::string name_of(const Block& block, const Records& records) {
  if (const auto record = records.find("path"); record != records.end()) return record->second;
  const std::string_view name = parse_text(block, kName);
  if (!is_ustar(block)) return std::string(name);
  const bool is_star = field_of(block, kStarTrailer) == "tar\0"sv;
  const std::string_view prefix = parse_text(block, is_star ? kStarPrefix : kPrefix);
  return prefix.empty() ? std::string(name) : fmt::format("{}/{}", prefix, name);
}

TarType type_of(char flag, std::string_view name) {
  switch (flag) {
    case '\0':  // v7 has no directories but by their names.
      return name.ends_with('/') ? TarType::Directory : TarType::Regular;
    case '0':
    case '7':
      return TarType::Regular;
    case '1':
      return TarType::Hardlink;
    case '2':
      return TarType::Symlink;
    case '5':
      return TarType::Directory;
    default:
      return TarType::Other;
  }
}

// Links, devices, directories and pipes have no content, whatever size their header says.
bool has_content(char flag, TarType type) {
  if (type == TarType::Other) return flag != '3' && flag != '4' && flag != '6';
  return type == TarType::Regular;
}

Result<> refuse_sparse(char flag, const Records& records) {
  const auto sparse = records.lower_bound("GNU.sparse.");
  const bool has_record = sparse != records.end() && sparse->first.starts_with("GNU.sparse.");
  if (flag != 'S' && !has_record) return {};
  return corrupt("sparse files are not supported: archive it without --sparse");
}

Result<> check_texts(const TarEntry& entry) {
  if (entry.name.empty()) return corrupt("no name");
  if (entry.name.contains('\0')) return corrupt("NUL in the name");
  if (entry.link_target.contains('\0')) return corrupt("NUL in the link target");
  return {};
}

Result<TarEntry> parse_fields(const Block& block, const Records& records) {
  const char flag = block[kTypeOffset];
  TRY(refuse_sparse(flag, records));
  TarEntry entry;
  entry.name = name_of(block, records);
  entry.type = type_of(flag, entry.name);
  entry.mode = static_cast<std::uint32_t>(TRY(parse_number(block, kMode)) & 07777);
  entry.user_id = TRY(id_of(block, kUserId, records));
  entry.group_id = TRY(id_of(block, kGroupId, records));
  const std::int64_t size = TRY(number_of(block, kSize, records));
  if (size < 0) return corrupt("size {} is negative", size);
  if (has_content(flag, entry.type)) entry.size_bytes = static_cast<std::uint64_t>(size);
  entry.modified_seconds = TRY(number_of(block, kModified, records));
  entry.link_target = text_of(block, kLinkTarget, "linkpath", records);
  if (is_ustar(block) || is_gnu(block)) {
    entry.user_name = text_of(block, kUserName, "uname", records);
    entry.group_name = text_of(block, kGroupName, "gname", records);
  }
  TRY(check_texts(entry));
  return entry;
}

// One record, cut from the front of `rest`.
Result<> take_record(std::string_view& rest, Records& records) {
  const std::size_t space = rest.find(' ');
  const std::optional<std::size_t> length = parse_decimal<std::size_t>(rest.substr(0, space));
  if (space == std::string_view::npos || !length) return corrupt("PAX record without a length");
  if (*length > rest.size() || *length < space + 2) {
    return corrupt("PAX record of {} bytes where {} are left", *length, rest.size());
  }
  const std::string_view text = rest.substr(space + 1, *length - space - 1);
  const std::size_t equals = text.find('=');
  if (!text.ends_with('\n') || equals == std::string_view::npos || equals == 0) {
    return corrupt("PAX record is not <key>=<value>: {}", printable(text));
  }
  const std::string_view key = text.substr(0, equals);
  if (key.contains('\0')) return corrupt("NUL in a PAX key");
  records[std::string(key)] = text.substr(equals + 1, text.size() - equals - 2);
  rest.remove_prefix(*length);
  return {};
}

}  // namespace

std::uint64_t padding_bytes(std::uint64_t size_bytes) {
  return (kBlockBytes - size_bytes % kBlockBytes) % kBlockBytes;
}

std::string_view field_of(const Block& block, const Field& field) {
  return {block.data() + field.offset, field.bytes};
}

bool is_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

std::string_view parse_text(const Block& block, const Field& field) {
  const std::string_view bytes = field_of(block, field);
  return bytes.substr(0, bytes.find('\0'));
}

Result<std::int64_t> parse_number(const Block& block, const Field& field) {
  const std::string_view bytes = field_of(block, field);
  const bool is_base256 = (bytes[0] & 0x80) != 0;
  const std::optional<std::int64_t> value = is_base256 ? parse_base256(bytes) : parse_octal(bytes);
  if (!value) return corrupt("{} is no number: {}", field.name, printable(bytes));
  return *value;
}

Result<> check_checksum(const Block& block) {
  const std::int64_t expected = TRY(parse_number(block, kChecksum));
  std::int64_t unsigned_sum = 0;
  std::int64_t signed_sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool is_checksum = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.bytes;
    const char byte = is_checksum ? ' ' : block[i];
    unsigned_sum += static_cast<unsigned char>(byte);
    signed_sum += static_cast<signed char>(byte);
  }
  if (expected == unsigned_sum || expected == signed_sum) return {};
  return corrupt("header checksum is {:o}, not {:o}", unsigned_sum, expected);
}

Result<Records> parse_records(std::string_view bytes) {
  Records records;
  while (!bytes.empty()) TRY(take_record(bytes, records));
  return records;
}

Result<TarEntry> parse_entry(const Block& block, const Records& records) {
  return parse_fields(block, records)
      .context(fmt::format("tar member {}", printable(name_of(block, records))));
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kPrintableBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '\\';
    shown += is_plain ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return text.size() > kPrintableBytesMax ? shown + "…" : shown;
}

}  // namespace cairn::codec::tar
