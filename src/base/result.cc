// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace cairn {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::NotFound:
      return "NotFound";
    case ErrorCode::AlreadyExists:
      return "AlreadyExists";
    case ErrorCode::Conflict:
      return "Conflict";
    case ErrorCode::InvalidArgument:
      return "InvalidArgument";
    case ErrorCode::Denied:
      return "Denied";
    case ErrorCode::Corrupt:
      return "Corrupt";
    case ErrorCode::NoSpace:
      return "NoSpace";
    case ErrorCode::Unavailable:
      return "Unavailable";
    case ErrorCode::Cancelled:
      return "Cancelled";
    case ErrorCode::Internal:
      return "Internal";
  }
  return "Internal";
}

namespace {

ErrorCode code_of_errno(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case EEXIST:
      return ErrorCode::AlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::Denied;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::NoSpace;
    default:
      return ErrorCode::Internal;
  }
}

}  // namespace

Error system_error(int errno_value, std::string_view doing) {
  return {code_of_errno(errno_value),
          fmt::format("{}: {}", doing, std::generic_category().message(errno_value))};
}

void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
  std::abort();
}

}  // namespace cairn
