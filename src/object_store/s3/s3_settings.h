// SPDX-License-Identifier: Apache-2.0
// Where a bucket is and how to be let in. Plain values; make_s3_store() checks them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/secret.h"

namespace cairn::object_store {

struct S3Settings {
  std::string bucket = {};
  // Put before every key: "backups/main". Slashes at its ends do not matter; "" is the whole
  // bucket.
  std::string prefix = {};
  // "https://host:port", with a path if the service lives below one; without a scheme https is
  // meant. Empty: Amazon's own, found by region.
  std::string endpoint = {};
  // Empty: asked of Amazon when there is no endpoint, else "us-east-1". When a server names another
  // region, that one is used from then on.
  std::string region = {};

  std::string access_key_id = {};
  Secret secret_access_key = {};
  Secret session_token = {};  // with temporary credentials only

  // The bucket in the path ("host/bucket/key") or in the host name ("bucket.host/key"). Absent:
  // in the host name for amazonaws.com where certificates allow it, else in the path.
  std::optional<bool> force_path_style = {};

  std::string storage_class = {};  // "" leaves it to the bucket
  std::string sse = {};            // "", "AES256" or "aws:kms"
  std::string sse_kms_id = {};     // needed with "aws:kms", refused without

  // Waiting this long for one request, beyond what moving its bytes may take, is Unavailable.
  std::chrono::milliseconds request_timeout{60'000};
};

}  // namespace cairn::object_store
