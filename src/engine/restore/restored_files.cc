// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/restored_files.h"

#include <functional>
#include <string>
#include <vector>

#include "postgres/backup_manifest.h"

namespace cairn::engine {

namespace {

constexpr std::size_t kNamedFilesMax = 5;

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += (all.empty() ? "" : "; ") + line;
  return all;
}

}  // namespace

void RestoredFiles::add(std::string_view in_pgdata, std::uint64_t size_bytes,
                        std::uint32_t crc32c) {
  const std::lock_guard lock(mutex_);
  files_[std::hash<std::string_view>{}(in_pgdata)] = {size_bytes, crc32c, true};
}

void RestoredFiles::add_unchecked(std::string_view in_pgdata) {
  const std::lock_guard lock(mutex_);
  files_[std::hash<std::string_view>{}(in_pgdata)] = {0, 0, false};
}

std::uint64_t RestoredFiles::count() const {
  const std::lock_guard lock(mutex_);
  return files_.size();
}

Result<> RestoredFiles::check_against(Source& manifest) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> wrong;
  std::uint64_t wrong_count = 0;
  const auto take = [&](const postgres::ManifestFile& file) -> Result<> {
    const auto found = files_.find(std::hash<std::string_view>{}(file.path));
    std::string what;
    if (found == files_.end()) {
      what = "is missing";
    } else if (!found->second.is_checked) {
      return {};
    } else if (found->second.size_bytes != file.size_bytes) {
      what = fmt::format("has {} bytes instead of {}", found->second.size_bytes, file.size_bytes);
    } else if (file.crc32c && found->second.crc32c != *file.crc32c) {
      what = "has another checksum than when it was backed up";
    } else {
      return {};
    }
    ++wrong_count;
    if (wrong.size() < kNamedFilesMax) wrong.push_back(file.path + " " + what);
    return {};
  };
  TRY(postgres::read_manifest(manifest, take, {}).context("backup_manifest"));
  if (wrong_count == 0) return {};
  return corrupt("{} files differ from the backup's manifest: {}", wrong_count, joined(wrong));
}

}  // namespace cairn::engine
