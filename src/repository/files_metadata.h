// SPDX-License-Identifier: Apache-2.0
// files_metadata.json of a backup: what became of every file. It can exceed a gigabyte, so it is
// written and read as a stream and never held as a whole.
//
// WAL-G extracts only tar members whose name is a key of "Files" verbatim (its local backups start
// with '/'); exempt are /global/pg_control, backup_label and tablespace_map.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream.h"

namespace cairn::repository {

// Files carry nanoseconds, and WAL-G compares all of them when it decides what a delta may skip.
using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;

// RFC 3339 in UTC, up to nine digits of fraction without trailing zeros.
std::string format_file_time(FileTime time);
// With any offset; digits after the ninth are cut.
Result<FileTime> parse_file_time(std::string_view text);

struct FileEntry {
  std::string path = {};        // as the member of the tar is called
  bool is_incremented = false;  // the payload is an increment on the parent's file
  bool is_skipped = false;      // unchanged since the parent, no payload
  FileTime modified = {};
  std::uint64_t corrupt_block_count = 0;
  std::vector<std::uint32_t> corrupt_blocks = {};  // the first few
  std::uint64_t update_count = 0;
  bool operator==(const FileEntry&) const = default;
};

// At most so many block numbers are stored per file, as WAL-G does by default.
inline constexpr std::size_t kCorruptBlocksMax = 10;

// Files first, then the tar sets. Not thread-safe; `out` outlives the writer.
class FilesMetadataWriter {
 public:
  explicit FilesMetadataWriter(Sink& out) : out_(out) {}

  Result<> add_file(const FileEntry& file);
  // The members of one tar object, named without its folder ("part_001.tar.lz4"). No add_file()
  // after the first of these.
  Result<> start_tar_set(std::string_view tar_name);
  Result<> add_tar_member(std::string_view path);
  // Ends the JSON; leaves `out` unfinished.
  Result<> finish();

 private:
  Result<> flush_when_large();

  enum class Section { None, Files, TarSets };
  Sink& out_;
  std::string text_;
  Section section_ = Section::None;
  bool is_first_member_ = true;
};

struct FilesMetadataReader {
  // Any may be empty. An error ends the reading and is returned.
  std::function<Result<>(const FileEntry&)> take_file = {};
  std::function<Result<>(std::string_view tar_name, std::string_view path)> take_tar_member = {};
};

struct FilesMetadataLimits {
  std::uint64_t bytes_max = std::uint64_t{16} << 30;
  std::size_t path_bytes_max = 16 << 10;
};

// Calls back for every entry in the order of the text; memory is bounded by the limits of one
// entry. Members that WAL-G wrote and we do not use (DatabasesByNames) are skipped. Corrupt for
// what is not such a JSON.
Result<> read_files_metadata(Source& in, const FilesMetadataReader& reader,
                             const FilesMetadataLimits& limits);

}  // namespace cairn::repository
