// SPDX-License-Identifier: Apache-2.0
// The File of the real file system, and the descriptor it owns. Used by DiskDirectory alone.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

#include "base/result.h"
#include "files/file.h"

struct stat;

namespace cairn::files {

// Closes a file descriptor when it goes. -1 is none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  // Somebody else closes it from now on.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

// Repeats a system call as long as a signal interrupts it.
template <class Call>
auto without_interruption(Call call) -> decltype(call()) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

FileStat to_file_stat(const struct ::stat& status);

class DiskFile final : public File {
 public:
  // `path` is for messages.
  DiskFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override;
  Result<> write_at(std::uint64_t offset, std::string_view bytes) override;
  Result<> truncate(std::uint64_t size_bytes) override;
  Result<> sync_data() override;
  Result<> sync() override;
  void start_writeback(std::uint64_t offset, std::uint64_t length) override;
  void advise(Advice advice, std::uint64_t offset, std::uint64_t length) override;
  Result<FileStat> stat() override;
  Result<> set_mode(std::uint32_t mode) override;
  Result<> set_attribute(const std::string& name, std::string_view value) override;
  Result<std::optional<std::string>> attribute(const std::string& name) override;
  Result<std::vector<std::string>> attribute_names() override;

 private:
  // The error of the system call that just failed.
  Error failed(std::string_view doing) const;

  Descriptor descriptor_;
  std::string path_;
};

}  // namespace cairn::files
