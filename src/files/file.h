// SPDX-License-Identifier: Apache-2.0
// One open regular file, read and written at offsets.
//
// An interface so that tests put failing disks behind it; the real one is opened through a
// Directory. Positions are explicit, so several threads may use one File as long as they do not
// write what others read. Closed when destroyed; whoever needs the bytes to survive a crash calls
// sync() first, because closing reports nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::files {

enum class FileType { Regular, Directory, Symlink, Other };

std::string_view file_type_name(FileType type);

// Nanoseconds, because two versions of a file may be written in one microsecond.
using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;

struct FileStat {
  FileType type = FileType::Regular;
  std::uint64_t size_bytes = 0;
  std::uint32_t mode = 0;  // the permission bits, 07777
  FileTime modified = {};
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;
};

// How the file will be read; the kernel reads ahead or drops its cache accordingly.
enum class Advice {
  Sequential,
  WillNeed,
  DontNeed,  // for what was read once: a backup must not push the database out of the cache
};

class File {
 public:
  virtual ~File() = default;

  // Fills `out` from `offset`; fewer bytes only where the file ends. Returns how many.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) = 0;
  // Writes all of `bytes`. On NoSpace and other failures a part may have been written.
  virtual Result<> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Result<> truncate(std::uint64_t size_bytes) = 0;

  // Content and size (sync_data), and also times and mode (sync), are on the disk when this
  // returns. After a failure the kernel may have dropped the bytes: never retry, write the file
  // anew.
  virtual Result<> sync_data() = 0;
  virtual Result<> sync() = 0;
  // Starts writing dirty pages of the range to the disk and does not wait, so that a later sync()
  // has little left to do. Promises nothing; never fails.
  virtual void start_writeback(std::uint64_t offset, std::uint64_t length) = 0;
  // Only a hint; never fails. Length 0 means to the end.
  virtual void advise(Advice advice, std::uint64_t offset, std::uint64_t length) = 0;

  virtual Result<FileStat> stat() = 0;
  virtual Result<> set_mode(std::uint32_t mode) = 0;

  // Small texts beside the content (extended attributes named "user.…"). InvalidArgument where the
  // file system has none; reading one that is not there yields nothing.
  virtual Result<> set_attribute(const std::string& name, std::string_view value) = 0;
  virtual Result<std::optional<std::string>> attribute(const std::string& name) = 0;
  virtual Result<std::vector<std::string>> attribute_names() = 0;
};

}  // namespace cairn::files
