// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/backup_tars.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/verified_source.h"
#include "repository/names.h"
#include "repository/sealing.h"

namespace cairn::engine {

namespace {

constexpr std::size_t kTarCountMax = 1'000'000;

// "part_001.tar.lz4" without what follows ".tar".
std::string_view stem_of(std::string_view name) {
  return name.substr(0, name.find('.'));
}

Result<> check_recorded(const BackupTars& tars, const std::set<std::string>& found,
                        const ChainStep& step,
                        const std::optional<repository::Integrity>& integrity) {
  for (const std::string& name : step.tar_names) {
    if (!found.contains(name)) {
      return corrupt("backup {} is incomplete: its object {}{} is missing", step.name.text(),
                     kTarFolder, name);
    }
  }
  if (!integrity) return {};
  for (const auto& [name, digest] : integrity->objects) {
    if (name.starts_with(kTarFolder) && !found.contains(name.substr(kTarFolder.size()))) {
      return corrupt("backup {} is incomplete: its object {} is missing", step.name.text(), name);
    }
  }
  const auto check_size = [&](const TarObject& tar) -> Result<> {
    if (!tar.digest || tar.digest->size_bytes == tar.size_bytes) return {};
    return corrupt("object {} has {} bytes, {} were written", tar.key.text(), tar.size_bytes,
                   tar.digest->size_bytes);
  };
  for (const TarObject& tar : tars.parts) TRY(check_size(tar));
  if (tars.label) TRY(check_size(*tars.label));
  if (tars.control) TRY(check_size(*tars.control));
  return {};
}

}  // namespace

Result<BackupTars> list_tars(object_store::ObjectStore& store, const ChainStep& step,
                             std::stop_token stop) {
  const std::string prefix = repository::tar_partitions_prefix(step.name);
  const auto objects = TRY(list_all(store, {.prefix = prefix}, kTarCountMax, stop));
  const auto integrity = TRY(repository::find_integrity(store, step.name, stop));
  BackupTars tars;
  std::set<std::string> found;
  for (const object_store::ObjectInfo& object : objects) {
    const std::string name = object.key.substr(prefix.size());
    found.insert(name);
    TarObject tar{.name = name,
                  .key = TRY(object_store::ObjectKey::parse(object.key)),
                  .size_bytes = object.size_bytes};
    if (integrity) {
      const auto digest = integrity->objects.find(std::string(kTarFolder) + name);
      // Not recorded: an object that is no part of this backup, such as one a dead run left.
      if (digest == integrity->objects.end()) continue;
      tar.digest = digest->second;
    }
    TRY(repository::compression_of_name(name).context(object.key));
    tars.size_bytes += tar.size_bytes;
    if (stem_of(name) == "pg_control") {
      tars.control = std::move(tar);
    } else if (stem_of(name) == "backup_label") {
      tars.label = std::move(tar);
    } else {
      tars.parts.push_back(std::move(tar));
    }
  }
  TRY(check_recorded(tars, found, step, integrity));
  if (!tars.control) {
    return corrupt(
        "backup {} holds no control file ({}pg_control.tar), so it can not be restored{}",
        step.name.text(), kTarFolder,
        objects.empty() ? ": it has no data at all, as the record of a volume snapshot" : "");
  }
  return tars;
}

Result<std::unique_ptr<Source>> open_tar(object_store::ObjectStore& store, const TarObject& tar,
                                         const codec::Cipher* cipher,
                                         std::function<void(std::uint64_t)> on_bytes,
                                         std::stop_token stop) {
  object_store::OpenObject object = TRY(store.open(tar.key, {}, stop));
  std::unique_ptr<Source> stored;
  if (tar.digest) {
    stored =
        std::make_unique<VerifiedSource>(std::move(object.body), *tar.digest, std::move(on_bytes));
  } else {
    stored = std::make_unique<CountedSource>(std::move(object.body), std::move(on_bytes));
  }
  const codec::Compression compression = TRY(repository::compression_of_name(tar.name));
  return repository::unseal(std::move(stored), compression, cipher, tar.key.text());
}

}  // namespace cairn::engine
