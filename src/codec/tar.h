// SPDX-License-Identifier: Apache-2.0
// Tar archives as a stream: ustar, with PAX records where a header needs them (long or non-ASCII
// names, sizes from 8 GiB), as Go's archive/tar writes them and WAL-G reads them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/stream.h"

namespace cairn::codec {

enum class TarType { Regular, Directory, Symlink, Hardlink, Other };

struct TarEntry {
  std::string name = {};
  TarType type = TarType::Regular;
  std::uint32_t mode = 0600;  // permission, setuid, setgid and sticky bits
  std::uint64_t size_bytes = 0;
  std::int64_t modified_seconds = 0;
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;
  std::string user_name = {};
  std::string group_name = {};
  std::string link_target = {};
};

// Not thread-safe. `out` outlives the writer.
class TarWriter {
 public:
  explicit TarWriter(Sink& out) : out_(out) {}

  // Starts a member; the one before it must have got all its bytes. The name is written as it
  // stands. InvalidArgument for what no header can say: a NUL in a text, no name, a size for what
  // has no content, TarType::Other.
  Result<> start(const TarEntry& entry);
  // Content of the member; more than its size is a bug and asserts.
  Result<> write(std::string_view bytes);
  // Bytes of the member still to be written.
  std::uint64_t missing_bytes() const { return missing_bytes_; }
  // Zeros for the rest of the member: a file that shrank while it was copied.
  Result<> fill_with_zeros();
  // Ends the archive (two zero blocks); leaves `out` unfinished.
  Result<> finish();

 private:
  Result<> pad();

  Sink& out_;
  std::uint64_t missing_bytes_ = 0;
  std::uint64_t padding_bytes_ = 0;
};

// Reads ustar, PAX, GNU long names and old v7 headers. Everything in an archive is hostile: names
// are given as they stand and it is the caller who must not follow them. PAX headers are limited to
// 1 MiB. Missing end-of-archive blocks are tolerated at a member boundary, as WAL-G tolerates them;
// a cut member, a sparse member, a wrong header checksum or bytes other than zero after the end are
// Corrupt. Not thread-safe. `in` outlives the reader.
class TarReader {
 public:
  explicit TarReader(Source& in) : in_(in) {}

  // The next member, after skipping what is left of the one before; nothing at the end.
  Result<std::optional<TarEntry>> next();
  // Content of the current member; 0 at its end.
  Result<std::size_t> read(std::span<char> out);
  // Whether the end-of-archive blocks were seen; valid once next() returned nothing.
  bool has_trailer() const { return has_trailer_; }

 private:
  using Records = std::map<std::string, std::string>;

  using Block = std::array<char, 512>;
  struct Pending;

  Result<bool> read_header(Block& block);
  Result<bool> take_special(const Block& block, Pending& pending);
  Result<Bytes> read_special(const Block& block);
  Result<> read_trailer();
  Result<> skip(std::uint64_t bytes);

  Source& in_;
  std::string member_name_ = {};  // for errors
  Records global_records_ = {};   // of PAX 'g' headers: they hold until replaced
  bool is_at_end_ = false;
  std::uint64_t content_bytes_ = 0;
  std::uint64_t padding_bytes_ = 0;
  bool has_trailer_ = false;
};

}  // namespace cairn::codec
