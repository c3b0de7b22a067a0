// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "app/commands.h"
#include "app/storage_check.h"
#include "base/log.h"
#include "files/disk_directory.h"
#include "repository/names.h"
#include "repository/sealing.h"

namespace cairn::app {

namespace {

using object_store::ObjectInfo;
using object_store::ObjectKey;
using object_store::ObjectStore;

constexpr std::chrono::seconds kCheckDeadline{9};
constexpr std::size_t kRemoveBatch = 1000;
constexpr std::uint64_t kPutBytesMax = 1ULL << 30;

std::string list_line(std::string_view type, std::uint64_t size_bytes, std::string_view modified,
                      std::string_view name) {
  return fmt::format("{:<4}  {:>14}  {:<27}  {}\n", type, size_bytes, modified, name);
}

// The object as it was before it was compressed and encrypted, or as far back as asked.
Result<std::unique_ptr<Source>> open_object(CommandContext& context, const ObjectKey& key,
                                            bool decrypts, bool decompresses) {
  ObjectStore& store = TRY(context.environment.store());
  const repository::Sealing& sealing = TRY(context.environment.sealing());
  codec::Compression compression = codec::Compression::None;
  if (decompresses) compression = TRY(repository::compression_of_name(key.text()));
  if (compression != codec::Compression::None && !decrypts && sealing.cipher != nullptr) {
    return invalid_argument("{} cannot be decompressed while it stays encrypted", key.text());
  }
  auto object = TRY(store.open(key, {}, context.stop));
  return repository::unseal(std::move(object.body), compression,
                            decrypts ? sealing.cipher : nullptr, key.text());
}

// A Sink over a new file, which has its name only when everything is in it and on the disk.
class NewFile final : public Sink {
 public:
  static Result<std::unique_ptr<NewFile>> create(const std::string& path) {
    auto file = std::unique_ptr<NewFile>(new NewFile);
    const std::filesystem::path parts(path);
    const std::string folder = parts.has_parent_path() ? parts.parent_path().string() : ".";
    file->name_ = parts.filename().string();
    file->directory_ = TRY(files::open_disk_directory(folder));
    if (file->directory_->stat(file->name_).ok()) {
      return already_exists("{} exists; remove it or choose another name", path);
    }
    file->temporary_ = file->name_ + ".tmp";
    file->file_ = TRY(file->directory_->create_file(file->temporary_, 0666));
    return file;
  }
  ~NewFile() override {
    if (!temporary_.empty()) (void)directory_->remove_file(temporary_);  // Best effort.
  }

  Result<> write(std::string_view bytes) override {
    TRY(file_->write_at(size_bytes_, bytes));
    size_bytes_ += bytes.size();
    return {};
  }
  Result<> finish() override {
    TRY(file_->sync());
    TRY(directory_->rename(temporary_, name_, files::IfExists::Fail));
    temporary_.clear();
    return directory_->sync("");
  }

