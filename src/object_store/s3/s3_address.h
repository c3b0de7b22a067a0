// SPDX-License-Identifier: Apache-2.0
// Where a bucket and its objects are on the network. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/url.h"
#include "object_store/s3/s3_settings.h"

namespace cairn::object_store {

using S3Query = std::vector<std::pair<std::string, std::string>>;  // not encoded

class S3Address {
 public:
  // InvalidArgument if the endpoint is none, or if the bucket cannot be part of its host name
  // though the settings want it there.
  static Result<S3Address> parse(const S3Settings& settings);

  // The address of an object, or of the bucket when `name` is empty.
  http::Url url(std::string_view region, std::string_view name, const S3Query& query) const;
  // Amazon's address for a bucket whose region is not known.
  http::Url regionless_url() const;

  // Served by Amazon itself, which knows regions and newer checksums.
  bool is_amazon() const { return is_amazon_; }
  bool has_endpoint() const { return has_endpoint_; }

 private:
  http::Url with_bucket(http::Url base) const;

  std::string bucket_;
  http::Url endpoint_;  // its host is empty when only the region tells it
  bool has_endpoint_ = false;
  bool is_amazon_ = false;
  bool bucket_in_host_ = false;
};

}  // namespace cairn::object_store
