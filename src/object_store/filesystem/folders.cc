// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/folders.h"

namespace cairn::object_store {

namespace {

constexpr std::uint32_t kFolderMode = 0755;  // WAL-G's
constexpr int kTriesMax = 100;
constexpr std::size_t kDurableCountMax = 4096;

std::string parent_of(const std::string& folder) {
  const std::size_t slash = folder.rfind('/');
  return slash == std::string::npos ? "" : folder.substr(0, slash);
}

}  // namespace

KeyParts split_key(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string_view::npos) return {"", std::string(key)};
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

Result<> Folders::make(const std::string& folder) {
  durable_.with([&](auto& durable) { durable.erase(folder); });
  return files::make_directories(root_, folder, kFolderMode);
}

Result<std::unique_ptr<files::File>> Folders::create_in(
    const std::string& folder, std::string_view name, std::uint32_t mode,
    std::unique_ptr<files::Directory>& directory) {
  for (int tries = 1;; ++tries) {
    Result<std::unique_ptr<files::Directory>> opened = root_.open_directory(folder);
    Result<std::unique_ptr<files::File>> created =
        opened.ok() ? opened.value()->create_file(name, mode) : opened.error();
    if (created.ok()) {
      directory = std::move(opened).value();
      return created;
    }
    if (created.error().code() != ErrorCode::NotFound || tries == kTriesMax || folder.empty()) {
      return created;
    }
    const Result<> made = make(folder);
    if (!made.ok() && made.error().code() != ErrorCode::NotFound) return made.error();
  }
}

Result<> Folders::sync(const std::string& folder) {
  TRY(root_.sync(folder));
  if (folder.empty()) return {};
  const bool is_durable =
      durable_.with([&](const auto& durable) { return durable.contains(folder); });
  if (is_durable) return {};
  std::string parent = folder;
  while (!parent.empty()) {
    parent = parent_of(parent);
    TRY(root_.sync(parent));
  }
  durable_.with([&](auto& durable) {
    if (durable.size() >= kDurableCountMax) durable.clear();
    durable.insert(folder);
  });
  return {};
}

void Folders::remove_empty(std::string folder) {
  while (!folder.empty()) {
    if (!root_.remove_directory(folder).ok()) return;
    durable_.with([&](auto& durable) { durable.erase(folder); });
    folder = parent_of(folder);
  }
}

}  // namespace cairn::object_store
