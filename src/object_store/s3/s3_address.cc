// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_address.h"

#include <algorithm>

namespace cairn::object_store {

namespace {

// What may stand in front of a host name: lower-case letters, digits and hyphens, 3 to 63 of them.
// A dot would be legal, but no wildcard certificate covers it, so it may stand there without TLS.
bool can_be_in_host(std::string_view bucket, bool has_tls) {
  const auto is_edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return bucket.size() >= 3 && bucket.size() <= 63 && is_edge(bucket.front()) &&
         is_edge(bucket.back()) && std::ranges::all_of(bucket, [&](char c) {
           return is_edge(c) || c == '-' || (c == '.' && !has_tls);
         });
}

bool is_amazon_host(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

std::string amazon_host(std::string_view region) {
  return fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

std::string encode_query(S3Query query) {
  for (auto& [name, value] : query) {
    name = http::percent_encode(name);
    value = http::percent_encode(value);
  }
  std::ranges::sort(query);
  std::string encoded;
  for (const auto& [name, value] : query) {
    encoded += fmt::format("{}{}={}", encoded.empty() ? "" : "&", name, value);
  }
  return encoded;
}

}  // namespace

Result<S3Address> S3Address::parse(const S3Settings& settings) {
  S3Address address;
  address.bucket_ = settings.bucket;
  address.has_endpoint_ = !settings.endpoint.empty();
  address.endpoint_ = {.scheme = "https", .path = "/"};
  if (address.has_endpoint_) {
    const bool has_scheme = settings.endpoint.contains("://");
    address.endpoint_ = TRY(http::parse_url((has_scheme ? "" : "https://") + settings.endpoint)
                                .context("the S3 endpoint"));
    if (!address.endpoint_.query.empty()) {
      return invalid_argument("the S3 endpoint \"{}\" has a '?': it is the address of a server",
                              address.endpoint_.origin());
    }
    if (!address.endpoint_.path.ends_with('/')) address.endpoint_.path += '/';
  }
  address.is_amazon_ = !address.has_endpoint_ || is_amazon_host(address.endpoint_.host);

  const bool has_tls = address.endpoint_.scheme == "https";
  const bool fits = can_be_in_host(settings.bucket, has_tls);
  address.bucket_in_host_ =
      settings.force_path_style ? !*settings.force_path_style : address.is_amazon_ && fits;
  if (address.bucket_in_host_ && !can_be_in_host(settings.bucket, false)) {
    return invalid_argument(
        "bucket \"{}\" cannot be part of a host name: set AWS_S3_FORCE_PATH_STYLE to true",
        settings.bucket);
  }
  return address;
}

http::Url S3Address::with_bucket(http::Url base) const {
  if (bucket_in_host_) {
    base.host = fmt::format("{}.{}", bucket_, base.host);
  } else {
    base.path += http::percent_encode(bucket_);
    base.path += '/';
  }
  return base;
}

http::Url S3Address::url(std::string_view region, std::string_view name,
                         const S3Query& query) const {
  http::Url base = endpoint_;
  if (!has_endpoint_) base.host = amazon_host(region);
  http::Url url = with_bucket(std::move(base));
  url.path += http::percent_encode(name, http::Slash::Keep);
  url.query = encode_query(query);
  return url;
}

http::Url S3Address::regionless_url() const {
  return with_bucket({.scheme = "https", .host = "s3.amazonaws.com", .path = "/"});
}

}  // namespace cairn::object_store
