// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_upload.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "codec/digest.h"
#include "postgres/timeline_history.h"
#include "postgres/wal_file_name.h"
#include "postgres/wal_header.h"
#include "repository/names.h"

namespace cairn::engine {

namespace {

using codec::Compression;
using object_store::ObjectKey;
using postgres::WalFileKind;

constexpr std::size_t kChunkBytes = 256 * 1024;
constexpr Compression kCompressions[] = {Compression::None,   Compression::Lz4,  Compression::Zstd,
                                         Compression::Brotli, Compression::Lzma, Compression::Gzip};

bool holds_segment(WalFileKind kind) {
  return kind == WalFileKind::Segment || kind == WalFileKind::Partial;
}

// Whether the file is what its name says, as far as its beginning and size tell.
Result<> judge(const WalUploadRequest& request, std::uint64_t size_bytes,
               std::string_view beginning) {
  const postgres::WalFileName name = postgres::classify_wal_file(request.file);
  if (holds_segment(name.kind)) {
    const auto header = TRY(postgres::check_wal_segment(
        {.name = request.file, .size_bytes = size_bytes, .first_bytes = beginning},
        request.system_identifier));
    (void)header;
    return {};
  }
  if (size_bytes == 0 || size_bytes > kSmallWalFileBytesMax) {
    return corrupt("{} has {} bytes; such a file has 1 to {}", request.file, size_bytes,
                   kSmallWalFileBytesMax);
  }
  if (name.kind == WalFileKind::History && beginning.size() == size_bytes) {
    const auto history =
        TRY(postgres::TimelineHistory::parse(name.timeline, beginning).context(request.file));
    (void)history;
  }
  return {};
}

}  // namespace

Result<WalUploadOutcome> WalUploader::upload(const WalUploadRequest& request,
                                             std::stop_token stop) {
  if (postgres::classify_wal_file(request.file).kind == WalFileKind::Unknown) {
    return invalid_argument(
        "\"{}\" is not the name of a file that PostgreSQL archives: give the path of a WAL "
        "segment, a .partial, .history or .backup file",
        request.file);
  }
  const ObjectKey key = TRY(repository::wal_key(request.file, sealing_.compression));
  const Sealed sealed =
      TRY(seal(request, stop)
              .context(fmt::format("archive {}/{}", request.directory.path(), request.file)));
  if (request.checks_other_suffixes && TRY(is_under_other_suffix(request.file, sealed, stop))) {
    return WalUploadOutcome::AlreadyStored;
  }
  return put(key, sealed, stop);
}

Result<WalUploader::Sealed> WalUploader::seal(const WalUploadRequest& request,
                                              std::stop_token stop) const {
  const auto file = TRY(request.directory.open_file(request.file, files::Access::Read));
  const files::FileStat stat = TRY(file->stat());
  file->advise(files::Advice::Sequential, 0, 0);

  repository::Sealing sealing = sealing_;
  sealing.options.thread_count = request.thread_count;
  StringSink stored;
  const auto sealer = TRY(repository::make_sealer(sealing, stored));
  codec::Sha256 digest;
  // The first chunk is the whole of a small file, so judge() sees all of these.
  std::vector<char> chunk(std::max<std::size_t>(kChunkBytes, kSmallWalFileBytesMax));
  std::uint64_t offset = 0;
  while (offset < stat.size_bytes || offset == 0) {
    if (stop.stop_requested()) return cancelled("stopped");
    const std::size_t count = TRY(file->read_at(offset, chunk));
    const std::string_view bytes(chunk.data(), count);
    if (offset == 0) TRY(judge(request, stat.size_bytes, bytes));
    if (count == 0) break;
    digest.update(bytes);
    TRY(sealer->write(bytes));
    offset += count;
  }
  const files::FileStat after = TRY(file->stat());
  if (offset != stat.size_bytes || after.modified != stat.modified) {
    return corrupt("the file changed while it was read; PostgreSQL archives only finished files");
  }
  TRY(sealer->finish());
  return Sealed{.digest = digest.finish_hex(), .size_bytes = offset, .bytes = stored.take()};
}

Result<WalUploadOutcome> WalUploader::put(const ObjectKey& key, const Sealed& sealed,
                                          std::stop_token stop) {
  const object_store::Capabilities capabilities = store_.capabilities();
  if (!capabilities.put_if_absent) return look_and_put(key, sealed, stop);
  const object_store::Metadata metadata = {{std::string(kContentDigestMetadata), sealed.digest}};
  Result<> created = store_.put_if_absent(key, sealed.bytes, metadata, stop);
  if (created.ok()) return WalUploadOutcome::Stored;
  switch (created.error().code()) {
    case ErrorCode::AlreadyExists:
      TRY(compare(key, sealed, stop));
      return WalUploadOutcome::AlreadyStored;
    case ErrorCode::InvalidArgument:  // Perhaps the server knows no conditions after all.
      return look_and_put(key, sealed, stop);
    default:
      return std::move(created).error();
  }
}

Result<WalUploadOutcome> WalUploader::look_and_put(const ObjectKey& key, const Sealed& sealed,
                                                   std::stop_token stop) {
  if (TRY(object_store::find(store_, key, stop))) {
    TRY(compare(key, sealed, stop));
    return WalUploadOutcome::AlreadyStored;
  }
  object_store::Metadata metadata;
  if (store_.capabilities().metadata) metadata[std::string(kContentDigestMetadata)] = sealed.digest;
  TRY(store_.put(key, sealed.bytes, metadata, stop));
  const bool is_first = has_warned_.with([](bool& has) { return !std::exchange(has, true); });
  if (is_first) {
    log_warning(
        "the {} store cannot create an object only if it is absent: two clusters that archive into "
        "one place at the same moment could overwrite each other's WAL",
        store_.capabilities().name);
  }
  return WalUploadOutcome::Stored;
}

Result<> WalUploader::compare(const ObjectKey& key, const Sealed& sealed, std::stop_token stop) {
  const auto found = TRY(object_store::find(store_, key, stop));
  if (!found) return unavailable("{} was there and is gone: try again", key.text());
  std::string digest;
  const auto recorded = found->metadata.find(std::string(kContentDigestMetadata));
  if (recorded != found->metadata.end()) {
    digest = recorded->second;
  } else {
    digest = TRY(stored_digest(key, sealed.size_bytes, stop).context("compare with the archive"));
  }
  if (digest == sealed.digest) return {};
  return conflict(
      "{} is already archived with other content (SHA-256 of the archived file {}, of the new one "
      "{}); nothing was overwritten. Either two clusters archive into one place, which must end, "
      "or "
      "the archived file is of an earlier life of this cluster: give it a storage prefix of its "
      "own",
      key.text(), digest, sealed.digest);
}

// The digest of an object's content; of a longer one only that of its beginning, which is
// different.
Result<std::string> WalUploader::stored_digest(const ObjectKey& key, std::uint64_t bytes_max,
                                               std::stop_token stop) {
  const auto source = TRY(repository::open_sealed(store_, key, sealing_.cipher, stop));
  codec::Sha256 digest;
  std::vector<char> chunk(kChunkBytes);
  std::uint64_t total = 0;
  while (total <= bytes_max) {
    const std::size_t count = TRY(source->read(chunk));
    if (count == 0) break;
    digest.update({chunk.data(), count});
    total += count;
  }
  return digest.finish_hex();
}

Result<bool> WalUploader::is_under_other_suffix(const std::string& file, const Sealed& sealed,
                                                std::stop_token stop) {
  for (const Compression compression : kCompressions) {
    if (compression == sealing_.compression) continue;
    const ObjectKey key = TRY(repository::wal_key(file, compression));
    if (!TRY(object_store::find(store_, key, stop))) continue;
    TRY(compare(key, sealed, stop));
    return true;
  }
  return false;
}

}  // namespace cairn::engine
