// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/prefetch_directory.h"

#include <algorithm>

namespace cairn::engine {

namespace {

constexpr std::string_view kFolder = ".wal-g";
constexpr std::string_view kFinished = ".wal-g/prefetch";
constexpr std::string_view kRunning = ".wal-g/prefetch/running";
constexpr std::string_view kLock = ".wal-g/cairn_prefetch.lock";
constexpr std::string_view kLastCompression = ".wal-g/cairn_last_compression";
constexpr std::uint64_t kNameBytesMax = 64;

}  // namespace

std::string PrefetchDirectory::finished_path(const std::string& file) {
  return fmt::format("{}/{}", kFinished, file);
}

std::string PrefetchDirectory::running_path(const std::string& file) {
  return fmt::format("{}/{}", kRunning, file);
}

Result<> PrefetchDirectory::make() {
  return files::make_directories(root_, kRunning, 0700);
}

Result<std::optional<files::FileLock>> PrefetchDirectory::try_lock() const {
  return files::FileLock::try_lock(fmt::format("{}/{}", root_.path(), kLock));
}

bool PrefetchDirectory::is_locked() const {
  if (!root_.stat(kFolder).ok()) return false;
  const auto lock = try_lock();
  return lock.ok() && !lock.value().has_value();
}

bool PrefetchDirectory::has_finished(const std::string& file) const {
  return root_.stat(finished_path(file)).ok();
}

std::optional<std::uint64_t> PrefetchDirectory::running_bytes(const std::string& file) const {
  const auto stat = root_.stat(running_path(file));
  return stat.ok() ? std::optional(stat.value().size_bytes) : std::nullopt;
}

void PrefetchDirectory::remove_finished(const std::string& file) {
  (void)root_.remove_file(finished_path(file));  // What stays is judged again before it is used.
}

Result<> PrefetchDirectory::clean(const std::vector<std::string>& keep) {
  for (const auto& entry : TRY(root_.list(kRunning))) {
    TRY(root_.remove_file(running_path(entry.name)));
  }
  for (const auto& entry : TRY(root_.list(kFinished))) {
    if (entry.type != files::FileType::Regular) continue;
    if (std::ranges::find(keep, entry.name) != keep.end()) continue;
    const Result<> removed = root_.remove_file(finished_path(entry.name));
    // A wal-fetch may have taken it meanwhile.
    if (!removed.ok() && removed.error().code() != ErrorCode::NotFound) return removed;
  }
  return {};
}

std::optional<codec::Compression> PrefetchDirectory::last_compression() const {
  const auto name = files::read_file(root_, kLastCompression, kNameBytesMax);
  if (!name.ok()) return std::nullopt;
  const auto compression = codec::parse_compression(name.value());
  return compression.ok() ? std::optional(compression.value()) : std::nullopt;
}

void PrefetchDirectory::remember_compression(codec::Compression compression) {
  if (!files::make_directories(root_, kFolder, 0700).ok()) return;
  // Only saves requests, so it may fail.
  (void)files::write_file_atomically(root_, kLastCompression, codec::compression_name(compression),
                                     0600);
}

}  // namespace cairn::engine
