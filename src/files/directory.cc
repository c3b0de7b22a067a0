// SPDX-License-Identifier: Apache-2.0
#include "files/directory.h"

#include <algorithm>

namespace cairn::files {

namespace {

// PATH_MAX of Linux, its terminating zero included.
constexpr std::size_t kPathBytesMax = 4095;

bool is_name(std::string_view part) {
  return !part.empty() && part != "." && part != "..";
}

}  // namespace

bool is_relative_path(std::string_view path) {
  if (path.size() > kPathBytesMax || path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    if (!is_name(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Result<> make_directories(Directory& directory, std::string_view path, std::uint32_t mode) {
  // Most of the time all but the last are there, so try that first and the parents only if needed.
  const Result<> made = directory.make_directory(path, mode);
  if (made.ok()) return {};
  if (made.error().code() == ErrorCode::AlreadyExists) {
    const FileStat found = TRY(directory.stat(path));
    if (found.type == FileType::Directory) return {};
    return invalid_argument("make directory {}/{}: a {} is there already", directory.path(), path,
                            file_type_name(found.type));
  }
  const std::size_t slash = path.rfind('/');
  if (made.error().code() != ErrorCode::NotFound || slash == std::string_view::npos) {
    return made.error();
  }
  TRY(make_directories(directory, path.substr(0, slash), mode));
  const Result<> again = directory.make_directory(path, mode);
  // Somebody else may have made it in between; that is as good.
  if (!again.ok() && again.error().code() != ErrorCode::AlreadyExists) return again.error();
  return {};
}

Result<std::string> read_file(Directory& directory, std::string_view path,
                              std::uint64_t bytes_max) {
  const std::unique_ptr<File> file = TRY(directory.open_file(path, Access::Read));
  // The size is only where to start: files of /proc have none, and others grow.
  const FileStat status = TRY(file->stat());
  std::string bytes(std::min<std::uint64_t>(status.size_bytes, bytes_max) + 1, '\0');
  std::size_t filled = 0;
  while (true) {
    filled += TRY(file->read_at(filled, std::span(bytes).subspan(filled)));
    if (filled > bytes_max) {
      return corrupt("{}/{} is longer than {} bytes", directory.path(), path, bytes_max);
    }
    if (filled < bytes.size()) break;
    bytes.resize(bytes.size() * 2);
  }
  bytes.resize(filled);
  return bytes;
}

Result<> write_file_atomically(Directory& directory, std::string_view path, std::string_view bytes,
                               std::uint32_t mode) {
  const std::string temporary = std::string(path) + ".tmp";
  const Result<> removed = directory.remove_file(temporary);
  if (!removed.ok() && removed.error().code() != ErrorCode::NotFound) return removed.error();
  {
    const std::unique_ptr<File> file = TRY(directory.create_file(temporary, mode));
    TRY(file->write_at(0, bytes));
    TRY(file->sync());
  }
  TRY(directory.rename(temporary, path, IfExists::Replace));
  const std::size_t slash = path.rfind('/');
  return directory.sync(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

Result<> remove_all(Directory& directory, std::string_view path) {
  const Result<FileStat> found = directory.stat(path);
  if (!found.ok() && found.error().code() == ErrorCode::NotFound) return {};
  if (!found.ok()) return found.error();
  if (found.value().type != FileType::Directory) return directory.remove_file(path);
  const std::unique_ptr<Directory> inside = TRY(directory.open_directory(path));
  for (const DirectoryEntry& entry : TRY(inside->list(""))) TRY(remove_all(*inside, entry.name));
  return directory.remove_directory(path);
}

}  // namespace cairn::files
