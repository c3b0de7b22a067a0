// SPDX-License-Identifier: Apache-2.0
// An S3 multipart upload.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "object_store/object_store.h"
#include "object_store/s3/s3_connection.h"
#include "object_store/store_rules.h"

namespace cairn::object_store {

inline constexpr int kS3PartCountMax = 10'000;
inline constexpr std::uint64_t kS3PartBytesMin = 5ULL << 20;
inline constexpr std::uint64_t kS3PutBytesMax = 5ULL << 30;  // of a part, too

// With what the parts were promised to be checked; given to the request that starts the upload.
inline constexpr std::string_view kS3PartChecksumAlgorithm = "CRC32C";

class S3Upload final : public Upload {
 public:
  // `connection` outlives the upload.
  S3Upload(S3Connection& connection, std::string name, std::string id, std::uint64_t part_bytes)
      : connection_(connection),
        name_(std::move(name)),
        id_(std::move(id)),
        parts_(Parts{PartSizes(part_bytes, kS3PartCountMax), {}}) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override;
  Result<> complete(int part_count, std::stop_token stop) override;
  Result<> abort(std::stop_token stop) override;

 private:
  struct Receipt {
    std::string etag = {};      // as the server wrote it
    std::string checksum = {};  // "" where none was sent
  };
  struct Parts {
    PartSizes sizes;
    std::map<int, Receipt> receipts;
  };

  Result<std::string> completion_body(int part_count) const;
  bool is_gone(std::stop_token stop);

  S3Connection& connection_;
  const std::string name_;
  const std::string id_;
  Guarded<Parts> parts_;
};

// Success too when the upload is gone already.
Result<> abort_s3_upload(S3Connection& connection, const std::string& name, const std::string& id,
                         std::stop_token stop);

}  // namespace cairn::object_store
