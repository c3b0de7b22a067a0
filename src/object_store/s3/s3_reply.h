// SPDX-License-Identifier: Apache-2.0
// The bodies of S3's successful replies. Pure; Corrupt names what is missing or wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/http_client.h"
#include "object_store/object_store.h"

namespace cairn::object_store {

// ListObjectsV2. Names begin with `root` (which ends in '/' or is empty) and lose it; one that does
// not begin with `root` and `prefix` is Corrupt. Folder markers, whose names end in '/', are left
// out.
Result<ListPage> parse_list(std::string_view body, std::string_view root, std::string_view prefix);

// InitiateMultipartUpload: the upload id.
Result<std::string> parse_upload_id(std::string_view body);

struct UnfinishedUpload {
  std::string name = {};  // with the root
  std::string upload_id = {};
  WallTime started = {};
};
struct UnfinishedPage {
  std::vector<UnfinishedUpload> uploads = {};
  // Where the next page begins; both empty on the last.
  std::string key_marker = {};
  std::string upload_id_marker = {};
};
// ListMultipartUploads.
Result<UnfinishedPage> parse_unfinished(std::string_view body);

struct RefusedRemoval {
  std::string name = {};  // with the root
  std::string code = {};
  std::string message = {};
};
// DeleteObjects: what was not removed.
Result<std::vector<RefusedRemoval>> parse_removal(std::string_view body);

// Facts of an object from the headers of GET or HEAD. size_bytes is Content-Length.
Result<ObjectInfo> parse_object_headers(const http::HttpResponse& response, std::string key);

// Digits only.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// Without the quotes around it.
std::string unquote(std::string_view etag);

}  // namespace cairn::object_store
