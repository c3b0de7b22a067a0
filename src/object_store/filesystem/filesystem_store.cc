// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/filesystem_store.h"

#include <algorithm>
#include <limits>

#include "base/guarded.h"
#include "files/disk_directory.h"
#include "object_store/filesystem/filesystem_upload.h"
#include "object_store/filesystem/folders.h"
#include "object_store/filesystem/pending_file.h"
#include "object_store/filesystem/temporary_name.h"
#include "object_store/filesystem/tree_walk.h"
#include "object_store/store_rules.h"

namespace cairn::object_store {

namespace {

constexpr int kPageMax = 1000;
constexpr std::size_t kOpenWalksMax = 4;
// Between two looks at the stop token.
constexpr std::size_t kWriteBytes = 4 * 1024 * 1024;

WallTime to_wall_time(files::FileTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time);
}

ObjectInfo info_of(std::string key, const files::FileStat& stat) {
  return {.key = std::move(key),
          .size_bytes = stat.size_bytes,
          .modified = to_wall_time(stat.modified),
          // Every version of an object is a file of its own, so even two of one size in one tick
          // of the clock differ by inode.
          .etag = fmt::format("{:x}-{:x}-{:x}", stat.modified.time_since_epoch().count(),
                              stat.size_bytes, stat.inode)};
}

class FileBody final : public Source {
 public:
  FileBody(std::unique_ptr<files::File> file, std::string key, const ResolvedRange& range,
           std::stop_token stop)
      : file_(std::move(file)), key_(std::move(key)), rest_(range), stop_(std::move(stop)) {}

  Result<std::size_t> read(std::span<char> out) override {
    TRY(check_stop(stop_));
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), rest_.length);
    if (wanted == 0) return std::size_t{0};
    const std::size_t count = TRY(file_->read_at(rest_.offset, out.first(wanted)));
    if (count == 0) return unavailable("{}: {} bytes are missing at the end", key_, rest_.length);
    rest_.offset += count;
    rest_.length -= count;
    return count;
  }

 private:
  std::unique_ptr<files::File> file_;
  std::string key_;
  ResolvedRange rest_;
  std::stop_token stop_;
};

// A listing between two of its pages, so that a folder of a million names is read once and not
// once a page. Only an optimisation: a walk that is not here is begun again from the token.
struct OpenWalk {
  std::string prefix;
  bool recursive = true;
  std::string token;
  std::unique_ptr<TreeWalk> walk;
};

class FilesystemStore final : public ObjectStore {
 public:
  FilesystemStore(std::unique_ptr<files::Directory> root, bool has_metadata, Clock& clock,
                  Random& random)
      : root_(std::move(root)),
        has_metadata_(has_metadata),
        clock_(clock),
        random_(random),
        folders_(*root_) {}

  Capabilities capabilities() const override;
  Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
               std::stop_token stop) override;
  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                         std::stop_token stop) override;
  Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                          std::stop_token stop) override;
  Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) override;
  Result<ListPage> list(const ListRequest& request, std::stop_token stop) override;
  Result<> remove(const ObjectKey& key, std::stop_token stop) override;
  Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                  std::stop_token stop) override;
  Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key, const UploadOptions& options,
                                               std::stop_token stop) override;
  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override;

 private:
  struct Opened {
    std::unique_ptr<files::File> file;
    ObjectInfo info;
  };

  Result<> check_new_metadata(const Metadata& metadata) const;
  Result<PendingFile> begin(const ObjectKey& key, const Metadata& metadata);
  Result<> write_object(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                        files::IfExists if_exists, const std::stop_token& stop);
  Result<bool> exists(const ObjectKey& key);
  Result<Opened> open_object(const ObjectKey& key);
  Result<Metadata> read_metadata(files::File& file);
  Result<> unlink(const ObjectKey& key);
  std::unique_ptr<TreeWalk> resume_walk(const ListRequest& request, const ListPosition& start);
  void keep_walk(OpenWalk walk);

  std::unique_ptr<files::Directory> root_;
  bool has_metadata_;
  Clock& clock_;
  Random& random_;
  Folders folders_;
  Guarded<std::vector<OpenWalk>> open_walks_;
};

Capabilities FilesystemStore::capabilities() const {
  return {.name = "filesystem",
          .put_if_absent = true,
          .metadata = has_metadata_,
          .part_bytes_min = 0,
          .part_count_max = FilesystemUpload::kPartCountMax,
          .put_bytes_max = std::numeric_limits<std::uint64_t>::max()};
}

Result<> FilesystemStore::check_new_metadata(const Metadata& metadata) const {
  if (!metadata.empty() && !has_metadata_) {
    return invalid_argument("the file system of {} cannot hold metadata", root_->path());
  }
  return check_metadata(metadata);
}

Result<PendingFile> FilesystemStore::begin(const ObjectKey& key, const Metadata& metadata) {
  TRY(check_new_metadata(metadata));
  Result<PendingFile> pending = PendingFile::create(folders_, key, metadata, clock_.now(), random_);
  if (!pending.ok() && pending.error().code() == ErrorCode::Denied) {
    return std::move(pending).context("WALG_FILE_PREFIX is not writable");
  }
  return pending;
}

