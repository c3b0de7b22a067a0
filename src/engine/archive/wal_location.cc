// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_location.h"

#include <utility>

#include "files/directory.h"
#include "files/disk_directory.h"
#include "postgres/control_file.h"

namespace cairn::engine {

namespace {

constexpr std::string_view kWalDirectory = "pg_wal";
constexpr int kReadsMax = 10;

// The path before its last '/' and what follows it.
std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {".", path};
  if (slash == 0) return {"/", path.substr(1)};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

WalLocation locate_wal(std::string_view path, std::string_view pgdata_setting) {
  const auto [directory, file] = split_path(path);
  WalLocation location = {.directory = std::string(directory),
                          .file = std::string(file),
                          .pgdata = std::string(pgdata_setting)};
  const auto [parent, name] = split_path(directory);
  if (name == kWalDirectory) {
    location.pgdata = std::string(parent);
    location.is_wal_directory = true;
  }
  return location;
}

Result<std::optional<std::uint64_t>> find_system_identifier(const std::string& pgdata) {
  if (pgdata.empty()) return std::optional<std::uint64_t>();
  const std::string control_path(postgres::kControlFilePath);
  for (int reads = 1;; ++reads) {
    const auto directory = files::open_disk_directory(pgdata);
    const Result<std::string> bytes =
        directory.ok()
            ? files::read_file(*directory.value(), control_path, postgres::kControlFileBytes)
            : Result<std::string>(directory.error());
    if (!bytes.ok() && bytes.error().code() == ErrorCode::NotFound) {
      return std::optional<std::uint64_t>();
    }
    if (!bytes.ok()) return bytes.error();
    const auto control = postgres::parse_control_file(bytes.value());
    if (control.ok()) return std::optional(control.value().system_identifier);
    if (control.error().code() != ErrorCode::Corrupt || reads == kReadsMax) {
      return Result<std::optional<std::uint64_t>>(control.error())
          .context(pgdata + "/" + control_path);
    }
  }
}

}  // namespace cairn::engine
