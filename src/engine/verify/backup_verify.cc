// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/backup_verify.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "codec/tar.h"
#include "concurrency/channel.h"
#include "concurrency/task_group.h"
#include "engine/backup/wal_wait.h"
#include "engine/member_source.h"
#include "engine/restore/backup_tars.h"
#include "engine/restore/chain_plan.h"
#include "engine/verified_source.h"
#include "engine/verify/tar_check.h"
#include "files/spool.h"
#include "postgres/control_file.h"

namespace cairn::engine {

namespace {

constexpr std::size_t kManifestMemoryBytes = 4 * 1024 * 1024;
constexpr std::size_t kRecordChunkBytes = 256 * 1024;

bool is_about_the_backup(const Error& error) {
  return error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::NotFound ||
         error.code() == ErrorCode::InvalidArgument;
}

class Verification {
 public:
  Verification(const VerifyWorld& world, const VerifySettings& settings, std::stop_token stop)
      : world_(world),
        settings_(settings),
        stop_(std::move(stop)),
        manifest_(settings.spool_directory, kManifestMemoryBytes) {}

  Result<VerifyReport> run(const std::string& name) {
    const auto entry = TRY(repository::resolve_backup(world_.store, name, stop_));
    Result<std::vector<ChainStep>> planned = plan_chain(world_.store, entry.name, stop_);
    if (!planned.ok() && is_about_the_backup(planned.error())) {
      report_.backups.push_back(entry.name.text());
      find(planned.error().message());
      return std::move(report_);
    }
    const std::vector<ChainStep> steps = TRY(std::move(planned));
    for (const ChainStep& step : steps) report_.backups.push_back(step.name.text());
    for (const ChainStep& step : steps) {
      TRY(verify_step(step, steps.size() == 1, &step == &steps.back()));
    }
    return std::move(report_);
  }

 private:
  Result<> verify_step(const ChainStep& step, bool is_whole, bool is_last);
  Result<> verify_records(const ChainStep& step);
  Result<> verify_parts(const BackupTars& tars, const TarCheck& check, RestoredFiles& files);
  Result<> verify_tar(const TarObject& tar, const TarCheck& check, RestoredFiles& files,
                      std::stop_token stop);
  Result<std::optional<postgres::ControlFile>> read_control(const TarObject& tar);
  Result<> check_manifest(const RestoredFiles& files);
  Result<> check_wal(const ChainStep& step, const postgres::ControlFile& control);
  void find(std::string line);