Result<> FilesystemStore::put(const ObjectKey& key, std::string_view bytes,
                              const Metadata& metadata, std::stop_token stop) {
  return write_object(key, bytes, metadata, files::IfExists::Replace, stop).context(key.text());
}

Result<> FilesystemStore::put_if_absent(const ObjectKey& key, std::string_view bytes,
                                        const Metadata& metadata, std::stop_token stop) {
  TRY(check_stop(stop));
  // Saves writing it all in vain; what decides is the rename.
  if (TRY(exists(key))) {
    TRY(folders_.sync(split_key(key.text()).folder));  // see PendingFile::publish
    return already_exists("there is already an object {}", key.text());
  }
  return write_object(key, bytes, metadata, files::IfExists::Fail, stop).context(key.text());
}

Result<> FilesystemStore::write_object(const ObjectKey& key, std::string_view bytes,
                                       const Metadata& metadata, files::IfExists if_exists,
                                       const std::stop_token& stop) {
  TRY(check_stop(stop));
  PendingFile pending = TRY(begin(key, metadata));
  const auto fill = [&]() -> Result<> {
    for (std::size_t done = 0; done < bytes.size(); done += kWriteBytes) {
      TRY(check_stop(stop));
      TRY(pending.file().write_at(done, bytes.substr(done, kWriteBytes)));
    }
    TRY(pending.sync());
    return pending.publish(if_exists);
  };
  const Result<> filled = fill();
  if (!filled.ok()) pending.discard();
  return filled;
}

Result<bool> FilesystemStore::exists(const ObjectKey& key) {
  const Result<files::FileStat> stat = root_->stat(key.text());
  if (stat.ok()) return stat.value().type == files::FileType::Regular;
  if (stat.error().code() == ErrorCode::NotFound) return false;
  return stat.error();
}

Result<Metadata> FilesystemStore::read_metadata(files::File& file) {
  Metadata metadata;
  if (!has_metadata_) return metadata;
  for (const std::string& name : TRY(file.attribute_names())) {
    if (!name.starts_with(kAttributePrefix)) continue;
    const std::optional<std::string> value = TRY(file.attribute(name));
    if (value) metadata[name.substr(kAttributePrefix.size())] = *value;
  }
  return metadata;
}

Result<FilesystemStore::Opened> FilesystemStore::open_object(const ObjectKey& key) {
  if (is_temporary_name(split_key(key.text()).name)) {
    return not_found("{} is a temporary file", key.text());
  }
  Result<std::unique_ptr<files::File>> file = root_->open_file(key.text(), files::Access::Read);
  if (!file.ok() && file.error().code() == ErrorCode::InvalidArgument) {
    return not_found("{} is not an object", file.error().message());
  }
  Opened opened{.file = TRY(std::move(file)), .info = {}};
  opened.info = info_of(key.text(), TRY(opened.file->stat()));
  opened.info.metadata = TRY(read_metadata(*opened.file));
  return opened;
}

Result<OpenObject> FilesystemStore::open(const ObjectKey& key, const OpenOptions& options,
                                         std::stop_token stop) {
  TRY(check_stop(stop));
  Opened opened = TRY(open_object(key));
  TRY(check_match(options.if_match, opened.info));
  const ResolvedRange range =
      TRY(resolve_range(options.range, opened.info.size_bytes).context(key.text()));
  opened.file->advise(files::Advice::Sequential, range.offset, range.length);
  return OpenObject{.info = std::move(opened.info),
                    .body = std::make_unique<FileBody>(std::move(opened.file), key.text(), range,
                                                       std::move(stop))};
}

Result<ObjectInfo> FilesystemStore::head(const ObjectKey& key, std::stop_token stop) {
  TRY(check_stop(stop));
  return TRY(open_object(key)).info;
}

std::unique_ptr<TreeWalk> FilesystemStore::resume_walk(const ListRequest& request,
                                                       const ListPosition& start) {
  std::unique_ptr<TreeWalk> kept = open_walks_.with([&](auto& walks) -> std::unique_ptr<TreeWalk> {
    const auto found = std::ranges::find_if(walks, [&](const OpenWalk& open) {
      return !request.page_token.empty() && open.token == request.page_token &&
             open.prefix == request.prefix && open.recursive == request.recursive;
    });
    if (found == walks.end()) return nullptr;
    std::unique_ptr<TreeWalk> walk = std::move(found->walk);
    walks.erase(found);
    return walk;
  });
  if (kept) return kept;
  return std::make_unique<TreeWalk>(
      *root_,
      TreeWalkOptions{.prefix = request.prefix, .recursive = request.recursive, .start = start});
}

void FilesystemStore::keep_walk(OpenWalk walk) {
  open_walks_.with([&](auto& walks) {
    if (walks.size() == kOpenWalksMax) walks.erase(walks.begin());
    walks.push_back(std::move(walk));
  });
}

