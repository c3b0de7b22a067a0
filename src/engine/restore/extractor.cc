// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/extractor.h"

#include <utility>

#include "base/log.h"
#include "codec/digest.h"
#include "engine/member_source.h"
#include "engine/restore/increment.h"
#include "postgres/backup_label.h"

namespace cairn::engine {

namespace {

constexpr std::size_t kChunkBytes = 1024 * 1024;
constexpr std::uint64_t kWritebackBytes = 16 * 1024 * 1024;
// Set-user-id and the like have no place in a data directory.
constexpr std::uint32_t kModeMask = 0777;

// WAL-G restores these whatever the list of files says.
bool is_always_wanted(std::string_view name) {
  return name == "backup_label" || name == "tablespace_map" || name == "/global/pg_control" ||
         name == "global/pg_control";
}

std::optional<FileSource> source_of(const ChainStep& step, const std::string& name) {
  if (!step.wanted || is_always_wanted(name)) return FileSource::Whole;
  const auto found = step.wanted->find(name);
  if (found == step.wanted->end() || found->second == FileSource::Parent) return std::nullopt;
  return found->second;
}

Result<std::unique_ptr<files::File>> create_or_truncate(files::Directory& directory,
                                                        const std::string& path) {
  Result<std::unique_ptr<files::File>> created = directory.create_file(path, 0600);
  if (created.ok() || created.error().code() != ErrorCode::AlreadyExists) return created;
  auto existing = TRY(directory.open_file(path, files::Access::ReadWrite));
  TRY(existing->truncate(0));
  return existing;
}

MemberPath parent_of(const MemberPath& path) {
  const std::size_t slash = path.path.rfind('/');
  return {.tablespace = path.tablespace,
          .path = slash == std::string::npos ? std::string() : path.path.substr(0, slash)};
}

}  // namespace

Result<> Extractor::extract(Source& tar, const ChainStep& step, std::stop_token stop) {
  codec::TarReader reader(tar);
  while (std::optional<codec::TarEntry> entry = TRY(reader.next())) {
    if (stop.stop_requested()) return cancelled("stopped while unpacking");
    const auto source = source_of(step, entry->name);
    if (!source) continue;
    MemberPath path = TRY(parse_member_path(entry->name));
    if (target_.is_elsewhere(path)) continue;
    files::Directory* directory = TRY(target_.directory_of(path));
    const Member member{*std::move(entry), std::move(path), directory, *source};
    TRY(extract_member(reader, member, stop).context(member.path.in_pgdata()));
    if (step.wanted) {
      const std::lock_guard lock(mutex_);
      seen_.insert(member.entry.name);
    }
  }
  return {};
}

Result<> Extractor::extract_member(codec::TarReader& tar, const Member& member,
                                   std::stop_token stop) {
  switch (member.entry.type) {
    case codec::TarType::Directory:
      return make_directory(member);
    case codec::TarType::Regular:
      if (member.path.path.empty()) return corrupt("a file can not be the directory itself");
      if (member.path.in_pgdata() == postgres::kTablespaceMapName && target_.has_tablespaces()) {
        // The links are made already, to where this restore puts the tablespaces; the server would
        // change them back to where they were.
        restored_.add_unchecked(postgres::kTablespaceMapName);
        return {};
      }
      TRY(make_parents(member));
      return member.source == FileSource::Increment ? extract_increment(tar, member)
                                                    : extract_file(tar, member, std::move(stop));
    case codec::TarType::Symlink:
      // WAL-G stores links with their own name as target, so nothing is lost by leaving them out.
      log_warning("{} is a symbolic link in the backup and is not restored",
                  member.path.in_pgdata());
      return {};
    case codec::TarType::Hardlink:
      return corrupt("the archive holds a hard link; backups never do");
    case codec::TarType::Other:
      log_warning("{} is a special file in the backup and is not restored",
                  member.path.in_pgdata());
      return {};
  }
  return {};
}

Result<> Extractor::make_directory(const Member& member) {
  if (!member.path.path.empty()) {
    TRY(files::make_directories(*member.directory, member.path.path, 0700));
  }
  const std::lock_guard lock(mutex_);
  made_.insert(member.path);
  modes_.push_back({member.path, member.entry.mode & kModeMask});
  return {};
}

Result<> Extractor::make_parents(const Member& member) {
  const MemberPath parent = parent_of(member.path);
  if (parent.path.empty()) return {};
  {
    const std::lock_guard lock(mutex_);
    if (made_.contains(parent)) return {};
  }
  TRY(files::make_directories(*member.directory, parent.path, 0700));
  const std::lock_guard lock(mutex_);
  made_.insert(parent);
  return {};
}

Result<> Extractor::extract_file(codec::TarReader& tar, const Member& member,
                                 std::stop_token stop) {
  const auto file = TRY(create_or_truncate(*member.directory, member.path.path));
  std::vector<char> chunk(
      static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, member.entry.size_bytes + 1)));
  codec::Crc32c crc;
  std::uint64_t offset = 0;
  std::uint64_t flushed = 0;
  MemberSource source(tar);
  while (const std::size_t count = TRY(read_full(source, chunk))) {
    if (stop.stop_requested()) return cancelled("stopped while unpacking");
    const std::string_view bytes(chunk.data(), count);
    crc.update(bytes);
    TRY(file->write_at(offset, bytes));
    offset += count;
    if (offset - flushed >= kWritebackBytes) {
      file->start_writeback(flushed, offset - flushed);
      flushed = offset;
    }
  }
  TRY(file->set_mode(member.entry.mode & kModeMask));
  restored_.add(member.path.in_pgdata(), offset, crc.value());
  const std::lock_guard lock(mutex_);
  written_bytes_ += offset;
  return {};
}

Result<> Extractor::extract_increment(codec::TarReader& tar, const Member& member) {
  Result<std::unique_ptr<files::File>> opened =
      member.directory->open_file(member.path.path, files::Access::ReadWrite);
  if (!opened.ok() && opened.error().code() == ErrorCode::NotFound) {
    return corrupt("the backup holds an increment, but its parent has no such file");
  }
  const auto file = TRY(std::move(opened));
  MemberSource source(tar);
  TRY(apply_increment(source, member.entry.size_bytes, *file));
  TRY(file->set_mode(member.entry.mode & kModeMask));
  restored_.add_unchecked(member.path.in_pgdata());
  const std::lock_guard lock(mutex_);
  written_bytes_ += member.entry.size_bytes;
  return {};
}

Result<> Extractor::set_directory_modes() {
  const std::lock_guard lock(mutex_);
  for (const DirectoryMode& directory : modes_) {
    files::Directory* root = TRY(target_.directory_of(directory.path));
    // Postgres accepts 0700 and 0750; the owner must keep every right for what comes after.
    TRY(root->set_mode(directory.path.path, directory.mode | 0700));
  }
  return {};
}

std::uint64_t Extractor::written_bytes() const {
  const std::lock_guard lock(mutex_);
  return written_bytes_;
}

std::vector<std::string> Extractor::missing_files(const ChainStep& step) const {
  std::vector<std::string> missing;
  if (!step.wanted) return missing;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, source] : *step.wanted) {
    if (source != FileSource::Parent && !seen_.contains(name)) missing.push_back(name);
  }
  return missing;
}

}  // namespace cairn::engine
