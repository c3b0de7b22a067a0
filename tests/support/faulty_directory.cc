// SPDX-License-Identifier: Apache-2.0
#include "tests/support/faulty_directory.h"

namespace cairn::tests {

using files::Access;
using files::Directory;
using files::File;

namespace {

class FaultyFile final : public File {
 public:
  FaultyFile(std::unique_ptr<File> inner, std::shared_ptr<DiskDeath> death, std::string name)
      : inner_(std::move(inner)), death_(std::move(death)), name_(std::move(name)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    TRY(death_->check());
    return inner_->read_at(offset, out);
  }
  Result<> write_at(std::uint64_t offset, std::string_view bytes) override {
    TRY(death_->change("write " + name_));
    return inner_->write_at(offset, bytes);
  }
  Result<> truncate(std::uint64_t size_bytes) override {
    TRY(death_->change("truncate " + name_));
    return inner_->truncate(size_bytes);
  }
  Result<> sync_data() override {
    TRY(death_->change("sync " + name_));
    return inner_->sync_data();
  }
  Result<> sync() override {
    TRY(death_->change("sync " + name_));
    return inner_->sync();
  }
  void start_writeback(std::uint64_t offset, std::uint64_t length) override {
    inner_->start_writeback(offset, length);
  }
  void advise(files::Advice advice, std::uint64_t offset, std::uint64_t length) override {
    inner_->advise(advice, offset, length);
  }
  Result<files::FileStat> stat() override {
    TRY(death_->check());
    return inner_->stat();
  }
  Result<> set_mode(std::uint32_t mode) override {
    TRY(death_->change("chmod " + name_));
    return inner_->set_mode(mode);
  }
  Result<> set_attribute(const std::string& name, std::string_view value) override {
    TRY(death_->change("set attribute " + name_));
    return inner_->set_attribute(name, value);
  }
  Result<std::optional<std::string>> attribute(const std::string& name) override {
    TRY(death_->check());
    return inner_->attribute(name);
  }
  Result<std::vector<std::string>> attribute_names() override {
    TRY(death_->check());
    return inner_->attribute_names();
  }

 private:
  std::unique_ptr<File> inner_;
  std::shared_ptr<DiskDeath> death_;
  std::string name_;
};

class FaultyDirectory final : public Directory {
 public:
  FaultyDirectory(std::unique_ptr<Directory> inner, std::shared_ptr<DiskDeath> death,
                  std::string below)
      : inner_(std::move(inner)), death_(std::move(death)), below_(std::move(below)) {}

  const std::string& path() const override { return inner_->path(); }
  Result<std::unique_ptr<File>> open_file(std::string_view path, Access access) override {
    TRY(death_->check());
    return wrap(inner_->open_file(path, access), path);
  }
  Result<std::unique_ptr<File>> create_file(std::string_view path, std::uint32_t mode) override {
    TRY(death_->change("create " + name(path)));
    return wrap(inner_->create_file(path, mode), path);
  }
  Result<std::unique_ptr<File>> open_or_create_file(std::string_view path,
                                                    std::uint32_t mode) override {
    TRY(death_->change("create " + name(path)));
    return wrap(inner_->open_or_create_file(path, mode), path);
  }
  Result<std::unique_ptr<Directory>> open_directory(std::string_view path) override {
    TRY(death_->check());
    std::unique_ptr<Directory> opened = TRY(inner_->open_directory(path));
    const std::string below = path.empty() ? below_ : name(path) + "/";
    return std::unique_ptr<Directory>(
        std::make_unique<FaultyDirectory>(std::move(opened), death_, below));
  }
  Result<> make_directory(std::string_view path, std::uint32_t mode) override {
    TRY(death_->change("mkdir " + name(path)));
    return inner_->make_directory(path, mode);
  }
  Result<std::vector<files::DirectoryEntry>> list(std::string_view path) override {
    TRY(death_->check());
    return inner_->list(path);
  }
  Result<files::FileStat> stat(std::string_view path) override {
    TRY(death_->check());
    return inner_->stat(path);
  }
  Result<> set_mode(std::string_view path, std::uint32_t mode) override {
    TRY(death_->change("chmod " + name(path)));
    return inner_->set_mode(path, mode);
  }
  Result<> set_modified(std::string_view path, files::FileTime modified) override {
    TRY(death_->change("touch " + name(path)));
    return inner_->set_modified(path, modified);
  }
  Result<> rename(std::string_view from, std::string_view to, files::IfExists if_exists) override {
    TRY(death_->change("rename " + name(from) + " to " + name(to)));
    return inner_->rename(from, to, if_exists);
  }
  Result<> remove_file(std::string_view path) override {
    TRY(death_->change("remove " + name(path)));
    return inner_->remove_file(path);
  }
  Result<> remove_directory(std::string_view path) override {
    TRY(death_->change("rmdir " + name(path)));
    return inner_->remove_directory(path);
  }
  Result<> make_symlink(std::string_view target, std::string_view path) override {
    TRY(death_->change("symlink " + name(path)));
    return inner_->make_symlink(target, path);
  }
  Result<std::string> read_symlink(std::string_view path) override {
    TRY(death_->check());
    return inner_->read_symlink(path);
  }
  Result<> sync(std::string_view path) override {
    TRY(death_->change("sync " + name(path.empty() ? "." : path)));
    return inner_->sync(path);
  }
  Result<> sync_file_system() override {
    TRY(death_->change("sync all"));
    return inner_->sync_file_system();
  }
  Result<std::uint64_t> free_space_bytes() override {
    TRY(death_->check());
    return inner_->free_space_bytes();
  }
  Result<bool> has_attributes() override { return inner_->has_attributes(); }

 private:
  std::string name(std::string_view path) const { return below_ + std::string(path); }

  Result<std::unique_ptr<File>> wrap(Result<std::unique_ptr<File>> file, std::string_view path) {
    std::unique_ptr<File> opened = TRY(std::move(file));
    return std::unique_ptr<File>(
        std::make_unique<FaultyFile>(std::move(opened), death_, name(path)));
  }

  std::unique_ptr<Directory> inner_;
  std::shared_ptr<DiskDeath> death_;
  std::string below_;  // this directory as seen from the first: "" or ending in '/'
};

}  // namespace

std::vector<std::string> DiskDeath::journal() const {
  return state_.with([](const State& state) { return state.journal; });
}

Result<> DiskDeath::check() const {
  return state_.with([&](const State& state) -> Result<> {
    if (state.left < 0 && fault_ == DiskFault::Death) return internal_error("process died");
    return {};
  });
}

Result<> DiskDeath::change(std::string what) {
  return state_.with([&](State& state) -> Result<> {
    const bool is_first_failure = state.left == 0;
    if (state.left >= 0) --state.left;
    if (state.left < 0 && (is_first_failure || fault_ == DiskFault::Death)) {
      return internal_error("process died");
    }
    state.journal.push_back(std::move(what));
    return {};
  });
}

std::unique_ptr<Directory> make_faulty_directory(std::unique_ptr<Directory> inner,
                                                 std::shared_ptr<DiskDeath> death) {
  return std::make_unique<FaultyDirectory>(std::move(inner), std::move(death), "");
}

}  // namespace cairn::tests
