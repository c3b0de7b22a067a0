// SPDX-License-Identifier: Apache-2.0
#include "files/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cairn::files {

namespace {

class FileSource final : public Source {
 public:
  explicit FileSource(int file) : file_(file) {}

  Result<std::size_t> read(std::span<char> out) override {
    while (true) {
      const ssize_t count = pread(file_, out.data(), out.size(), static_cast<off_t>(offset_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error(errno, "read a temporary file");
      offset_ += static_cast<std::uint64_t>(count);
      return static_cast<std::size_t>(count);
    }
  }

 private:
  const int file_;
  std::uint64_t offset_ = 0;
};

Result<int> make_nameless_file(const std::string& directory) {
  const int file = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  // Not every file system has O_TMPFILE.
  std::string path = directory + "/cairn-spool-XXXXXX";
  const int named = mkostemp(path.data(), O_CLOEXEC);
  if (named < 0) return system_error(errno, "make a temporary file in " + directory);
  unlink(path.c_str());
  return named;
}

}  // namespace

Spool::Spool(std::string directory, std::size_t memory_bytes_max)
    : directory_(std::move(directory)), memory_bytes_max_(memory_bytes_max) {}

Spool::~Spool() {
  if (file_ >= 0) close(file_);
}

Result<> Spool::write(std::string_view bytes) {
  const bool is_full = memory_.size() + bytes.size() > memory_bytes_max_;
  if (is_full && !memory_.empty()) TRY(spill());
  memory_.append(bytes);
  return {};
}

Result<> Spool::spill() {
  if (file_ < 0) file_ = TRY(make_nameless_file(directory_));
  std::string_view rest = memory_;
  while (!rest.empty()) {
    const ssize_t count = ::write(file_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(errno, "write a temporary file in " + directory_);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  file_bytes_ += memory_.size();
  memory_.clear();
  return {};
}

Result<> Spool::finish() {
  if (file_ >= 0) TRY(spill());
  return {};
}

Result<std::unique_ptr<Source>> Spool::read_back() {
  if (file_ < 0) return std::unique_ptr<Source>(std::make_unique<ViewSource>(memory_));
  return std::unique_ptr<Source>(std::make_unique<FileSource>(file_));
}

}  // namespace cairn::files
