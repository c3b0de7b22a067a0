// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/backup_push.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "concurrency/channel.h"
#include "concurrency/task_group.h"
#include "engine/backup/backup_record.h"
#include "engine/backup/pgdata_walk.h"
#include "engine/backup/tar_packer.h"
#include "engine/backup/wal_wait.h"
#include "postgres/backup_label.h"
#include "postgres/control_file.h"
#include "postgres/server.h"
#include "repository/backup_metadata.h"
#include "repository/catalog.h"
#include "repository/ownership.h"
#include "repository/sentinel.h"

namespace cairn::engine {

namespace {

constexpr std::size_t kWalkAhead = 256;
// A running backup stores a part at least this often; the largest is far from taking a day.
constexpr std::chrono::hours kDeadAfter{24};
constexpr int kControlFileReadsMax = 10;

// pg_control as it is on disk; the server may be writing it, so a torn one is read again.
struct ControlBytes {
  std::string bytes;
  files::FileStat stat;
  postgres::ControlFile control;
};

Result<ControlBytes> read_control_file(files::Directory& pgdata, Clock& clock,
                                       std::stop_token stop) {
  for (int i = 0;; ++i) {
    std::string bytes =
        TRY(files::read_file(pgdata, postgres::kControlFilePath, 2 * postgres::kControlFileBytes));
    const files::FileStat stat = TRY(pgdata.stat(postgres::kControlFilePath));
    Result<postgres::ControlFile> control = postgres::parse_control_file(bytes);
    if (control.ok()) return ControlBytes{std::move(bytes), stat, std::move(control).value()};
    const bool may_be_torn = control.error().code() == ErrorCode::Corrupt;
    if (!may_be_torn || i == kControlFileReadsMax) return std::move(control).error();
    TRY(clock.wait_for(std::chrono::milliseconds(20), stop));
  }
}

Result<std::string> real_path(const std::string& path) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) return system_error(error.value(), path);
  return real.string();
}

// One backup from start to end: the steps in the order in which they happen.
class BackupRun {
 public:
  BackupRun(const BackupWorld& world, const BackupSettings& settings, std::stop_token stop)
      : world_(world), settings_(settings), stop_(std::move(stop)) {}

  Result<BackupReport> run() {
    TRY(look_at_cluster());
    TRY(repository::claim_ownership(world_.store, facts_.system_identifier, world_.clock, stop_));
    TRY(start());
    Result<BackupReport> report = copy_and_finish();
    if (!report.ok() && !is_sentinel_tried_) remove_leftovers();
    return report;
  }

 private:
  Result<> look_at_cluster();
  Result<> check_archiving();
  Result<> start();
  Result<> check_name_is_free();
  Result<> check_is_dead(const std::vector<object_store::ObjectInfo>& parts);
  Result<BackupReport> copy_and_finish();
  Result<> copy_files(Uploader& uploader, std::stop_token stop);
  Result<> upload_control_file(Uploader& uploader);
  Result<> stop_backup();
  Result<> upload_label(Uploader& uploader);
  Result<> upload_lists(Uploader& uploader);
  Result<> put_records();
  repository::Sentinel sentinel() const;
  Result<> keep_session_alive(std::stop_token stop);
  Result<> add_bytes(TarStream& tar, const std::string& member, std::string_view bytes,
                     RecordedFile file, std::uint32_t mode);
  void remove_leftovers();

  const BackupWorld& world_;
  const BackupSettings& settings_;
  const std::stop_token stop_;
  postgres::ServerFacts facts_;
  PgdataRoots roots_;
  WallTime start_time_;
  WallTime finish_time_;
  postgres::BackupStart start_;
  postgres::BackupStop backup_stop_;
  std::optional<repository::BackupName> name_;
  std::unique_ptr<BackupRecord> record_;
  bool is_sentinel_tried_ = false;
};