Result<ListPage> FilesystemStore::list(const ListRequest& request, std::stop_token stop) {
  const ListPosition start = TRY(list_position(request));
  const auto count_max = static_cast<std::size_t>(std::min(request.page_max, kPageMax));
  std::unique_ptr<TreeWalk> walk = resume_walk(request, start);
  ListPage page;
  ListPosition last;
  while (std::optional<TreeEntry> entry = TRY(walk->next(stop))) {
    if (page.objects.size() + page.prefixes.size() == count_max) {
      walk->step_back();
      page.next_page_token = last.to_token();
      keep_walk({request.prefix, request.recursive, page.next_page_token, std::move(walk)});
      break;
    }
    last = {entry->key, entry->is_folder};
    if (entry->is_folder) {
      page.prefixes.push_back(std::move(entry->key));
    } else {
      page.objects.push_back(info_of(std::move(entry->key), entry->stat));
    }
  }
  return page;
}

Result<> FilesystemStore::unlink(const ObjectKey& key) {
  if (is_temporary_name(split_key(key.text()).name)) return {};
  if (!TRY(exists(key))) return {};
  const Result<> removed = root_->remove_file(key.text());
  if (!removed.ok() && removed.error().code() == ErrorCode::NotFound) return {};
  return removed;
}

Result<> FilesystemStore::remove(const ObjectKey& key, std::stop_token stop) {
  const std::vector<RemoveFailure> failures = TRY(remove_batch({&key, 1}, std::move(stop)));
  if (!failures.empty()) return failures.front().error;
  return {};
}

Result<std::vector<RemoveFailure>> FilesystemStore::remove_batch(std::span<const ObjectKey> keys,
                                                                 std::stop_token stop) {
  std::vector<RemoveFailure> failures;
  std::set<std::string> folders;
  for (const ObjectKey& key : keys) {
    TRY(check_stop(stop));
    Result<> removed = unlink(key);
    if (removed.ok()) {
      folders.insert(split_key(key.text()).folder);
    } else {
      failures.push_back({key.text(), std::move(removed).error()});
    }
  }
  // Whoever removes one thing before another counts on that order, after a crash too.
  for (const std::string& folder : folders) {
    const Result<> synced = root_->sync(folder);
    const bool is_gone = !synced.ok() && (synced.error().code() == ErrorCode::NotFound ||
                                          synced.error().code() == ErrorCode::InvalidArgument);
    if (!is_gone) TRY(synced);
    folders_.remove_empty(folder);
  }
  return failures;
}

Result<std::unique_ptr<Upload>> FilesystemStore::start_upload(const ObjectKey& key,
                                                              const UploadOptions& options,
                                                              std::stop_token stop) {
  TRY(check_stop(stop));
  TRY(check_upload_options(options).context(key.text()));
  PendingFile pending = TRY(begin(key, options.metadata).context(key.text()));
  return std::unique_ptr<Upload>(
      std::make_unique<FilesystemUpload>(std::move(pending), key.text(), options.part_bytes));
}

Result<std::uint64_t> FilesystemStore::collect_unfinished(const std::string& prefix,
                                                          WallTime older_than,
                                                          std::stop_token stop) {
  TreeWalk walk(*root_, {.prefix = prefix, .wants_temporaries = true});
  std::uint64_t count = 0;
  while (const std::optional<TreeEntry> entry = TRY(walk.next(stop))) {
    const KeyParts parts = split_key(entry->key);
    // The time in the name says when it was begun, that of the file whether it is still written.
    const std::optional<WallTime> begun = temporary_name_time(parts.name);
    if (!begun || *begun >= older_than) continue;
    if (to_wall_time(entry->stat.modified) >= older_than) continue;
    const Result<> removed = root_->remove_file(entry->key);
    if (!removed.ok() && removed.error().code() == ErrorCode::NotFound) continue;
    TRY(removed);
    ++count;
    folders_.remove_empty(parts.folder);
  }
  return count;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> make_filesystem_store(std::unique_ptr<files::Directory> root,
                                                           Clock& clock, Random& random) {
  const bool has_metadata = TRY(root->has_attributes());
  return std::unique_ptr<ObjectStore>(
      std::make_unique<FilesystemStore>(std::move(root), has_metadata, clock, random));
}

Result<std::unique_ptr<ObjectStore>> open_filesystem_store(const std::string& root, Clock& clock,
                                                           Random& random) {
  Result<std::unique_ptr<files::Directory>> directory = files::open_disk_directory(root);
  if (!directory.ok()) {
    switch (directory.error().code()) {
      case ErrorCode::NotFound:
        return not_found("WALG_FILE_PREFIX: \"{}\" does not exist; create it first", root);
      case ErrorCode::InvalidArgument:
        return invalid_argument("WALG_FILE_PREFIX: \"{}\" is not a directory", root);
      default:
        return std::move(directory).context("WALG_FILE_PREFIX").error();
    }
  }
  return make_filesystem_store(std::move(directory).value(), clock, random);
}

}  // namespace cairn::object_store
