// SPDX-License-Identifier: Apache-2.0
// Objects in a bucket of Amazon S3 or of any service that speaks its protocol.
//
// One request is one attempt: retrying belongs to layers/. Requests are signed (Signature Version
// 4); over plain http the signature covers the body, over https a checksum header protects it from
// what TLS cannot see. Nothing is sent before the first call, so a store that cannot be reached or
// a key that is refused shows up there.
//
// Errors name the object as s3://bucket/name, the service's own error code, the way out and the
// request id that the operator of the service will ask for.
#pragma once

#include <memory>

#include "base/clock.h"
#include "http/http_client.h"
#include "object_store/object_store.h"
#include "object_store/s3/s3_settings.h"

namespace cairn::object_store {

// InvalidArgument names the setting that cannot be right. `http` and `clock` outlive the store and
// the bodies and uploads it hands out; so does the store its uploads.
//
// Keys that end in '/' (folder markers made by consoles) are left out of listings.
Result<std::unique_ptr<ObjectStore>> make_s3_store(const S3Settings& settings,
                                                   http::HttpClient& http, Clock& clock);

}  // namespace cairn::object_store