Result<> BackupRun::look_at_cluster() {
  roots_ = TRY(open_pgdata(settings_.pgdata).context("PGDATA"));
  const ControlBytes control =
      TRY(read_control_file(*roots_.data, world_.clock, stop_)
              .context(fmt::format("PGDATA \"{}\" is not a PostgreSQL data directory",
                                   settings_.pgdata)));
  facts_ = TRY(postgres::server_facts(world_.session, stop_));
  const std::string given = TRY(real_path(settings_.pgdata));
  const std::string served = TRY(real_path(facts_.data_directory));
  if (given != served || control.control.system_identifier != facts_.system_identifier) {
    return invalid_argument(
        "PGDATA \"{}\" (system identifier {}) is not the data directory of the server that PGHOST "
        "and PGPORT lead to: that one runs in \"{}\" (system identifier {})",
        settings_.pgdata, control.control.system_identifier, facts_.data_directory,
        facts_.system_identifier);
  }
  return check_archiving();
}

Result<> BackupRun::check_archiving() {
  if (facts_.archive_mode == "off") {
    return invalid_argument(
        "archive_mode is off: without archived WAL a backup of a running cluster can not be "
        "restored; set archive_mode = on and archive_command, and restart PostgreSQL");
  }
  const bool has_command =
      !facts_.archive_command.empty() && facts_.archive_command != "(disabled)";
  if (!has_command && facts_.archive_library.empty()) {
    return invalid_argument(
        "archive_mode is on, but archive_command is empty: set it to \"cairn wal-push %p\" and "
        "reload PostgreSQL");
  }
  if (!facts_.has_data_checksums) {
    log_warning("data checksums are off in this cluster: corrupt pages can not be noticed");
  }
  return {};
}

Result<> BackupRun::start() {
  world_.progress.phase("start backup");
  start_time_ = world_.clock.now();
  const std::string label = "cairn " + format_rfc3339(start_time_);
  start_ = TRY(postgres::start_backup(world_.session, facts_, label, settings_.is_fast_checkpoint,
                                      settings_.start_deadline, stop_)
                   .context("start backup"));
  const auto segment =
      start_.is_in_recovery
          ? postgres::WalSegment::before_lsn(start_.timeline, start_.lsn, facts_.wal_segment_size)
          : postgres::WalSegment::of_lsn(start_.timeline, start_.lsn, facts_.wal_segment_size);
  name_ = repository::BackupName::full(segment.name(facts_.wal_segment_size));
  record_ = std::make_unique<BackupRecord>(settings_.spool_directory, facts_.version.major(),
                                           facts_.system_identifier, settings_.has_files_metadata);
  return check_name_is_free();
}

// A primary never uses a name twice, because every start switches to a new segment. On a standby
// two backups within one segment share it, and the parts may be those of one that is running.
Result<> BackupRun::check_is_dead(const std::vector<object_store::ObjectInfo>& parts) {
  if (!start_.is_in_recovery) return {};
  const WallTime newest = std::ranges::max(parts, {}, &object_store::ObjectInfo::modified).modified;
  if (newest + kDeadAfter < world_.clock.now()) return {};
  return already_exists(
      "another backup {} may be running on this standby: its newest part is of {}; try again once "
      "the standby has replayed a new WAL segment",
      name_->text(), format_rfc3339(newest));
}

// A backup of this name may exist already (two on one standby within one segment), or a dead one
// may have left parts, which readers would take for ours.
Result<> BackupRun::check_name_is_free() {
  const auto existing = TRY(find(world_.store, repository::sentinel_key(*name_), stop_));
  if (existing) {
    return already_exists(
        "backup {} exists already: the server has written no new WAL segment since; try again "
        "later",
        name_->text());
  }
  const auto leftovers =
      TRY(list_all(world_.store, {.prefix = repository::backup_prefix(*name_)}, 1'000'000, stop_));
  if (leftovers.empty()) return {};
  TRY(check_is_dead(leftovers));
  log_warning("removing {} objects that an interrupted backup {} left", leftovers.size(),
              name_->text());
  std::vector<object_store::ObjectKey> keys;
  for (const auto& object : leftovers) keys.emplace_back(object.key);
  const auto failures = TRY(world_.store.remove_batch(keys, stop_));
  if (!failures.empty()) return Error(failures.front().error);
  return {};
}

