// SPDX-License-Identifier: Apache-2.0
#include "http/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace cairn::http {

namespace {

constexpr std::size_t kUrlBytesMax = 16UL * 1024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '~';
}
bool is_printable(char c) {
  return c > 0x20 && c < 0x7f;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::optional<int> hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

bool is_valid_host(std::string_view host) {
  if (host.starts_with('[')) {
    if (host.size() < 4 || !host.ends_with(']')) return false;
    return std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
      return hex_value(c).has_value() || c == ':' || c == '.';
    });
  }
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

// Where the port's colon is, if any; those inside an IPv6 address do not count.
std::size_t find_port_colon(std::string_view authority) {
  const std::size_t bracket = authority.find(']');
  return authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
}

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!is_digit(text.front()) || port < 1 || port > 65535) return std::nullopt;
  return port;
}

int default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

// Nothing when `text` is no address.
std::optional<Url> take_apart(std::string_view text) {
  if (text.size() > kUrlBytesMax || !std::ranges::all_of(text, is_printable)) return std::nullopt;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = text.substr(0, colon);
  std::ranges::transform(url.scheme, url.scheme.begin(), lower);
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  text.remove_prefix(colon + 3);

  const std::size_t authority_end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  text.remove_prefix(authority_end);
  const std::size_t port_colon = find_port_colon(authority);
  if (port_colon != std::string_view::npos) {
    const std::optional<int> port = parse_port(authority.substr(port_colon + 1));
    if (!port) return std::nullopt;
    if (*port != default_port(url.scheme)) url.port = *port;
    authority = authority.substr(0, port_colon);
  }
  if (!is_valid_host(authority)) return std::nullopt;
  url.host = authority;
  std::ranges::transform(url.host, url.host.begin(), lower);

  if (text.contains('#')) return std::nullopt;
  const std::size_t question = text.find('?');
  url.path = text.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

}  // namespace

std::string Url::authority() const {
  return port == 0 || port == default_port(scheme) ? host : fmt::format("{}:{}", host, port);
}

std::string Url::origin() const {
  return fmt::format("{}://{}", scheme, authority());
}

std::string Url::text() const {
  return fmt::format("{}{}{}{}", origin(), path, query.empty() ? "" : "?", query);
}

Result<Url> parse_url(std::string_view text) {
  if (std::optional<Url> url = take_apart(text)) return std::move(*url);
  // A refused address may hold a password, so only what comes after the last '@' is shown.
  const std::string_view shown = text.substr(text.rfind('@') + 1).substr(0, 200);
  return invalid_argument(
      "\"{}\" is not an address of the form https://host[:port][/path], without user name and "
      "fragment",
      shown);
}

std::string percent_encode(std::string_view text, Slash slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && slash == Slash::Keep)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::IsSpace) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const auto high = i + 1 < text.size() ? hex_value(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_value(text[i + 2]) : std::nullopt;
      if (!high || !low) {
        return invalid_argument("\"{}\" is not percent-encoded: a '%' needs two hexadecimal digits",
                                text.substr(0, 200));
      }
      decoded += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace cairn::http
