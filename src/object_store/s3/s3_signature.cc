// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_signature.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "codec/digest.h"

namespace cairn::object_store {

namespace {

// "20130524T000000Z"
std::string basic_time(WallTime time) {
  const std::string rfc3339 = format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  std::string basic;
  for (const char c : rfc3339) {
    if (c != '-' && c != ':') basic += c;
  }
  return basic;
}

// Trimmed, and every run of blanks inside becomes one.
std::string canonical_value(std::string_view value) {
  std::string canonical;
  for (const char c : value) {
    const bool is_blank = c == ' ' || c == '\t';
    if (is_blank && (canonical.empty() || canonical.back() == ' ')) continue;
    canonical += is_blank ? ' ' : c;
  }
  if (canonical.ends_with(' ')) canonical.pop_back();
  return canonical;
}

std::map<std::string, std::string> canonical_headers(const http::Headers& headers,
                                                     const http::Url& url) {
  std::map<std::string, std::string> canonical{{"host", url.authority()}};
  for (const auto& [name, value] : headers) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    canonical[lower] = canonical_value(value);
  }
  return canonical;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::string> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string parameter(query.substr(0, end));
    if (!parameter.contains('=')) parameter += '=';
    parameters.push_back(std::move(parameter));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::ranges::sort(parameters);
  return fmt::format("{}", fmt::join(parameters, "&"));
}

Secret hmac(const Secret& key, std::string_view text) {
  const std::array<unsigned char, 32> digest = codec::hmac_sha256(key.expose(), text);
  return Secret(std::string(digest.begin(), digest.end()));
}

Secret signing_key(const Secret& secret_access_key, std::string_view day, std::string_view region) {
  Secret start(fmt::format("AWS4{}", secret_access_key.expose()));
  return hmac(hmac(hmac(hmac(start, day), region), "s3"), "aws4_request");
}

}  // namespace

http::Headers sign_s3_request(const UnsignedRequest& request, const S3Credentials& credentials,
                              std::string_view region, WallTime time) {
  const std::string stamp = basic_time(time);
  const std::string_view day = std::string_view(stamp).substr(0, 8);
  http::Headers headers = request.headers;
  headers.emplace_back("x-amz-content-sha256", request.payload_hash);
  headers.emplace_back("x-amz-date", stamp);
  if (!credentials.session_token.empty()) {
    headers.emplace_back("x-amz-security-token", credentials.session_token.expose());
  }

  std::string header_lines;
  std::string header_names;
  for (const auto& [name, value] : canonical_headers(headers, request.url)) {
    header_lines += fmt::format("{}:{}\n", name, value);
    if (!header_names.empty()) header_names += ';';
    header_names += name;
  }
  const std::string canonical_request = fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{}", request.method, request.url.path,
      canonical_query(request.url.query), header_lines, header_names, request.payload_hash);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", day, region);
  const std::string string_to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, scope,
                                                 codec::sha256_hex(canonical_request));
  const Secret key = signing_key(credentials.secret_access_key, day, region);
  const std::string signature = codec::to_hex(hmac(key, string_to_sign).expose());
  headers.emplace_back("Authorization",
                       fmt::format("AWS4-HMAC-SHA256 "
                                   "Credential={}/{},SignedHeaders={},Signature={}",
                                   credentials.access_key_id, scope, header_names, signature));
  return headers;
}

}  // namespace cairn::object_store
