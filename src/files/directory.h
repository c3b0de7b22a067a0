// SPDX-License-Identifier: Apache-2.0
// A folder on a disk and everything below it, reached only by relative paths.
//
// Holding a Directory is the permission to touch what is below it and nothing else. A path that is
// absolute, has an empty, "." or ".." part, or passes through a symbolic link is InvalidArgument,
// so that a hostile archive cannot write outside the folder it is unpacked into, also when the
// folder changes meanwhile. Symbolic links themselves can be made, read, listed and removed; to
// work behind one, read it and open its target as a Directory of its own.
//
// An empty path means the directory itself where that makes sense: open_directory, list, stat,
// sync. Names are bytes. Thread-safe. Disk calls cannot be cancelled, so nothing here takes a stop
// token.
//
// Errors: NotFound, AlreadyExists, Denied, NoSpace mean what they say; InvalidArgument is a bad
// path or the wrong type of thing at it. All name the full path.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "files/file.h"

namespace cairn::files {

struct DirectoryEntry {
  std::string name;
  FileType type = FileType::Regular;
};

enum class Access { Read, ReadWrite };

enum class IfExists { Replace, Fail };

class Directory {
 public:
  virtual ~Directory() = default;

  // Where it is, for messages.
  virtual const std::string& path() const = 0;

  // An existing regular file; anything else at that name is InvalidArgument.
  virtual Result<std::unique_ptr<File>> open_file(std::string_view path, Access access) = 0;
  // A new file, for reading and writing; AlreadyExists if the name is taken, by a link too. `mode`
  // is narrowed by the umask.
  virtual Result<std::unique_ptr<File>> create_file(std::string_view path, std::uint32_t mode) = 0;
  // Keeps what an existing file holds.
  virtual Result<std::unique_ptr<File>> open_or_create_file(std::string_view path,
                                                            std::uint32_t mode) = 0;

  // A handle of its own; outlives this one.
  virtual Result<std::unique_ptr<Directory>> open_directory(std::string_view path) = 0;
  // AlreadyExists if the name is taken. `mode` is narrowed by the umask.
  virtual Result<> make_directory(std::string_view path, std::uint32_t mode) = 0;
  // Without "." and "..", ascending by name (bytewise). Entries that come or go meanwhile may be
  // in it or not.
  virtual Result<std::vector<DirectoryEntry>> list(std::string_view path) = 0;

  // Of a link itself, not of its target.
  virtual Result<FileStat> stat(std::string_view path) = 0;
  virtual Result<> set_mode(std::string_view path, std::uint32_t mode) = 0;
  virtual Result<> set_modified(std::string_view path, FileTime modified) = 0;

  // Atomic in both forms, also against other processes.
  virtual Result<> rename(std::string_view from, std::string_view to, IfExists if_exists) = 0;
  // A file or a link.
  virtual Result<> remove_file(std::string_view path) = 0;
  // Conflict if it is not empty.
  virtual Result<> remove_directory(std::string_view path) = 0;

  // The target is stored as given and never followed.
  virtual Result<> make_symlink(std::string_view target, std::string_view path) = 0;
  virtual Result<std::string> read_symlink(std::string_view path) = 0;

  // The directory's entries (created, renamed, removed names) are on the disk when this returns.
  virtual Result<> sync(std::string_view path) = 0;
  // The barrier after many writes: everything of this file system is on the disk.
  virtual Result<> sync_file_system() = 0;
  virtual Result<std::uint64_t> free_space_bytes() = 0;
  // Whether files here can have attributes; asks without writing.
  virtual Result<bool> has_attributes() = 0;
};

// Whether `path` is one a Directory takes.
bool is_relative_path(std::string_view path);

// Makes the directory and its missing parents; fine if it is there.
Result<> make_directories(Directory& directory, std::string_view path, std::uint32_t mode);

// The whole file; Corrupt if it is larger than `bytes_max`.
Result<std::string> read_file(Directory& directory, std::string_view path, std::uint64_t bytes_max);

// Creates or replaces a file so that after a crash it has either its old or its new content. Uses
// "<path>.tmp" beside it, so one writer at a time; what a crash left there is replaced.
Result<> write_file_atomically(Directory& directory, std::string_view path, std::string_view bytes,
                               std::uint32_t mode);

// Removes everything below `path` and then it; fine if it is not there. Links are removed, never
// followed.
Result<> remove_all(Directory& directory, std::string_view path);

}  // namespace cairn::files
