// SPDX-License-Identifier: Apache-2.0
#include "postgres/server_error.h"

#include <algorithm>
#include <array>

namespace cairn::postgres {
namespace {

constexpr std::size_t kStateLength = 5;

struct Meaning {
  std::string_view prefix;  // of the SQLSTATE: five characters, or two for a class
  ErrorCode code;
};

// Appendix A of the PostgreSQL documentation; the first match counts.
constexpr std::array<Meaning, 17> kMeanings = {{
    {"42501", ErrorCode::Denied},        // insufficient_privilege
    {"28", ErrorCode::Denied},           // invalid authorization specification
    {"53100", ErrorCode::NoSpace},       // disk_full
    {"53", ErrorCode::Unavailable},      // insufficient resources
    {"08", ErrorCode::Unavailable},      // connection exception
    {"57P", ErrorCode::Unavailable},     // shutting down, starting up, crashed
    {"57014", ErrorCode::Unavailable},   // query_canceled, not by us: a time-out of the server
    {"25P03", ErrorCode::Unavailable},   // idle_in_transaction_session_timeout
    {"40", ErrorCode::Unavailable},      // transaction rollback: deadlock, recovery conflict
    {"55P03", ErrorCode::Unavailable},   // lock_not_available
    {"55", ErrorCode::InvalidArgument},  // object not in prerequisite state
    {"22", ErrorCode::InvalidArgument},  // data exception
    {"3D", ErrorCode::InvalidArgument},  // the database does not exist
    {"42", ErrorCode::InvalidArgument},  // undefined function and the like
    {"58P01", ErrorCode::NotFound},      // undefined_file
    {"XX001", ErrorCode::Corrupt},       // data_corrupted
    {"XX002", ErrorCode::Corrupt},       // index_corrupted
}};

bool is_state(std::string_view text) {
  return text.size() == kStateLength && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

// Finds the state in "FATAL:  28P01: password authentication failed", whatever the language of
// the first word. The whole mark ":  28P01: " is cut from `text` down to ": ".
std::string take_state(std::string& text) {
  constexpr std::string_view kBefore = ":  ";
  for (auto at = text.find(kBefore); at != std::string::npos; at = text.find(kBefore, at + 1)) {
    const auto start = at + kBefore.size();
    if (text.size() < start + kStateLength + 2) break;
    const std::string state = text.substr(start, kStateLength);
    if (!is_state(state) || text.compare(start + kStateLength, 2, ": ") != 0) continue;
    text.replace(at, kBefore.size() + kStateLength + 2, ": ");
    return state;
  }
  return {};
}

// One line for many, without the places in PostgreSQL's source that verbose errors name.
std::string join_lines(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty() || line.starts_with("LOCATION:")) continue;
    if (!result.empty()) result += "; ";
    result += line;
  }
  return result;
}

}  // namespace

ErrorCode code_of_state(std::string_view state) {
  for (const Meaning& meaning : kMeanings) {
    if (state.starts_with(meaning.prefix)) return meaning.code;
  }
  return ErrorCode::Internal;
}

Error error_of(const ServerComplaint& complaint) {
  std::string text(complaint.message);
  if (!complaint.detail.empty()) text += fmt::format(" ({})", complaint.detail);
  if (!complaint.hint.empty()) text += fmt::format(" (hint: {})", complaint.hint);
  return {code_of_state(complaint.state),
          fmt::format("PostgreSQL: {} [SQLSTATE {}]", join_lines(text), complaint.state)};
}

Error connection_error(std::string_view text, bool needs_password) {
  std::string message = join_lines(text);
  const std::string state = take_state(message);
  if (!state.empty()) {
    return {code_of_state(state), fmt::format("PostgreSQL: {} [SQLSTATE {}]", message, state)};
  }
  if (needs_password) return denied("PostgreSQL: {}", message);
  // What fails before libpq has tried a server is a setting that it does not understand.
  const bool has_tried = message.starts_with("connection to server") ||
                         message.starts_with("could not translate host name") ||
                         message.starts_with("could not look up");
  if (!has_tried) return invalid_argument("connection settings of PostgreSQL: {}", message);
  return unavailable("PostgreSQL: {}", message);
}

Error lost_connection_error(std::string_view text) {
  return unavailable("PostgreSQL: {}", join_lines(text));
}

}  // namespace cairn::postgres