Result<BackupReport> BackupRun::copy_and_finish() {
  TaskGroup uploads(stop_);
  UploaderSettings upload_settings = settings_.upload;
  upload_settings.stream_count = settings_.reader_count + 1;
  Uploader uploader(world_.store, upload_settings, uploads);
  // The copying proper. Whatever its outcome, the uploads are ended before anything else happens.
  const auto copy = [&]() -> Result<> {
    TRY(copy_files(uploader, uploads.stop_token()));
    TRY(upload_control_file(uploader));
    TRY(stop_backup());
    TRY(upload_label(uploader));
    return upload_lists(uploader);
  };
  Result<> copied = copy();
  if (!copied.ok()) uploads.request_stop();
  uploader.close();
  Result<> uploaded = uploads.join();
  // The reason of an upload that failed tells more than the Cancelled it caused elsewhere.
  if (!uploaded.ok() && uploaded.error().code() != ErrorCode::Cancelled) {
    return std::move(uploaded).error();
  }
  TRY(std::move(copied));
  TRY(std::move(uploaded));
  TRY(put_records());
  const BackupTotals totals = record_->totals();
  return BackupReport{.name = name_->text(),
                      .file_count = totals.file_count,
                      .uncompressed_bytes = totals.uncompressed_bytes,
                      .compressed_bytes = totals.compressed_bytes,
                      .corrupt_page_count = record_->integrity().corrupt_page_count};
}

Result<> BackupRun::copy_files(Uploader& uploader, std::stop_token stop) {
  world_.progress.phase("copy files");
  const auto size = world_.session.query(
      {.sql = "SELECT sum(pg_tablespace_size(oid))::bigint FROM pg_tablespace"}, stop);
  // Only for the progress display, so not being told is no reason to fail.
  if (size.ok() && size.value().size() == 1 && size.value()[0][0]) {
    world_.progress.total(std::strtoull(size.value()[0][0]->c_str(), nullptr, 10));
  }
  std::atomic<int> next_part = 1;
  const PackerWorld packing{
      .uploader = uploader,
      .sealing = world_.sealing,
      .name = *name_,
      .record = *record_,
      .progress = world_.progress,
      .disk_rate = world_.disk_rate,
      .clock = world_.clock,
      .pages = {.is_on = facts_.has_data_checksums && facts_.page_bytes == 8192,
                .backup_start = start_.lsn,
                .relation_segment_pages = 131072},
      .tar_bytes_max = settings_.tar_bytes_max,
      .next_part = next_part};
  Channel<WalkItem> items(kWalkAhead);
  std::atomic<int> packing_count = settings_.reader_count;
  std::stop_source packed;
  TaskGroup copying(stop);
  copying.start([&](std::stop_token token) -> Result<> {
    const std::string version_directory =
        postgres::tablespace_version_directory(facts_.version.major(), facts_.catalog_version);
    TRY(walk_pgdata(
        roots_, version_directory,
        [&](WalkItem item) { return items.send(std::move(item), token); }, token));
    items.close();
    return {};
  });
  for (int i = 0; i < settings_.reader_count; ++i) {
    copying.start([&](std::stop_token token) -> Result<> {
      TRY(pack_stage(packing, items, token));
      if (--packing_count == 0) packed.request_stop();
      return {};
    });
  }
  copying.start([&](std::stop_token token) -> Result<> {
    const std::stop_callback on_stop(token, [&] { packed.request_stop(); });
    return keep_session_alive(packed.get_token());
  });
  return copying.join();
}

// The server ends the backup when the session ends, and hours of copying would be for nothing.
Result<> BackupRun::keep_session_alive(std::stop_token stop) {
  while (world_.clock.wait_for(settings_.ping_interval, stop).ok()) {
    TRY(postgres::ping(world_.session, {})
            .context("the connection to PostgreSQL was lost, which ends the backup"));
  }
  return {};
}

