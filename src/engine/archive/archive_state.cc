// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/archive_state.h"

#include <fmt/format.h>

#include "repository/ownership.h"

namespace cairn::engine {

namespace {

constexpr std::uint64_t kStateBytesMax = 64 << 10;
constexpr std::string_view kOwnerPath = "walg_data/cairn_archive";
// WAL-G's place; ours have the file's whole name where WAL-G cuts its last extension off.
constexpr std::string_view kSentFolder = "walg_data/walg_archive_status";

std::string sent_path(std::string_view file) {
  return fmt::format("{}/{}", kSentFolder, file);
}

}  // namespace

bool ArchiveState::reads_as(const std::string& path, const std::string& text) const {
  const Result<std::string> found = files::read_file(directory_, path, kStateBytesMax);
  return found.ok() && found.value() == text;
}

bool ArchiveState::is_known_owner(std::uint64_t system_identifier) const {
  return reads_as(std::string(kOwnerPath),
                  repository::ownership_marker(store_identity_, system_identifier));
}

Result<> ArchiveState::remember_owner(std::uint64_t system_identifier) {
  TRY(files::make_directories(directory_, kSentFolder, 0700));
  return files::write_file_atomically(
      directory_, kOwnerPath, repository::ownership_marker(store_identity_, system_identifier),
      0600);
}

std::string ArchiveState::sent_text(std::string_view file, const files::FileStat& stat,
                                    std::uint64_t system_identifier) const {
  return fmt::format("{}file {}\nsize {}\nmodified {}\n",
                     repository::ownership_marker(store_identity_, system_identifier), file,
                     stat.size_bytes, stat.modified.time_since_epoch().count());
}

bool ArchiveState::is_sent(std::string_view file, const files::FileStat& stat,
                           std::uint64_t system_identifier) const {
  return reads_as(sent_path(file), sent_text(file, stat, system_identifier));
}

Result<> ArchiveState::remember_sent(std::string_view file, const files::FileStat& stat,
                                     std::uint64_t system_identifier) {
  TRY(files::make_directories(directory_, kSentFolder, 0700));
  return files::write_file_atomically(directory_, sent_path(file),
                                      sent_text(file, stat, system_identifier), 0600);
}

void ArchiveState::forget_sent(std::string_view file) {
  // What stays still fits the file it was written for, so nothing is lost if this fails.
  (void)directory_.remove_file(sent_path(file));
}

}  // namespace cairn::engine
