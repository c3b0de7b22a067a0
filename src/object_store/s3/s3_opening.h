// SPDX-License-Identifier: Apache-2.0
// Asking for a part of an object, and understanding what came instead. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "http/http_client.h"
#include "object_store/object_store.h"
#include "object_store/s3/s3_body.h"

namespace cairn::object_store {

// "bytes=5-9"; "" for the whole object.
std::string range_header(const ByteRange& range);

struct Opening {
  ObjectInfo info = {};  // size_bytes is that of the whole object
  BodyPlan plan = {};    // without the resource
};

// What the successful reply to a GET holds, whether the server heeded the range or sent everything.
// Corrupt if it is another range than the one asked for.
Result<Opening> parse_opening(const http::HttpResponse& response, const std::string& key,
                              const ByteRange& asked);

}  // namespace cairn::object_store
