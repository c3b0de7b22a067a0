// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_connection.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "codec/digest.h"

namespace cairn::object_store {

namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
constexpr std::string_view kChecksumHeader = "x-amz-checksum-crc32c";
constexpr std::size_t kRegionBytesMax = 64;

bool has_header(const http::Headers& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const auto& header) { return header.first == name; });
}

// The region becomes part of a host name, so a server may not choose it freely.
bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= kRegionBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::string crc32c_checksum(std::string_view bytes) {
  codec::Crc32c crc;
  crc.update(bytes);
  std::array<unsigned char, 4> big_endian{};
  for (std::size_t i = 0; i < big_endian.size(); ++i) {
    big_endian[i] = static_cast<unsigned char>(crc.value() >> (24 - 8 * i));
  }
  return codec::to_base64(big_endian);
}

S3Connection::S3Connection(const S3Settings& settings, const S3Address& address,
                           http::HttpClient& http, Clock& clock)
    : bucket_(settings.bucket),
      timeout_(settings.request_timeout),
      credentials_{.access_key_id = settings.access_key_id,
                   .secret_access_key = settings.secret_access_key,
                   .session_token = settings.session_token},
      address_(address),
      uses_tls_(address.url(kDefaultRegion, "", {}).scheme == "https"),
      http_(http),
      clock_(clock) {
  std::string region = settings.region;
  if (region.empty() && address.has_endpoint()) region = kDefaultRegion;
  known_.with([&](Known& known) { known.region = region; });
}

Result<S3Answer> S3Connection::send(const S3Request& request, std::stop_token stop) {
  const std::string assumed =
      TRY(region(stop).context(fmt::format("find the region of bucket \"{}\"", bucket_)));
  S3Answer answer = TRY(send_once(request, assumed, stop));
  if (answer.failure && learn_region(*answer.failure, assumed)) {
    const std::string actual = TRY(region(stop));
    answer = TRY(send_once(request, actual, stop));
  }
  const bool proves_bucket = !answer.failure || answer.failure->code == "NoSuchKey";
  if (proves_bucket) known_.with([](Known& known) { known.has_bucket = true; });
  return answer;
}

Result<Bytes> S3Connection::fetch(const S3Request& request, std::size_t bytes_max,
                                  std::stop_token stop) {
  S3Answer answer = TRY(send(request, std::move(stop)));
  if (answer.failure) return error_of(request, *answer.failure);
  return read_all(*answer.response.body, bytes_max)
      .context(fmt::format("{} {}", request.action, resource(request.name)));
}

Error S3Connection::error_of(const S3Request& request, const S3Failure& failure) const {
  const std::string region = known_.with([](const Known& known) { return known.region; });
  return to_error(failure, {.action = request.action,
                            .resource = resource(request.name),
                            .bucket = bucket_,
                            .origin = address_.url(region, "", {}).origin(),
                            .region = region,
                            .access_key_id = credentials_.access_key_id});
}

std::string S3Connection::resource(std::string_view name) const {
  return fmt::format("s3://{}/{}", bucket_, name);
}

bool S3Connection::has_seen_bucket() const {
  return known_.with([](const Known& known) { return known.has_bucket; });
}

Result<std::string> S3Connection::region(std::stop_token stop) {
  const std::string known_region = known_.with([](const Known& known) { return known.region; });
  if (!known_region.empty()) return known_region;
  const std::string found = TRY(discover_region(std::move(stop)));
  known_.with([&](Known& known) { known.region = found; });
  return found;
}

// Amazon names a bucket's region to everybody, even where it refuses everything else.
Result<std::string> S3Connection::discover_region(std::stop_token stop) {
  const http::Url url = address_.regionless_url();
  http::HttpResponse response =
      TRY(http_.send({.method = "HEAD", .url = url.text(), .timeout = timeout_}, std::move(stop)));
  const std::string region = response.header("x-amz-bucket-region");
  if (is_region(region)) return region;
  if (response.status >= 500) {
    return unavailable("{} answers with HTTP {}", url.origin(), response.status);
  }
  return std::string(kDefaultRegion);
}

// True if the failure named another region, which is then the one to use.
bool S3Connection::learn_region(const S3Failure& failure, const std::string& assumed) {
  const bool is_about_region =
      failure.status == 301 || failure.status == 307 || failure.status == 400;
  if (!is_about_region || failure.region == assumed || !is_region(failure.region)) return false;
  const bool is_news = known_.with([&](Known& known) {
    return std::exchange(known.region, failure.region);
  }) != failure.region;
  if (is_news) {
    log_warning(
        "bucket \"{}\" is in region {}, not {}: using that; set AWS_REGION to spare a request",
        bucket_, failure.region, assumed);
  }
  return true;
}

Result<S3Answer> S3Connection::send_once(const S3Request& request, const std::string& region,
                                         std::stop_token stop) {
  UnsignedRequest unsigned_request{.method = request.method,
                                   .url = address_.url(region, request.name, request.query),
                                   .headers = request.headers};
  unsigned_request.payload_hash = protect_body(request, unsigned_request.headers);
  const http::HttpRequest signed_request{
      .method = request.method,
      .url = unsigned_request.url.text(),
      .headers = sign_s3_request(unsigned_request, credentials_, region, clock_.now()),
      .body = request.body,
      .timeout = timeout_};
  S3Answer answer;
  answer.response = TRY(http_.send(signed_request, std::move(stop))
                            .context(fmt::format("{} {}", request.action, resource(request.name))));
  if (answer.response.status < 200 || answer.response.status > 299) {
    answer.failure = read_failure(answer.response);
  }
  return answer;
}

// Without TLS the signature covers the body. With it, hashing for the signature would only cost
// time: a checksum is enough for what may happen to the bytes behind the TLS connection.
std::string S3Connection::protect_body(const S3Request& request, http::Headers& headers) const {
  if (!uses_tls_) return codec::sha256_hex(request.body);
  const bool is_protected =
      has_header(headers, "Content-MD5") || has_header(headers, kChecksumHeader);
  if (!request.body.empty() && !is_protected) {
    if (checks_crc32c()) {
      headers.emplace_back(kChecksumHeader, crc32c_checksum(request.body));
    } else {
      headers.emplace_back("Content-MD5", codec::to_base64(codec::md5(request.body)));
    }
  }
  return std::string(kUnsignedPayload);
}

}  // namespace cairn::object_store
