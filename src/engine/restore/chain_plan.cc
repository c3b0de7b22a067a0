// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/chain_plan.h"

#include <utility>

#include "repository/files_metadata.h"

namespace cairn::engine {

namespace {

using Wanted = std::unordered_map<std::string, FileSource>;

FileSource source_of(const repository::FileEntry& entry) {
  if (entry.is_skipped) return FileSource::Parent;
  if (entry.is_incremented) return FileSource::Increment;
  return FileSource::Whole;
}

bool has_files_metadata(const repository::Sentinel& sentinel) {
  return !sentinel.is_files_metadata_disabled && !sentinel.has_inline_files;
}

// Reads the metadata of one backup; with `only`, keeps the files in it alone.
Result<Wanted> read_step(object_store::ObjectStore& store, ChainStep& step, bool keeps_files,
                         const Wanted* only, std::stop_token stop) {
  Wanted wanted;
  const auto key = repository::files_metadata_key(step.name);
  const auto object = TRY(
      store.open(key, {}, stop)
          .context(fmt::format("backup {} is incomplete: its list of files", step.name.text())));
  const repository::FilesMetadataReader reader{
      .take_file = [&](const repository::FileEntry& entry) -> Result<> {
        if (!keeps_files) return {};
        if (only != nullptr) {
          const auto found = only->find(entry.path);
          if (found == only->end() || found->second == FileSource::Whole) return {};
        }
        wanted.emplace(entry.path, source_of(entry));
        return {};
      },
      .take_tar_member = [&](std::string_view tar_name, std::string_view) -> Result<> {
        if (step.tar_names.empty() || step.tar_names.back() != tar_name) {
          step.tar_names.emplace_back(tar_name);
        }
        return {};
      }};
  TRY(repository::read_files_metadata(*object.body, reader, {}).context(key.text()));
  return wanted;
}

}  // namespace

Result<std::vector<ChainStep>> plan_chain(object_store::ObjectStore& store,
                                          const repository::BackupName& name,
                                          std::stop_token stop) {
  const auto links = TRY(repository::load_chain(store, name, stop));
  std::vector<ChainStep> steps;
  for (const repository::ChainLink& link : links) {
    steps.push_back({.name = link.name, .sentinel = link.sentinel});
  }
  const bool has_deltas = steps.size() > 1;
  const Wanted* of_child = nullptr;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (!has_files_metadata(step->sentinel)) {
      if (!has_deltas) continue;
      return invalid_argument("backup {} is part of a delta chain but has no list of its files",
                              step->name.text());
    }
    Wanted wanted = TRY(read_step(store, *step, has_deltas, of_child, stop));
    if (!has_deltas) continue;
    step->wanted = std::move(wanted);
    of_child = &*step->wanted;
  }
  return steps;
}

}  // namespace cairn::engine
