// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/tar_packer.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace cairn::engine {

namespace {

// Names of members are kept until their tar is finished, so a tar of very many tiny files is closed
// by number.
constexpr std::size_t kTarMembersMax = 100'000;

class Packer {
 public:
  explicit Packer(const PackerWorld& world)
      : world_(world), copier_(world.pages, world.disk_rate, world.clock) {}

  Result<> pack(const WalkItem& item, std::stop_token stop) {
    TRY(item.is_directory ? pack_directory(item) : pack_file(item, std::move(stop)));
    const bool is_full = tar_ && (tar_->tar_bytes() > world_.tar_bytes_max ||
                                  tar_->member_count() >= kTarMembersMax);
    if (is_full) TRY(finish());
    return {};
  }

  Result<> finish() {
    if (!tar_) return {};
    const FinishedTar finished = TRY(tar_->finish());
    tar_.reset();
    return world_.record.add_tar(finished, /*is_listed=*/true);
  }

 private:
  Result<> pack_directory(const WalkItem& item) {
    Result<files::FileStat> found = item.root->stat(item.path);
    if (!found.ok() && found.error().code() == ErrorCode::NotFound) return {};
    const files::FileStat stat = TRY(std::move(found));
    codec::TarEntry entry = tar_entry(item.in_pgdata, stat);
    entry.type = codec::TarType::Directory;  // Also where PGDATA has a link to one (pg_wal).
    entry.size_bytes = 0;
    if (stat.type != files::FileType::Directory) entry.mode = 0700;
    TRY(start_tar_if_none());
    TRY(tar_->start_member(entry));
    return world_.record.add_member(entry.name, stat.modified);
  }

  Result<> pack_file(const WalkItem& item, std::stop_token stop) {
    Result<std::unique_ptr<files::File>> opened =
        item.root->open_file(item.path, files::Access::Read);
    if (!opened.ok() && opened.error().code() == ErrorCode::NotFound) {
      log_debug("{} vanished while the backup ran", item.in_pgdata);
      return {};
    }
    const std::unique_ptr<files::File> file = TRY(std::move(opened));
    file->advise(files::Advice::Sequential, 0, 0);
    const files::FileStat stat = TRY(file->stat());
    TRY(start_tar_if_none());
    TRY(tar_->start_member(tar_entry(item.in_pgdata, stat)));
    CopiedFile copied = TRY(copier_.copy(
        *file, item.in_pgdata, stat.size_bytes,
        [&](std::string_view bytes) -> Result<> {
          world_.progress.advance(bytes.size());
          return tar_->write(bytes);
        },
        std::move(stop)));
    if (copied.corrupt_block_count > 0) {
      log_warning("{}: {} pages have a wrong checksum, the first is block {}", item.in_pgdata,
                  copied.corrupt_block_count, copied.corrupt_blocks.front());
    }
    return world_.record.add_file({.in_pgdata = item.in_pgdata,
                                   .size_bytes = stat.size_bytes,
                                   .modified = stat.modified,
                                   .copied = std::move(copied)});
  }

  Result<> start_tar_if_none() {
    if (tar_) return {};
    const auto key =
        repository::part_key(world_.name, world_.next_part++, world_.sealing.compression);
    tar_ = TRY(TarStream::start(world_.uploader, world_.sealing, key));
    return {};
  }

  const PackerWorld& world_;
  FileCopier copier_;
  std::unique_ptr<TarStream> tar_;
};

}  // namespace

codec::TarEntry tar_entry(const std::string& in_pgdata, const files::FileStat& stat) {
  const bool is_directory = stat.type == files::FileType::Directory;
  return {.name = "/" + in_pgdata,
          .type = is_directory ? codec::TarType::Directory : codec::TarType::Regular,
          .mode = stat.mode,
          .size_bytes = is_directory ? 0 : stat.size_bytes,
          .modified_seconds =
              std::chrono::floor<std::chrono::seconds>(stat.modified).time_since_epoch().count(),
          .user_id = stat.user_id,
          .group_id = stat.group_id};
}

Result<> pack_stage(const PackerWorld& world, Channel<WalkItem>& items, std::stop_token stop) {
  Packer packer(world);
  while (std::optional<WalkItem> item = TRY(items.receive(stop))) {
    TRY(packer.pack(*item, stop).context("back up " + item->in_pgdata));
  }
  return packer.finish();
}

}  // namespace cairn::engine