Result<> BackupRun::add_bytes(TarStream& tar, const std::string& member, std::string_view bytes,
                              RecordedFile file, std::uint32_t mode) {
  codec::TarEntry entry = tar_entry(
      file.in_pgdata, {.size_bytes = bytes.size(), .mode = mode, .modified = file.modified});
  entry.name = member;
  TRY(tar.start_member(entry));
  TRY(tar.write(bytes));
  codec::Crc32c crc;
  crc.update(bytes);
  file.size_bytes = bytes.size();
  file.copied = {.crc32c = crc.value()};
  file.is_in_files_metadata = false;
  return record_->add_file(file);
}

Result<> BackupRun::upload_control_file(Uploader& uploader) {
  const ControlBytes control = TRY(read_control_file(*roots_.data, world_.clock, stop_));
  const auto key = repository::control_tar_key(*name_, world_.sealing.compression);
  const auto tar = TRY(TarStream::start(uploader, world_.sealing, key));
  const std::string path(postgres::kControlFilePath);
  TRY(add_bytes(*tar, "/" + path, control.bytes,
                {.in_pgdata = path, .modified = control.stat.modified}, control.stat.mode));
  const FinishedTar finished = TRY(tar->finish());
  return record_->add_tar(finished, /*is_listed=*/false);
}

Result<> BackupRun::stop_backup() {
  world_.progress.phase("stop backup and wait for WAL");
  const bool is_standby = start_.is_in_recovery;
  backup_stop_ =
      TRY(postgres::stop_backup(world_.session, facts_, !is_standby, settings_.stop_deadline, stop_)
              .context("stop backup"));
  if (is_standby) {
    const postgres::ServerFacts now = TRY(postgres::server_facts(world_.session, stop_));
    if (now.timeline != start_.timeline || !now.is_in_recovery) {
      return unavailable(
          "the standby was promoted or followed a new timeline ({} to {}) while it was backed up; "
          "take the backup again",
          start_.timeline.value, now.timeline.value);
    }
  }
  finish_time_ = world_.clock.now();
  return wait_for_wal(world_.store,
                      {.timeline = start_.timeline,
                       .start = start_.lsn,
                       .end = backup_stop_.lsn,
                       .segment_size = facts_.wal_segment_size},
                      is_standby ? settings_.stop_deadline : settings_.wal_deadline, world_.clock,
                      stop_);
}

// The label, the tablespace map and the manifest. WAL-G expects the first two under these names.
Result<> BackupRun::upload_label(Uploader& uploader) {
  const auto key = repository::label_tar_key(*name_, world_.sealing.compression);
  const auto tar = TRY(TarStream::start(uploader, world_.sealing, key));
  const std::string map_name(postgres::kTablespaceMapName);
  const std::string label_name(postgres::kBackupLabelName);
  const std::string& map = backup_stop_.tablespace_map;
  // A restore makes the links itself, perhaps to other places, and leaves out a map that says
  // otherwise (see Extractor), so such a map is no part of what can be verified.
  TRY(add_bytes(*tar, map_name, map, {.in_pgdata = map_name, .is_in_manifest = map.empty()}, 0600));
  TRY(add_bytes(*tar, label_name, backup_stop_.backup_label, {.in_pgdata = label_name}, 0600));
  TRY(record_->finish_manifest({{start_.timeline, start_.lsn, backup_stop_.lsn}}));
  const std::string member = "/" + std::string(postgres::kBackupManifestName);
  const files::FileTime now = finish_time_;
  codec::TarEntry entry =
      tar_entry(std::string(postgres::kBackupManifestName),
                {.size_bytes = record_->manifest().size_bytes(), .mode = 0600, .modified = now});
  TRY(tar->start_member(entry));
  const auto manifest = TRY(record_->manifest().read_back());
  std::vector<char> chunk(256 * 1024);
  while (const std::size_t count = TRY(manifest->read(chunk))) {
    TRY(tar->write({chunk.data(), count}));
  }
  TRY(record_->add_member(member, now));
  const FinishedTar finished = TRY(tar->finish());
  return record_->add_tar(finished, /*is_listed=*/true);
}

Result<> BackupRun::upload_lists(Uploader& uploader) {
  if (!settings_.has_files_metadata) return {};
  const auto upload = uploader.start(repository::files_metadata_key(*name_));
  TRY(record_->write_files_metadata(*upload));
  TRY(upload->finish());
  record_->add_object("files_metadata.json", upload->stored());
  return {};
}

