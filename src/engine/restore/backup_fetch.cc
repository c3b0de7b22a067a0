// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/backup_fetch.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "base/log.h"
#include "concurrency/channel.h"
#include "concurrency/task_group.h"
#include "engine/restore/backup_tars.h"
#include "engine/restore/chain_plan.h"
#include "engine/restore/extractor.h"
#include "engine/restore/restore_target.h"
#include "engine/restore/restored_files.h"
#include "files/file_source.h"
#include "postgres/backup_manifest.h"

namespace cairn::engine {

namespace {

// Where each tablespace goes. Also says when a mapping names no tablespace: most likely a typo, and
// the data would land on top of the original.
Result<std::map<std::string, std::string>> tablespace_locations(
    const std::optional<repository::TablespaceSpec>& spec,
    const std::map<std::string, std::string>& mapping) {
  std::map<std::string, std::string> locations;
  std::map<std::string, std::string> unused = mapping;
  if (spec) {
    for (const repository::Tablespace& tablespace : spec->tablespaces) {
      std::string location = tablespace.location;
      for (const std::string& key : {tablespace.oid, tablespace.location}) {
        const auto mapped = mapping.find(key);
        if (mapped == mapping.end()) continue;
        location = mapped->second;
        unused.erase(key);
      }
      locations.emplace(tablespace.oid, std::move(location));
    }
  }
  if (unused.empty()) return locations;
  return invalid_argument("the backup has no tablespace \"{}\", which is to go to \"{}\"",
                          unused.begin()->first, unused.begin()->second);
}

class Fetch {
 public:
  Fetch(const FetchWorld& world, const FetchSettings& settings, std::stop_token stop)
      : world_(world), settings_(settings), stop_(std::move(stop)) {}

  Result<FetchReport> run(const std::string& name) {
    world_.progress.phase("look at the backup");
    const auto entry = TRY(repository::resolve_backup(world_.store, name, stop_));
    const auto steps = TRY(plan_chain(world_.store, entry.name, stop_));
    std::vector<BackupTars> tars;
    for (const ChainStep& step : steps) tars.push_back(TRY(list_tars(world_.store, step, stop_)));
    const repository::Sentinel& sentinel = steps.back().sentinel;
    const auto locations =
        TRY(tablespace_locations(sentinel.tablespaces, settings_.tablespace_mapping));
    const auto target = TRY(RestoreTarget::open({.data_directory = settings_.target_directory,
                                                 .tablespaces = locations,
                                                 .wal_directory = settings_.wal_directory}));
    Result<FetchReport> report = fill(*target, steps, tars);
    if (!report.ok()) empty_again(*target);
    return report;
  }

 private:
  Result<FetchReport> fill(RestoreTarget& target, const std::vector<ChainStep>& steps,
                           const std::vector<BackupTars>& tars);
  Result<> check_space(const RestoreTarget& target, const std::vector<ChainStep>& steps) const;
  Result<> extract_parts(Extractor& extractor, const ChainStep& step, const BackupTars& tars);
  Result<> extract_one(Extractor& extractor, const ChainStep& step, const TarObject& tar,
                       std::stop_token stop);
  Result<> check_missing(const Extractor& extractor, const ChainStep& step) const;
  Result<bool> check_manifest(RestoreTarget& target, const RestoredFiles& restored,
                              bool is_expected) const;
  void empty_again(RestoreTarget& target) const;

