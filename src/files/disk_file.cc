// SPDX-License-Identifier: Apache-2.0
#include "files/disk_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace cairn::files {

namespace {

// What Linux allows for the value of one attribute, and for all names of a file (xattr(7)).
constexpr std::size_t kAttributeBytesMax = 64 * 1024;

Result<off_t> to_offset(std::uint64_t offset) {
  if (offset > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
    return invalid_argument("offset {} is beyond what a file can hold", offset);
  }
  return static_cast<off_t>(offset);
}

FileType type_of(mode_t mode) {
  if (S_ISREG(mode)) return FileType::Regular;
  if (S_ISDIR(mode)) return FileType::Directory;
  if (S_ISLNK(mode)) return FileType::Symlink;
  return FileType::Other;
}

}  // namespace

std::string_view file_type_name(FileType type) {
  switch (type) {
    case FileType::Regular:
      return "file";
    case FileType::Directory:
      return "directory";
    case FileType::Symlink:
      return "symbolic link";
    case FileType::Other:
      return "device, pipe or socket";
  }
  return "unknown";
}

FileStat to_file_stat(const struct ::stat& status) {
  return {.type = type_of(status.st_mode),
          .size_bytes = static_cast<std::uint64_t>(status.st_size),
          .mode = static_cast<std::uint32_t>(status.st_mode & 07777),
          .modified = FileTime(std::chrono::seconds(status.st_mtim.tv_sec) +
                               std::chrono::nanoseconds(status.st_mtim.tv_nsec)),
          .inode = status.st_ino,
          .device = status.st_dev,
          .user_id = status.st_uid,
          .group_id = status.st_gid};
}

Descriptor::~Descriptor() {
  // An error here comes too late to be of use: whoever cares about the bytes has synced them.
  if (is_open()) ::close(number_);
}

Error DiskFile::failed(std::string_view doing) const {
  const int cause = errno;
  return system_error(cause, fmt::format("{} {}", doing, path_));
}

Result<std::size_t> DiskFile::read_at(std::uint64_t offset, std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const off_t position = TRY(to_offset(offset + done).context(path_));
    const ssize_t count = without_interruption([&] {
      return ::pread(descriptor_.number(), out.data() + done, out.size() - done, position);
    });
    if (count < 0) return failed("read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<> DiskFile::write_at(std::uint64_t offset, std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const off_t position = TRY(to_offset(offset + done).context(path_));
    const ssize_t count = without_interruption([&] {
      return ::pwrite(descriptor_.number(), bytes.data() + done, bytes.size() - done, position);
    });
    if (count < 0) return failed("write");
    done += static_cast<std::size_t>(count);
  }
  return {};
}

Result<> DiskFile::truncate(std::uint64_t size_bytes) {
  const off_t size = TRY(to_offset(size_bytes).context(path_));
  if (without_interruption([&] { return ::ftruncate(descriptor_.number(), size); }) != 0) {
    return failed("truncate");
  }
  return {};
}

Result<> DiskFile::sync_data() {
  // Interrupted is not failed: the kernel has not reported (and so not forgotten) any write error.
  if (without_interruption([&] { return ::fdatasync(descriptor_.number()); }) != 0) {
    return failed("sync");
  }
  return {};
}

Result<> DiskFile::sync() {
  if (without_interruption([&] { return ::fsync(descriptor_.number()); }) != 0) {
    return failed("sync");
  }
  return {};
}

void DiskFile::start_writeback(std::uint64_t offset, std::uint64_t length) {
  (void)::sync_file_range(descriptor_.number(), static_cast<off64_t>(offset),
                          static_cast<off64_t>(length), SYNC_FILE_RANGE_WRITE);
}

void DiskFile::advise(Advice advice, std::uint64_t offset, std::uint64_t length) {
  int number = POSIX_FADV_SEQUENTIAL;
  if (advice == Advice::WillNeed) number = POSIX_FADV_WILLNEED;
  if (advice == Advice::DontNeed) number = POSIX_FADV_DONTNEED;
  (void)::posix_fadvise(descriptor_.number(), static_cast<off_t>(offset),
                        static_cast<off_t>(length), number);
}

Result<FileStat> DiskFile::stat() {
  struct ::stat status{};
  if (::fstat(descriptor_.number(), &status) != 0) return failed("stat");
  return to_file_stat(status);
}

Result<> DiskFile::set_mode(std::uint32_t mode) {
  if (::fchmod(descriptor_.number(), mode) != 0) return failed("set the mode of");
  return {};
}

Result<> DiskFile::set_attribute(const std::string& name, std::string_view value) {
  if (::fsetxattr(descriptor_.number(), name.c_str(), value.data(), value.size(), 0) == 0) {
    return {};
  }
  if (errno == ENOTSUP || errno == E2BIG || errno == ERANGE) {
    return invalid_argument("set attribute {} of {}: the file system cannot hold it", name, path_);
  }
  return failed("set attribute " + name + " of");
}

Result<std::optional<std::string>> DiskFile::attribute(const std::string& name) {
  std::string value(kAttributeBytesMax, '\0');
  const ssize_t size = ::fgetxattr(descriptor_.number(), name.c_str(), value.data(), value.size());
  if (size < 0 && (errno == ENODATA || errno == ENOTSUP)) return std::optional<std::string>();
  if (size < 0) return failed("read attribute " + name + " of");
  value.resize(static_cast<std::size_t>(size));
  return std::optional(std::move(value));
}

Result<std::vector<std::string>> DiskFile::attribute_names() {
  std::string list(kAttributeBytesMax, '\0');
  const ssize_t size = ::flistxattr(descriptor_.number(), list.data(), list.size());
  if (size < 0 && errno == ENOTSUP) return std::vector<std::string>();
  if (size < 0) return failed("list the attributes of");
  std::vector<std::string> names;
  std::string_view rest(list.data(), static_cast<std::size_t>(size));
  while (!rest.empty()) {
    const std::size_t end = rest.find('\0');
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return names;
}

}  // namespace cairn::files