repository::Sentinel BackupRun::sentinel() const {
  const BackupTotals totals = record_->totals();
  repository::Sentinel sentinel;
  sentinel.start_lsn = start_.lsn;
  sentinel.pg_version = facts_.version.number;
  sentinel.finish_lsn = backup_stop_.lsn;
  sentinel.system_identifier = facts_.system_identifier;
  sentinel.uncompressed_size_bytes = static_cast<std::int64_t>(totals.uncompressed_bytes);
  sentinel.compressed_size_bytes = static_cast<std::int64_t>(totals.compressed_bytes);
  sentinel.data_catalog_size_bytes = static_cast<std::int64_t>(totals.catalog_bytes);
  if (!roots_.tablespaces.empty()) {
    repository::TablespaceSpec spec{.base_prefix = facts_.data_directory};
    for (const PgdataRoots::Tablespace& tablespace : roots_.tablespaces) {
      spec.tablespaces.push_back({tablespace.oid, tablespace.location});
    }
    sentinel.tablespaces = std::move(spec);
  }
  sentinel.user_data_json = settings_.user_data_json;
  sentinel.is_files_metadata_disabled = !settings_.has_files_metadata;
  sentinel.start_time = start_time_;
  sentinel.finish_time = finish_time_;
  sentinel.hostname = settings_.hostname;
  sentinel.data_directory = facts_.data_directory;
  sentinel.is_permanent = settings_.is_permanent;
  return sentinel;
}

Result<> BackupRun::put_records() {
  world_.progress.phase("write metadata");
  const repository::Integrity integrity = record_->integrity();
  if (integrity.corrupt_page_count > 0 && settings_.fails_on_corruption) {
    const repository::CorruptPage& first = integrity.corrupt_pages.front();
    return corrupt(
        "{} pages of the cluster have a wrong checksum, the first is block {} of {}; the backup is "
        "not kept because of --fail-on-corruption",
        integrity.corrupt_page_count, first.block, first.file);
  }
  const repository::Sentinel sentinel = this->sentinel();
  repository::BackupMetadata metadata = repository::metadata_from(sentinel);
  metadata.corrupt_page_count = integrity.corrupt_page_count;
  TRY(world_.store.put(repository::integrity_key(*name_), repository::encode_integrity(integrity),
                       {}, stop_));
  TRY(world_.store.put(repository::metadata_key(*name_), repository::encode_metadata(metadata), {},
                       stop_));
  is_sentinel_tried_ = true;
  return world_.store.put(repository::sentinel_key(*name_), repository::encode_sentinel(sentinel),
                          {}, stop_);
}

// Best effort, and only while no sentinel can exist. Without the stop token: being stopped is the
// usual reason to be here.
void BackupRun::remove_leftovers() {
  auto leftovers =
      list_all(world_.store, {.prefix = repository::backup_prefix(*name_)}, 100'000, {});
  if (!leftovers.ok()) return;
  std::vector<object_store::ObjectKey> keys;
  for (const auto& object : leftovers.value()) keys.emplace_back(object.key);
  if (keys.empty()) return;
  const auto removed = world_.store.remove_batch(keys, {});
  if (!removed.ok() || !removed.value().empty()) {
    log_warning("parts of the unfinished backup {} are left; \"cairn delete garbage\" removes them",
                name_->text());
  }
}

}  // namespace

std::uint64_t backup_memory_bytes(const BackupSettings& settings,
                                  const repository::Sealing& sealing) {
  const auto readers = static_cast<std::uint64_t>(settings.reader_count);
  const auto parts = static_cast<std::uint64_t>(settings.upload.thread_count) + readers + 1;
  return parts * settings.upload.part_bytes +
         readers * codec::compressor_memory_bytes(sealing.compression, sealing.options) +
         readers * (std::uint64_t{1} << 20);
}

Result<BackupReport> push_backup(const BackupWorld& world, const BackupSettings& settings,
                                 std::stop_token stop) {
  return BackupRun(world, settings, std::move(stop)).run();
}

}  // namespace cairn::engine