  const FetchWorld& world_;
  const FetchSettings& settings_;
  const std::stop_token stop_;
};

Result<FetchReport> Fetch::fill(RestoreTarget& target, const std::vector<ChainStep>& steps,
                                const std::vector<BackupTars>& tars) {
  TRY(check_space(target, steps));
  std::uint64_t total = 0;
  for (const BackupTars& each : tars) total += each.size_bytes;
  world_.progress.phase("restore files");
  world_.progress.total(total);
  RestoredFiles restored;
  FetchReport report{.name = steps.back().name.text(), .sentinel = steps.back().sentinel};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Extractor extractor(target, restored);
    TRY(extract_parts(extractor, steps[i], tars[i]));
    TRY(check_missing(extractor, steps[i]));
    const bool is_last = i + 1 == steps.size();
    if (is_last && tars[i].label) TRY(extract_one(extractor, steps[i], *tars[i].label, stop_));
    if (is_last && tars[i].control) {
      world_.progress.phase("make durable");
      TRY(target.sync());
      TRY(extract_one(extractor, steps[i], *tars[i].control, stop_));
    }
    TRY(extractor.set_directory_modes());
    report.written_bytes += extractor.written_bytes();
  }
  world_.progress.phase("check against the manifest");
  // Ours have a manifest; so have those that pg_basebackup made into a WAL-G remote backup.
  const bool is_ours = tars.back().label && tars.back().label->digest;
  report.is_verified = TRY(check_manifest(target, restored, is_ours));
  report.file_count = restored.count();
  if (settings_.complete) TRY(settings_.complete(target.data_directory()));
  TRY(target.finish());
  return report;
}

Result<> Fetch::check_space(const RestoreTarget& target,
                            const std::vector<ChainStep>& steps) const {
  const auto needed = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, steps.back().sentinel.uncompressed_size_bytes));
  const std::uint64_t free = TRY(target.free_space_bytes());
  // With tablespaces on other file systems each needs only a part, so only a single one is judged.
  const auto& spec = steps.back().sentinel.tablespaces;
  const bool has_tablespaces = spec && !spec->tablespaces.empty();
  if (has_tablespaces || needed <= free) return {};
  return no_space("{} has {} bytes free, the backup needs {}", settings_.target_directory, free,
                  needed);
}

Result<> Fetch::extract_parts(Extractor& extractor, const ChainStep& step, const BackupTars& tars) {
  Channel<const TarObject*> queue(std::max<std::size_t>(1, tars.parts.size()));
  for (const TarObject& tar : tars.parts) TRY(queue.send(&tar, stop_));
  queue.close();
  TaskGroup readers(stop_);
  const auto count =
      std::min<std::size_t>(static_cast<std::size_t>(settings_.thread_count), tars.parts.size());
  for (std::size_t i = 0; i < count; ++i) {
    readers.start([&](std::stop_token stop) -> Result<> {
      while (std::optional<const TarObject*> tar = TRY(queue.receive(stop))) {
        TRY(extract_one(extractor, step, **tar, stop));
      }
      return {};
    });
  }
  return readers.join();
}

Result<> Fetch::extract_one(Extractor& extractor, const ChainStep& step, const TarObject& tar,
                            std::stop_token stop) {
  const auto on_bytes = [this](std::uint64_t bytes) { world_.progress.advance(bytes); };
  const auto source =
      TRY(open_tar(world_.store, tar, world_.cipher, on_bytes, stop).context(tar.key.text()));
  return extractor.extract(*source, step, stop).context(tar.key.text());
}

// Files that vanished while WAL-G took the backup may be listed although no tar holds them. All
// recorded tars were there, so this is worth a word and no failure; without such a record it is
// one.
Result<> Fetch::check_missing(const Extractor& extractor, const ChainStep& step) const {
  const std::vector<std::string> missing = extractor.missing_files(step);
  if (missing.empty()) return {};
  if (step.tar_names.empty()) {
    return corrupt("backup {} is incomplete: {} files are in none of its tars, for example {}",
                   step.name.text(), missing.size(), missing.front());
  }
  log_warning("backup {} lists {} files that none of its tars holds, for example {}",
              step.name.text(), missing.size(), missing.front());
  return {};
}

Result<bool> Fetch::check_manifest(RestoreTarget& target, const RestoredFiles& restored,
                                   bool is_expected) const {
  files::Directory& directory = target.data_directory();
  Result<files::FileStat> stat = directory.stat(postgres::kBackupManifestName);
  if (!stat.ok() && stat.error().code() == ErrorCode::NotFound) {
    if (!is_expected) return false;
    return corrupt("the backup holds no backup_manifest, although cairn took it");
  }
  TRY(std::move(stat));
  const auto file = TRY(directory.open_file(postgres::kBackupManifestName, files::Access::Read));
  files::FileSource manifest(*file);
  TRY(restored.check_against(manifest));
  return true;
}

void Fetch::empty_again(RestoreTarget& target) const {
  if (Result<> emptied = target.empty(); !emptied.ok()) {
    log_warning("{} holds an unfinished restore, marked by the file {}: {}",
                settings_.target_directory, kIncompleteMarker, emptied.error().message());
  }
}

}  // namespace

Result<FetchReport> fetch_backup(const FetchWorld& world, const std::string& name,
                                 const FetchSettings& settings, std::stop_token stop) {
  return Fetch(world, settings, std::move(stop)).run(name);
}

}  // namespace cairn::engine
