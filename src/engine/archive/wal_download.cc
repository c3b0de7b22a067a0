// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_download.h"

#include <memory>
#include <vector>

#include "codec/digest.h"
#include "engine/archive/wal_upload.h"
#include "postgres/timeline_history.h"
#include "postgres/wal_file_name.h"
#include "postgres/wal_header.h"
#include "repository/sealing.h"

namespace cairn::engine {

namespace {

using postgres::WalFileKind;

constexpr std::size_t kChunkBytes = 256 * 1024;
constexpr std::uint64_t kSegmentBytesMax = 1ULL << 30;

// What is known of a file once it is written.
struct Written {
  std::uint64_t size_bytes = 0;
  std::string beginning;  // as much as judging needs: all of a small file
  std::string digest;
};

bool holds_segment(WalFileKind kind) {
  return kind == WalFileKind::Segment || kind == WalFileKind::Partial;
}

Result<Written> write_all(Source& source, files::File& file, WalFileKind kind,
                          std::stop_token stop) {
  const std::uint64_t bytes_max = holds_segment(kind) ? kSegmentBytesMax : kSmallWalFileBytesMax;
  const std::uint64_t beginning_max =
      holds_segment(kind) ? postgres::kWalHeaderBytes : kSmallWalFileBytesMax;
  Written written;
  codec::Sha256 digest;
  std::vector<char> chunk(kChunkBytes);
  while (true) {
    if (stop.stop_requested()) return cancelled("stopped");
    const std::size_t count = TRY(read_full(source, chunk));
    if (count == 0) break;
    const std::string_view bytes(chunk.data(), count);
    if (written.size_bytes + count > bytes_max) {
      return corrupt("longer than the {} bytes that such a file can have", bytes_max);
    }
    if (written.beginning.size() < beginning_max) {
      written.beginning += bytes.substr(0, beginning_max - written.beginning.size());
    }
    TRY(file.write_at(written.size_bytes, bytes));
    digest.update(bytes);
    written.size_bytes += count;
  }
  written.digest = digest.finish_hex();
  return written;
}

Result<> judge(const WalDownloadRequest& request, const Written& written,
               const object_store::Metadata& metadata) {
  const auto recorded = metadata.find(std::string(kContentDigestMetadata));
  if (recorded != metadata.end() && recorded->second != written.digest) {
    return corrupt("its content has the SHA-256 {}, and {} was archived", written.digest,
                   recorded->second);
  }
  const postgres::WalFileName name = postgres::classify_wal_file(request.file);
  if (holds_segment(name.kind)) {
    const auto header = TRY(postgres::check_wal_segment(
        {.name = request.file, .size_bytes = written.size_bytes, .first_bytes = written.beginning},
        request.system_identifier));
    (void)header;
  } else if (written.size_bytes == 0) {
    return corrupt("it is empty");
  } else if (name.kind == WalFileKind::History) {
    const auto history = TRY(postgres::TimelineHistory::parse(name.timeline, written.beginning));
    (void)history;
  }
  return {};
}

// Removes the temporary file unless it got its name.
class TemporaryFile {
 public:
  TemporaryFile(files::Directory& directory, const std::string& path)
      : directory_(directory), path_(path) {}
  ~TemporaryFile() {
    if (!is_kept_) (void)directory_.remove_file(path_);  // The next writer replaces it.
  }
  void keep() { is_kept_ = true; }

 private:
  files::Directory& directory_;
  const std::string& path_;
  bool is_kept_ = false;
};

}  // namespace

Result<bool> WalDownloader::download(const WalDownloadRequest& request, std::stop_token stop) {
  auto found = TRY(finder_.find(request.file, stop));
  if (!found) return false;
  const std::string& key = found->key.text();
  const auto source =
      TRY(repository::unseal(std::move(found->object.body), found->compression, cipher_, key));

  const Result<> removed = request.directory.remove_file(request.temporary_path);
  if (!removed.ok() && removed.error().code() != ErrorCode::NotFound) return removed.error();
  const auto file = TRY(request.directory.create_file(request.temporary_path, 0600));
  TemporaryFile temporary(request.directory, request.temporary_path);
  const WalFileKind kind = postgres::classify_wal_file(request.file).kind;
  const Written written = TRY(write_all(*source, *file, kind, std::move(stop)).context(key));
  TRY(judge(request, written, found->object.info.metadata).context(key));
  TRY(file->sync_data());
  TRY(request.directory.rename(request.temporary_path, request.path, files::IfExists::Replace));
  temporary.keep();
  return true;
}

Result<> check_segment_file(files::Directory& directory, const std::string& path,
                            const std::string& name,
                            std::optional<std::uint64_t> system_identifier) {
  const auto file = TRY(directory.open_file(path, files::Access::Read));
  const files::FileStat stat = TRY(file->stat());
  std::string beginning(postgres::kWalHeaderBytes, '\0');
  beginning.resize(TRY(file->read_at(0, beginning)));
  const auto header = TRY(postgres::check_wal_segment(
      {.name = name, .size_bytes = stat.size_bytes, .first_bytes = beginning}, system_identifier));
  (void)header;
  return {};
}

}  // namespace cairn::engine
