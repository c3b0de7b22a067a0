// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/backup_record.h"

#include <chrono>
#include <utility>

namespace cairn::engine {

namespace {

constexpr std::size_t kSpoolMemoryBytes = 2 * 1024 * 1024;

std::chrono::sys_seconds whole_seconds(files::FileTime time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace

BackupRecord::BackupRecord(const std::string& spool_directory, int major_version,
                           std::uint64_t system_identifier, bool has_files_metadata)
    : has_files_metadata_(has_files_metadata),
      manifest_(spool_directory, kSpoolMemoryBytes),
      manifest_writer_(manifest_, major_version, system_identifier),
      files_(spool_directory, kSpoolMemoryBytes),
      files_writer_(files_),
      tar_sets_(spool_directory, kSpoolMemoryBytes) {}

Result<> BackupRecord::add_file(const RecordedFile& file) {
  const std::lock_guard lock(mutex_);
  if (file.is_in_manifest) {
    TRY(manifest_writer_.add({.path = file.in_pgdata,
                              .size_bytes = file.size_bytes,
                              .modified = whole_seconds(file.modified),
                              .crc32c = file.copied.crc32c}));
  }
  for (const std::uint32_t block : file.copied.corrupt_blocks) {
    if (integrity_.corrupt_pages.size() == repository::kCorruptPagesStoredMax) break;
    integrity_.corrupt_pages.push_back({.file = file.in_pgdata, .block = block});
  }
  integrity_.corrupt_page_count += file.copied.corrupt_block_count;
  ++totals_.file_count;
  totals_.catalog_bytes += file.size_bytes;
  if (!file.is_in_files_metadata) return {};
  std::vector<std::uint32_t> first_blocks = file.copied.corrupt_blocks;
  if (first_blocks.size() > repository::kCorruptBlocksMax) {
    first_blocks.resize(repository::kCorruptBlocksMax);
  }
  return add_file_entry({.path = "/" + file.in_pgdata,
                         .modified = file.modified,
                         .corrupt_block_count = file.copied.corrupt_block_count,
                         .corrupt_blocks = std::move(first_blocks)});
}

Result<> BackupRecord::add_member(const std::string& member_name, files::FileTime modified) {
  const std::lock_guard lock(mutex_);
  return add_file_entry({.path = member_name, .modified = modified});
}

Result<> BackupRecord::add_file_entry(const repository::FileEntry& entry) {
  if (!has_files_metadata_) return {};
  return files_writer_.add_file(entry);
}

Result<> BackupRecord::add_tar(const FinishedTar& tar, bool is_listed) {
  const std::lock_guard lock(mutex_);
  integrity_.objects["tar_partitions/" + tar.tar_name] = {.size_bytes = tar.object.size_bytes,
                                                          .sha256_hex = tar.object.sha256_hex};
  totals_.uncompressed_bytes += tar.payload_bytes;
  totals_.compressed_bytes += tar.object.size_bytes;
  if (!has_files_metadata_ || !is_listed) return {};
  std::string set = tar.tar_name + '\0';
  for (const std::string& member : tar.members) set += member + '\0';
  return tar_sets_.write(set + '\0');
}

void BackupRecord::add_object(const std::string& relative_name, const StoredObject& object) {
  const std::lock_guard lock(mutex_);
  integrity_.objects[relative_name] = {.size_bytes = object.size_bytes,
                                       .sha256_hex = object.sha256_hex};
}

Result<> BackupRecord::finish_manifest(const std::vector<postgres::ManifestWalRange>& ranges) {
  const std::lock_guard lock(mutex_);
  TRY(manifest_writer_.finish(ranges));
  return manifest_.finish();
}

Result<> BackupRecord::write_files_metadata(Sink& out) {
  const std::lock_guard lock(mutex_);
  TRY(replay_tar_sets());
  TRY(files_writer_.finish());
  TRY(files_.finish());
  const std::unique_ptr<Source> json = TRY(files_.read_back());
  TRY(copy_all(*json, out));
  return {};
}

Result<> BackupRecord::replay_tar_sets() {
  TRY(tar_sets_.finish());
  const std::unique_ptr<Source> names = TRY(tar_sets_.read_back());
  std::vector<char> chunk(256 * 1024);
  std::string name;
  bool is_tar_name = true;
  while (true) {
    const std::size_t count = TRY(names->read(chunk));
    if (count == 0) return {};
    for (const char c : std::string_view(chunk.data(), count)) {
      if (c != '\0') {
        name += c;
        continue;
      }
      if (name.empty()) {
        is_tar_name = true;
        continue;
      }
      if (is_tar_name) {
        TRY(files_writer_.start_tar_set(name));
      } else {
        TRY(files_writer_.add_tar_member(name));
      }
      is_tar_name = false;
      name.clear();
    }
  }
}

repository::Integrity BackupRecord::integrity() const {
  const std::lock_guard lock(mutex_);
  return integrity_;
}

BackupTotals BackupRecord::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace cairn::engine
