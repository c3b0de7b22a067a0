// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <optional>

#include "codec/digest.h"

namespace cairn::codec {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string_view as_chars(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<unsigned> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A' + 10);
  return std::nullopt;
}

unsigned byte_at(std::string_view bytes, std::size_t index) {
  return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0;
}

// Three bytes from four digits, of which the last `padding_count` are '='.
Result<> append_base64_group(std::string_view group, std::size_t padding_count, std::string& out) {
  unsigned bits = 0;
  for (const char digit : group.substr(0, 4 - padding_count)) {
    const std::size_t value = kBase64Digits.find(digit);
    if (value == std::string_view::npos) return invalid_argument("not base64: unknown digit");
    bits = (bits << 6) | static_cast<unsigned>(value);
  }
  bits <<= 6 * padding_count;
  const unsigned unused_mask = padding_count == 0 ? 0 : padding_count == 1 ? 0xff : 0xffff;
  if ((bits & unused_mask) != 0) return invalid_argument("not base64: stray bits at the end");
  for (std::size_t byte = 0; byte < 3 - padding_count; ++byte) {
    out += static_cast<char>((bits >> (16 - 8 * byte)) & 0xff);
  }
  return {};
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0xf];
  }
  return text;
}

std::string to_hex(std::span<const unsigned char> bytes) {
  return to_hex(as_chars(bytes));
}

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return invalid_argument("not hexadecimal: {} digits is an odd number", text.size());
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::optional<unsigned> high = hex_value(text[i]);
    const std::optional<unsigned> low = hex_value(text[i + 1]);
    if (!high || !low) {
      return invalid_argument("not hexadecimal: character {} is no digit", high ? i + 2 : i + 1);
    }
    bytes += static_cast<char>((*high << 4) | *low);
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const unsigned bits =
        (byte_at(bytes, i) << 16) | (byte_at(bytes, i + 1) << 8) | byte_at(bytes, i + 2);
    const std::size_t digit_count = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t digit = 0; digit < 4; ++digit) {
      text += digit < digit_count ? kBase64Digits[(bits >> (18 - 6 * digit)) & 0x3f] : '=';
    }
  }
  return text;
}

std::string to_base64(std::span<const unsigned char> bytes) {
  return to_base64(as_chars(bytes));
}

Result<std::string> from_base64(std::string_view text) {
  std::string digits;
  digits.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(digits),
                       [](char c) { return c != '\r' && c != '\n'; });
  if (digits.size() % 4 != 0) {
    return invalid_argument("not base64: {} characters is no multiple of 4", digits.size());
  }
  std::string bytes;
  bytes.reserve(digits.size() / 4 * 3);
  for (std::size_t i = 0; i < digits.size(); i += 4) {
    const std::string_view group = std::string_view(digits).substr(i, 4);
    const bool is_last = i + 4 == digits.size();
    std::size_t padding_count = 0;
    if (is_last && group[3] == '=') padding_count = group[2] == '=' ? 2 : 1;
    Result<> appended = append_base64_group(group, padding_count, bytes);
    if (!appended.ok()) {
      return std::move(appended).context(fmt::format("characters {} to {}", i + 1, i + 4)).error();
    }
  }
  return bytes;
}

}  // namespace cairn::codec