  const VerifyWorld& world_;
  const VerifySettings& settings_;
  const std::stop_token stop_;
  files::Spool manifest_;
  std::mutex mutex_;
  VerifyReport report_;
};

void Verification::find(std::string line) {
  const std::lock_guard lock(mutex_);
  ++report_.finding_count;
  if (report_.findings.size() < kFindingsMax) report_.findings.push_back(std::move(line));
}

Result<> Verification::verify_step(const ChainStep& step, bool is_whole, bool is_last) {
  world_.progress.phase("verify " + step.name.text());
  Result<BackupTars> listed = list_tars(world_.store, step, stop_);
  if (!listed.ok() && is_about_the_backup(listed.error())) {
    find(listed.error().message());
    return {};
  }
  const BackupTars tars = TRY(std::move(listed));
  world_.progress.total(tars.size_bytes);
  TRY(verify_records(step));
  RestoredFiles files;
  TarCheck check{.backup_start = step.sentinel.start_lsn.value_or(postgres::Lsn{}),
                 .backup_finish = step.sentinel.finish_lsn.value_or(postgres::Lsn{}),
                 .is_whole = is_whole,
                 .report = [this](std::string line) { find(std::move(line)); }};
  if (tars.control) {
    const auto control = TRY(read_control(*tars.control));
    if (control) {
      check.has_page_checksums = control->has_data_checksums();
      report_.has_page_checksums = check.has_page_checksums;
      if (is_last) TRY(check_wal(step, *control));
    }
    TRY(verify_tar(*tars.control, check, files, stop_));
  }
  TRY(verify_parts(tars, check, files));
  if (!tars.label) return {};
  report_.has_digests = tars.label->digest.has_value();
  check.manifest = is_whole ? &manifest_ : nullptr;
  TRY(verify_tar(*tars.label, check, files, stop_));
  return is_whole ? check_manifest(files) : Result<>();
}

// The objects with a digest that are no tars: files_metadata.json. A broken integrity record was
// found by list_tars().
Result<> Verification::verify_records(const ChainStep& step) {
  const auto integrity = TRY(repository::find_integrity(world_.store, step.name, stop_));
  if (!integrity) return {};
  for (const auto& [name, digest] : integrity->objects) {
    if (name.starts_with(kTarFolder)) continue;
    const auto read = [&]() -> Result<> {
      const auto key =
          TRY(object_store::ObjectKey::parse(repository::backup_prefix(step.name) + name));
      VerifiedSource source(TRY(world_.store.open(key, {}, stop_)).body, digest, {});
      std::vector<char> chunk(kRecordChunkBytes);
      while (TRY(source.read(chunk)) > 0) {
        if (stop_.stop_requested()) return cancelled("stopped while verifying {}", name);
      }
      return {};
    };
    Result<> checked = read();
    if (!checked.ok() && !is_about_the_backup(checked.error())) return checked;
    if (!checked.ok()) find(name + ": " + checked.error().message());
  }
  return {};
}

Result<> Verification::verify_parts(const BackupTars& tars, const TarCheck& check,
                                    RestoredFiles& files) {
  Channel<const TarObject*> queue(std::max<std::size_t>(1, tars.parts.size()));
  for (const TarObject& tar : tars.parts) TRY(queue.send(&tar, stop_));
  queue.close();
  TaskGroup readers(stop_);
  for (int i = 0; i < settings_.thread_count; ++i) {
    readers.start([&](std::stop_token stop) -> Result<> {
      while (std::optional<const TarObject*> tar = TRY(queue.receive(stop))) {
        TRY(verify_tar(**tar, check, files, stop));
      }
      return {};
    });
  }
  return readers.join();
}

Result<> Verification::verify_tar(const TarObject& tar, const TarCheck& check, RestoredFiles& files,
                                  std::stop_token stop) {
  const auto read = [&]() -> Result<TarFacts> {
    const auto on_bytes = [this](std::uint64_t bytes) { world_.progress.advance(bytes); };
    const auto source = TRY(open_tar(world_.store, tar, world_.cipher, on_bytes, stop));
    return check_tar(*source, check, files, stop);
  };
  Result<TarFacts> facts = read();
  if (!facts.ok() && !is_about_the_backup(facts.error())) return std::move(facts).error();
  if (!facts.ok()) {
    find(tar.key.text() + ": " + facts.error().message());
    return {};
  }
  const std::lock_guard lock(mutex_);
  ++report_.object_count;
  report_.stored_bytes += tar.size_bytes;
  report_.file_count += facts.value().file_count;
  report_.page_count += facts.value().page_count;
  return {};
}

// The control file says whether pages have checksums. Damage is found by verify_tar() afterwards.
Result<std::optional<postgres::ControlFile>> Verification::read_control(const TarObject& tar) {
  const auto read = [&]() -> Result<postgres::ControlFile> {
    const auto source = TRY(open_tar(world_.store, tar, world_.cipher, {}, stop_));
    codec::TarReader reader(*source);
    const auto entry = TRY(reader.next());
    if (!entry) return corrupt("{} is empty", tar.key.text());
    std::vector<char> bytes(postgres::kControlFileBytes);
    MemberSource content(reader);
    const std::size_t count = TRY(read_full(content, bytes));
    return postgres::parse_control_file({bytes.data(), count});
  };
  Result<postgres::ControlFile> control = read();
  if (control.ok()) return std::optional(std::move(control).value());
  if (!is_about_the_backup(control.error())) return std::move(control).error();
  find(tar.key.text() + ": " + control.error().message());
  return std::optional<postgres::ControlFile>();
}

Result<> Verification::check_manifest(const RestoredFiles& files) {
  TRY(manifest_.finish());
  report_.has_manifest = manifest_.size_bytes() > 0;
  if (!report_.has_manifest) {
    if (report_.has_digests) find("the backup holds no backup_manifest, although cairn took it");
    return {};
  }
  const auto source = TRY(manifest_.read_back());
  Result<> checked = files.check_against(*source);
  if (!checked.ok() && !is_about_the_backup(checked.error())) return checked;
  if (!checked.ok()) find(checked.error().message());
  return {};
}

Result<> Verification::check_wal(const ChainStep& step, const postgres::ControlFile& control) {
  const repository::Sentinel& sentinel = step.sentinel;
  const auto parts = step.name.parts();
  if (!sentinel.start_lsn || !sentinel.finish_lsn || !parts) return {};
  const auto segment = postgres::parse_wal_segment(parts->start_segment, control.wal_segment_size);
  if (!segment) return {};
  Result<> found = wait_for_wal(world_.store,
                                {.timeline = segment->timeline,
                                 .start = *sentinel.start_lsn,
                                 .end = *sentinel.finish_lsn,
                                 .segment_size = control.wal_segment_size},
                                std::chrono::milliseconds(0), world_.clock, stop_);
  if (!found.ok() && found.error().code() != ErrorCode::NotFound) return found;
  if (!found.ok()) find(found.error().message());
  return {};
}

}  // namespace

Result<VerifyReport> verify_backup(const VerifyWorld& world, const std::string& name,
                                   const VerifySettings& settings, std::stop_token stop) {
  return Verification(world, settings, std::move(stop)).run(name);
}

}  // namespace cairn::engine
