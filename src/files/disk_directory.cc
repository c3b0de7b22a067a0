// SPDX-License-Identifier: Apache-2.0
#include "files/disk_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "files/disk_file.h"

namespace cairn::files {

namespace {

constexpr int kOpenDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// openat() that a path cannot lead astray: not above `directory`, not through a link anywhere.
int open_beneath(int directory, const char* path, int flags, std::uint32_t mode) {
  open_how how{};
  how.flags = static_cast<__u64>(static_cast<unsigned>(flags));
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

// One name, without following it. With O_DIRECTORY the kernel says "not a directory" of a link;
// this says ELOOP as it does elsewhere.
int open_part(int parent, const char* name, int flags, std::uint32_t mode) {
  const int number = ::openat(parent, name, flags | O_NOFOLLOW, mode);
  if (number >= 0 || errno != ENOTDIR) return number;
  struct ::stat status{};
  const bool is_link =
      ::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
  errno = is_link ? ELOOP : ENOTDIR;
  return -1;
}

bool kernel_has_openat2(int directory) {
  return Descriptor(open_beneath(directory, ".", O_PATH | O_CLOEXEC, 0)).is_open();
}

// A path as its last name and what leads to it.
struct SplitPath {
  std::string parent;  // "" is the directory itself
  std::string name;
};

SplitPath split(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {"", std::string(path)};
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

FileType type_of(const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return FileType::Regular;
    case DT_DIR:
      return FileType::Directory;
    case DT_LNK:
      return FileType::Symlink;
    default:
      return FileType::Other;
  }
}

class DiskDirectory final : public Directory {
 public:
  DiskDirectory(Descriptor descriptor, std::string path, bool use_openat2)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), use_openat2_(use_openat2) {}

  const std::string& path() const override { return path_; }
  Result<std::unique_ptr<File>> open_file(std::string_view path, Access access) override;
  Result<std::unique_ptr<File>> create_file(std::string_view path, std::uint32_t mode) override;
  Result<std::unique_ptr<File>> open_or_create_file(std::string_view path,
                                                    std::uint32_t mode) override;
  Result<std::unique_ptr<Directory>> open_directory(std::string_view path) override;
  Result<> make_directory(std::string_view path, std::uint32_t mode) override;
  Result<std::vector<DirectoryEntry>> list(std::string_view path) override;
  Result<FileStat> stat(std::string_view path) override;
  Result<> set_mode(std::string_view path, std::uint32_t mode) override;
  Result<> set_modified(std::string_view path, FileTime modified) override;
  Result<> rename(std::string_view from, std::string_view to, IfExists if_exists) override;
  Result<> remove_file(std::string_view path) override;
  Result<> remove_directory(std::string_view path) override;
  Result<> make_symlink(std::string_view target, std::string_view path) override;
  Result<std::string> read_symlink(std::string_view path) override;
  Result<> sync(std::string_view path) override;
  Result<> sync_file_system() override;
  Result<std::uint64_t> free_space_bytes() override;
  Result<bool> has_attributes() override;

 private:
  // The directory that holds the last name of a path. Borrows this handle's own descriptor when
  // the path is a bare name, which is the common and quick case.
  struct Place {
    Descriptor opened;
    int directory = -1;
    std::string name;
  };

  Result<Descriptor> resolve(std::string_view path, int flags, std::uint32_t mode,
                             std::string_view doing) const;
  int open_stepwise(std::string_view path, int flags, std::uint32_t mode) const;
  Result<Place> place(std::string_view path, std::string_view doing) const;
  Result<std::unique_ptr<File>> open_regular(std::string_view path, int flags, std::uint32_t mode,
                                             std::string_view doing) const;
  Result<> rename_without_replacing(const Place& from, const Place& to,
                                    const std::string& doing) const;
  std::string full(std::string_view path) const;
  Error refused(std::string_view path, std::string_view doing) const;
  // The error of the system call that just failed, told in the words of this interface.
  Error failed(std::string_view doing, std::string_view path) const;

  Descriptor descriptor_;
  std::string path_;
  bool use_openat2_;
};

std::string DiskDirectory::full(std::string_view path) const {
  if (path.empty()) return path_;
  return fmt::format("{}{}{}", path_, path_.ends_with('/') ? "" : "/", path);
}

Error DiskDirectory::refused(std::string_view path, std::string_view doing) const {
  return invalid_argument(
      "{} \"{}\" below {}: the path must be relative, without empty, \".\" or \"..\" parts", doing,
      path, path_);
}

Error DiskDirectory::failed(std::string_view doing, std::string_view path) const {
  const int cause = errno;
  const std::string what = fmt::format("{} {}", doing, full(path));
  switch (cause) {
    case ELOOP:
      return invalid_argument("{}: refused, a symbolic link is in the way", what);
    case EISDIR:
    case ENAMETOOLONG:
    case EINVAL:
    case ENXIO:  // a socket, or a pipe without its other end
      return invalid_argument("{}", system_error(cause, what).message());
    case ENOTEMPTY:
      return conflict("{}: the directory is not empty", what);
    default:
      return system_error(cause, what);
  }
}

// Opens the parts one after the other, each without following links.
int DiskDirectory::open_stepwise(std::string_view path, int flags, std::uint32_t mode) const {
  Descriptor current;
  int parent = descriptor_.number();
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    if (slash == std::string_view::npos) return open_part(parent, name.c_str(), flags, mode);
    // O_PATH is enough to pass through, and needs no permission to list.
    Descriptor next(open_part(parent, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    if (!next.is_open()) return -1;
    current = std::move(next);
    parent = current.number();
    path.remove_prefix(slash + 1);
  }
}

Result<Descriptor> DiskDirectory::resolve(std::string_view path, int flags, std::uint32_t mode,
                                          std::string_view doing) const {
  if (!is_relative_path(path)) return refused(path, doing);
  const std::string text(path);
  const int number = without_interruption([&] {
    return use_openat2_ ? open_beneath(descriptor_.number(), text.c_str(), flags, mode)
                        : open_stepwise(path, flags, mode);
  });
  if (number < 0) return failed(doing, path);
  return Descriptor(number);
}

Result<DiskDirectory::Place> DiskDirectory::place(std::string_view path,
                                                  std::string_view doing) const {
  if (!is_relative_path(path)) return refused(path, doing);
  SplitPath parts = split(path);
  Place found{.opened = {}, .directory = descriptor_.number(), .name = std::move(parts.name)};
  if (parts.parent.empty()) return found;
  found.opened = TRY(resolve(parts.parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, doing));
  found.directory = found.opened.number();
  return found;
}

Result<std::unique_ptr<File>> DiskDirectory::open_regular(std::string_view path, int flags,
                                                          std::uint32_t mode,
                                                          std::string_view doing) const {
  // Without O_NONBLOCK, opening a pipe would wait for its other end.
  Descriptor descriptor =
      TRY(resolve(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode, doing));
  struct ::stat status{};
  if (::fstat(descriptor.number(), &status) != 0) return failed(doing, path);
  const FileStat found = to_file_stat(status);
  if (found.type != FileType::Regular) {
    return invalid_argument("{} {}: it is a {}, not a file", doing, full(path),
                            file_type_name(found.type));
  }
  return std::unique_ptr<File>(std::make_unique<DiskFile>(std::move(descriptor), full(path)));
}

Result<std::unique_ptr<File>> DiskDirectory::open_file(std::string_view path, Access access) {
  return open_regular(path, access == Access::Read ? O_RDONLY : O_RDWR, 0, "open");
}

Result<std::unique_ptr<File>> DiskDirectory::create_file(std::string_view path,
                                                         std::uint32_t mode) {
  return open_regular(path, O_RDWR | O_CREAT | O_EXCL, mode, "create");
}

Result<std::unique_ptr<File>> DiskDirectory::open_or_create_file(std::string_view path,
                                                                 std::uint32_t mode) {
  return open_regular(path, O_RDWR | O_CREAT, mode, "open or create");
}

Result<std::unique_ptr<Directory>> DiskDirectory::open_directory(std::string_view path) {
  Descriptor descriptor;
  if (path.empty()) {
    descriptor = Descriptor(::openat(descriptor_.number(), ".", kOpenDirectoryFlags));
    if (!descriptor.is_open()) return failed("open directory", path);
  } else {
    descriptor = TRY(resolve(path, kOpenDirectoryFlags, 0, "open directory"));
  }
  return std::unique_ptr<Directory>(
      std::make_unique<DiskDirectory>(std::move(descriptor), full(path), use_openat2_));
}

Result<> DiskDirectory::make_directory(std::string_view path, std::uint32_t mode) {
  const Place at = TRY(place(path, "make directory"));
  if (::mkdirat(at.directory, at.name.c_str(), mode) != 0) return failed("make directory", path);
  return {};
}

Result<std::vector<DirectoryEntry>> DiskDirectory::list(std::string_view path) {
  // A descriptor of its own: its reading position is not shared with other threads.
  Descriptor opened;
  if (path.empty()) {
    opened = Descriptor(::openat(descriptor_.number(), ".", kOpenDirectoryFlags));
    if (!opened.is_open()) return failed("list", path);
  } else {
    opened = TRY(resolve(path, kOpenDirectoryFlags, 0, "list"));
  }
  const auto close_stream = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(close_stream)> stream(::fdopendir(opened.number()),
                                                            close_stream);
  if (!stream) return failed("list", path);
  const int number = opened.release();  // The stream closes it.
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return failed("list", path);
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;
    FileType type = type_of(*entry);
    if (entry->d_type == DT_UNKNOWN) {  // Some file systems do not say.
      struct ::stat status{};
      if (::fstatat(number, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      type = to_file_stat(status).type;
    }
    entries.push_back({std::string(name), type});
  }
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

Result<FileStat> DiskDirectory::stat(std::string_view path) {
  struct ::stat status{};
  if (path.empty()) {
    if (::fstat(descriptor_.number(), &status) != 0) return failed("stat", path);
    return to_file_stat(status);
  }
  const Place at = TRY(place(path, "stat"));
  if (::fstatat(at.directory, at.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return failed("stat", path);
  }
  return to_file_stat(status);
}

Result<> DiskDirectory::set_mode(std::string_view path, std::uint32_t mode) {
  if (path.empty()) {
    if (::fchmod(descriptor_.number(), mode) != 0) return failed("set the mode of", path);
    return {};
  }
  const Place at = TRY(place(path, "set the mode of"));
  if (::fchmodat(at.directory, at.name.c_str(), mode, AT_SYMLINK_NOFOLLOW) == 0) return {};
  if (errno == EOPNOTSUPP) errno = ELOOP;  // The C library's word for a link.
  return failed("set the mode of", path);
}

Result<> DiskDirectory::set_modified(std::string_view path, FileTime modified) {
  const Place at = TRY(place(path, "set the time of"));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(modified);
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                             {.tv_sec = static_cast<time_t>(seconds.time_since_epoch().count()),
                              .tv_nsec = static_cast<long>((modified - seconds).count())}};
  if (::utimensat(at.directory, at.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    return failed("set the time of", path);
  }
  return {};
}

Result<> DiskDirectory::rename(std::string_view from, std::string_view to, IfExists if_exists) {
  const std::string doing = fmt::format("rename {} to", full(from));
  const Place source = TRY(place(from, "rename"));
  const Place target = TRY(place(to, doing));
  if (if_exists == IfExists::Fail) {
    return rename_without_replacing(source, target, doing).context(full(to));
  }
  if (::renameat(source.directory, source.name.c_str(), target.directory, target.name.c_str())) {
    return failed(doing, to);
  }
  return {};
}

Result<> DiskDirectory::rename_without_replacing(const Place& from, const Place& to,
                                                 const std::string& doing) const {
  if (::renameat2(from.directory, from.name.c_str(), to.directory, to.name.c_str(),
                  RENAME_NOREPLACE) == 0) {
    return {};
  }
  if (errno != EINVAL && errno != ENOSYS) return failed(doing, to.name);
  // NFS and some FUSE file systems do not know NOREPLACE. A second link is as atomic; a crash
  // between the two steps leaves both names, which is why callers only do this with temporary ones.
  if (::linkat(from.directory, from.name.c_str(), to.directory, to.name.c_str(), 0) != 0) {
    return failed(doing, to.name);
  }
  if (::unlinkat(from.directory, from.name.c_str(), 0) != 0) return failed(doing, to.name);
  return {};
}

Result<> DiskDirectory::remove_file(std::string_view path) {
  const Place at = TRY(place(path, "remove"));
  if (::unlinkat(at.directory, at.name.c_str(), 0) != 0) return failed("remove", path);
  return {};
}

Result<> DiskDirectory::remove_directory(std::string_view path) {
  const Place at = TRY(place(path, "remove directory"));
  if (::unlinkat(at.directory, at.name.c_str(), AT_REMOVEDIR) != 0) {
    if (errno == EEXIST) errno = ENOTEMPTY;  // POSIX allows both words.
    return failed("remove directory", path);
  }
  return {};
}

Result<> DiskDirectory::make_symlink(std::string_view target, std::string_view path) {
  const Place at = TRY(place(path, "make link"));
  if (target.empty() || target.find('\0') != std::string_view::npos) {
    return invalid_argument("make link {}: a target cannot be empty or contain a zero byte",
                            full(path));
  }
  if (::symlinkat(std::string(target).c_str(), at.directory, at.name.c_str()) != 0) {
    return failed("make link", path);
  }
  return {};
}

Result<std::string> DiskDirectory::read_symlink(std::string_view path) {
  const Place at = TRY(place(path, "read link"));
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(at.directory, at.name.c_str(), target.data(), target.size());
  if (size < 0 && errno == EINVAL) {
    return invalid_argument("read link {}: it is not a symbolic link", full(path));
  }
  if (size < 0) return failed("read link", path);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

Result<> DiskDirectory::sync(std::string_view path) {
  Descriptor opened;
  int number = descriptor_.number();
  if (!path.empty()) {
    opened = TRY(resolve(path, kOpenDirectoryFlags, 0, "sync"));
    number = opened.number();
  }
  if (without_interruption([&] { return ::fsync(number); }) != 0) return failed("sync", path);
  return {};
}

Result<> DiskDirectory::sync_file_system() {
  if (::syncfs(descriptor_.number()) != 0) return failed("sync the file system of", "");
  return {};
}

Result<std::uint64_t> DiskDirectory::free_space_bytes() {
  struct ::statvfs status{};
  if (::fstatvfs(descriptor_.number(), &status) != 0) return failed("free space of", "");
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<bool> DiskDirectory::has_attributes() {
  char ignored = 0;
  if (::fgetxattr(descriptor_.number(), "user.cairn.probe", &ignored, 1) >= 0) return true;
  if (errno == ENODATA || errno == ERANGE) return true;
  if (errno == ENOTSUP) return false;
  return failed("attributes of", "");
}

}  // namespace

Result<std::unique_ptr<Directory>> open_disk_directory(const std::string& path,
                                                       const DiskDirectoryOptions& options) {
  Descriptor descriptor(
      without_interruption([&] { return ::open(path.c_str(), kOpenDirectoryFlags); }));
  if (!descriptor.is_open()) {
    const int cause = errno;
    if (cause == ENOTDIR) {
      return invalid_argument("open directory {}: it is not a directory", path);
    }
    return system_error(cause, fmt::format("open directory {}", path));
  }
  const bool use_openat2 = options.use_openat2 && kernel_has_openat2(descriptor.number());
  return std::unique_ptr<Directory>(
      std::make_unique<DiskDirectory>(std::move(descriptor), path, use_openat2));
}

}  // namespace cairn::files