 private:
  NewFile() = default;
  std::string name_;
  std::string temporary_;  // "" once it has its name
  std::unique_ptr<files::Directory> directory_;
  std::unique_ptr<files::File> file_;
  std::uint64_t size_bytes_ = 0;
};

Result<Bytes> read_local_file(const std::string& path) {
  const std::filesystem::path parts(path);
  const std::string folder = parts.has_parent_path() ? parts.parent_path().string() : ".";
  const auto directory = TRY(files::open_disk_directory(folder));
  return files::read_file(*directory, parts.filename().string(), kPutBytesMax);
}

Result<std::uint64_t> remove_folder(ObjectStore& store, const std::string& prefix,
                                    std::stop_token stop) {
  std::vector<ObjectKey> keys;
  const auto collect = [&](const ObjectInfo& object) -> Result<> {
    keys.push_back(TRY(ObjectKey::parse(object.key)));
    return {};
  };
  TRY(object_store::for_each(store, {.prefix = prefix}, collect, stop));
  for (std::size_t begin = 0; begin < keys.size(); begin += kRemoveBatch) {
    const std::size_t count = std::min(kRemoveBatch, keys.size() - begin);
    const auto failures = TRY(store.remove_batch({&keys[begin], count}, stop));
    if (!failures.empty()) {
      return internal_error("{} could not be removed: {}", failures.front().key,
                            failures.front().error.message());
    }
  }
  return keys.size();
}

}  // namespace

Result<ExitStatus> run_storage_list(CommandContext& context, const StorageListOptions& options) {
  ObjectStore& store = TRY(context.environment.store());
  std::string prefix = options.folder;
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
  TRY(context.out.write(
      fmt::format("{:<4}  {:>14}  {:<27}  {}\n", "type", "size", "last modified", "name")));
  object_store::ListRequest request = {.prefix = prefix, .recursive = options.is_recursive};
  do {
    const auto page = TRY(store.list(request, context.stop));
    std::string lines;
    for (const std::string& folder : page.prefixes) {
      lines += list_line("dir", 0, "", std::string_view(folder).substr(prefix.size()));
    }
    for (const ObjectInfo& object : page.objects) {
      lines += list_line("obj", object.size_bytes, format_rfc3339(object.modified),
                         std::string_view(object.key).substr(prefix.size()));
    }
    TRY(context.out.write(lines));
    request.page_token = page.next_page_token;
  } while (!request.page_token.empty());
  return ExitStatus::Ok;
}

Result<ExitStatus> run_storage_get(CommandContext& context, const StorageGetOptions& options) {
  const ObjectKey key = TRY(ObjectKey::parse(options.object));
  std::string path = options.path;
  if (path.ends_with('/')) path += std::filesystem::path(key.text()).filename().string();
  const auto source =
      TRY(open_object(context, key, !options.keeps_encryption, !options.keeps_compression));
  const auto file = TRY(NewFile::create(path));
  TRY(copy_all(*source, *file).context(key.text()));
  TRY(file->finish());
  return ExitStatus::Ok;
}

Result<ExitStatus> run_storage_cat(CommandContext& context, const StorageCatOptions& options) {
  const ObjectKey key = TRY(ObjectKey::parse(options.object));
  const auto source = TRY(open_object(context, key, options.decrypts, options.decompresses));
  TRY(copy_all(*source, context.out).context(key.text()));
  return ExitStatus::Ok;
}

Result<ExitStatus> run_storage_put(CommandContext& context, const StoragePutOptions& options) {
  ObjectStore& store = TRY(context.environment.store());
  repository::Sealing sealing = TRY(context.environment.sealing());
  if (options.has_no_encryption) sealing.cipher = nullptr;
  if (options.has_no_compression) sealing.compression = codec::Compression::None;
  std::string name = options.object;
  const std::string_view suffix = codec::compression_suffix(sealing.compression);
  if (!suffix.empty()) name += fmt::format(".{}", suffix);
  const ObjectKey key = TRY(ObjectKey::parse(name));
  const Bytes content = TRY(read_local_file(options.path));
  StringSink sealed;
  const auto sealer = TRY(repository::make_sealer(sealing, sealed));
  TRY(sealer->write(content));
  TRY(sealer->finish());
  if (options.replaces) {
    TRY(store.put(key, sealed.bytes(), {}, context.stop));
    return ExitStatus::Ok;
  }
  Result<> written = store.put_if_absent(key, sealed.bytes(), {}, context.stop);
  if (!written.ok() && written.error().code() == ErrorCode::AlreadyExists) {
    return already_exists("{} exists; --force replaces it", key.text());
  }
  TRY(std::move(written));
  return ExitStatus::Ok;
}

Result<ExitStatus> run_storage_remove(CommandContext& context,
                                      const StorageRemoveOptions& options) {
  ObjectStore& store = TRY(context.environment.store());
  if (options.prefix.ends_with('/')) {
    const std::uint64_t count = TRY(remove_folder(store, options.prefix, context.stop));
    if (count == 0) return not_found("there is nothing below {}", options.prefix);
    log_info("Removed {} objects", count);
    return ExitStatus::Ok;
  }
  const ObjectKey key = TRY(ObjectKey::parse(options.prefix));
  if (!TRY(object_store::find(store, key, context.stop))) {
    return not_found("there is no object {}; a folder ends in '/'", key.text());
  }
  TRY(store.remove(key, context.stop));
  return ExitStatus::Ok;
}

Result<ExitStatus> run_storage_check(CommandContext& context, const StorageCheckOptions&) {
  const StorageSettings& storage = TRY(context.environment.storage());
  TRY(context.out.write(fmt::format("storage: {}\n", storage.identity)));
  ObjectStore& store = TRY(context.environment.store());
  const bool is_good =
      TRY(check_storage(store, context.environment.clock(), context.environment.random(),
                        kCheckDeadline, context.out, context.stop));
  return is_good ? ExitStatus::Ok : ExitStatus::Failed;
}

}  // namespace cairn::app
