// SPDX-License-Identifier: Apache-2.0
// What S3Settings must be before a request may be made of them. Pure.
#pragma once

#include "base/result.h"
#include "object_store/s3/s3_settings.h"

namespace cairn::object_store {

// The same settings, the prefix empty or with exactly one slash at its end and none at its start.
// InvalidArgument names the setting by the variable that users set.
Result<S3Settings> checked_settings(const S3Settings& settings);

}  // namespace cairn::object_store
