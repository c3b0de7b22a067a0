// SPDX-License-Identifier: Apache-2.0
// Failure as a value.
//
// Every function that can fail for a reason outside the program returns Result<T>. An ignored
// Result does not compile without a warning, because an ignored error is the classic way to lose a
// backup. ASSERT is for what only we can get wrong; it stays on in release builds, since for a
// backup tool stopping is safe and continuing is not.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace cairn {

// What went wrong, told by what a caller can do about it. A code exists only if some caller
// branches on it; everything else is Internal with a message.
enum class ErrorCode {
  NotFound,         // the thing named does not exist
  AlreadyExists,    // a create-only write met an existing object
  Conflict,         // somebody changed it since we read it: read again
  InvalidArgument,  // the request can never succeed as written
  Denied,           // credentials missing, expired or not allowed
  Corrupt,          // stored bytes do not match their checksum or format
  NoSpace,          // the disk is full: retrying does not help until somebody makes room
  Unavailable,      // try again later
  Cancelled,        // we were asked to stop
  Internal,         // none of the above
};

std::string_view error_code_name(ErrorCode code);

class Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  bool retryable() const { return code_ == ErrorCode::Unavailable; }

  // Says what we were doing: "upload part 3: connection reset".
  void add_context(std::string_view doing) { message_ = fmt::format("{}: {}", doing, message_); }

 private:
  ErrorCode code_;
  std::string message_;
};

// not_found("no backup {}", name), and so on: one maker per code.
template <ErrorCode kCode>
struct MakeError {
  template <class... Args>
  Error operator()(fmt::format_string<Args...> format, Args&&... args) const {
    return {kCode, fmt::format(format, std::forward<Args>(args)...)};
  }
};
inline constexpr MakeError<ErrorCode::NotFound> not_found{};
inline constexpr MakeError<ErrorCode::AlreadyExists> already_exists{};
inline constexpr MakeError<ErrorCode::Conflict> conflict{};
inline constexpr MakeError<ErrorCode::InvalidArgument> invalid_argument{};
inline constexpr MakeError<ErrorCode::Denied> denied{};
inline constexpr MakeError<ErrorCode::Corrupt> corrupt{};
inline constexpr MakeError<ErrorCode::NoSpace> no_space{};
inline constexpr MakeError<ErrorCode::Unavailable> unavailable{};
inline constexpr MakeError<ErrorCode::Cancelled> cancelled{};
inline constexpr MakeError<ErrorCode::Internal> internal_error{};

// The error of a failed system call: ENOENT is NotFound, EEXIST AlreadyExists, EACCES and EPERM
// Denied, ENOSPC and EDQUOT NoSpace, anything else Internal. The text names `doing` and the cause.
Error system_error(int errno_value, std::string_view doing);

[[noreturn]] void assertion_failed(const char* what, const char* file, int line);
#define ASSERT(condition) \
  ((condition) ? void() : ::cairn::assertion_failed(#condition, __FILE__, __LINE__))

// A value, or the Error that says why there is none. Reading the wrong one is a bug and aborts.
template <class T = void>
class [[nodiscard]] Result {
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

 public:
  Result()
    requires std::is_void_v<T>
      : state_(std::in_place_index<0>) {}
  Result(Value value)  // NOLINT(google-explicit-constructor): returning a value is the point.
      : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error)  // NOLINT(google-explicit-constructor): returning an error is the point.
      : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  const Value& value() const& { return (ASSERT(ok()), *std::get_if<0>(&state_)); }
  Value& value() & { return (ASSERT(ok()), *std::get_if<0>(&state_)); }
  Value value() && { return (ASSERT(ok()), std::move(*std::get_if<0>(&state_))); }
  const Error& error() const& { return (ASSERT(!ok()), *std::get_if<1>(&state_)); }
  Error error() && { return (ASSERT(!ok()), std::move(*std::get_if<1>(&state_))); }

  // The same result, its error (if any) prefixed with what we were doing.
  Result context(std::string_view doing) && {
    if (!ok()) std::get_if<1>(&state_)->add_context(doing);
    return std::move(*this);
  }

 private:
  std::variant<Value, Error> state_;
};

// The value of a Result, or return its error from the enclosing function. One TRY per statement.
#define TRY(expression)                     \
  __extension__({                           \
    auto try_result = (expression);         \
    if (!try_result.ok()) [[unlikely]]      \
      return std::move(try_result).error(); \
    std::move(try_result).value();          \
  })

}  // namespace cairn
