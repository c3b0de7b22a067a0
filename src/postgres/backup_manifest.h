// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's backup_manifest: every file of a base backup with size and checksum.
//
// We write it so that PostgreSQL's own pg_verifybackup can judge a restored directory, and read it
// to judge one ourselves. Both directions stream: a cluster may have millions of files.
// Format: the chapter "Backup Manifest Format" of the PostgreSQL documentation.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream.h"
#include "postgres/lsn.h"

namespace cairn::postgres {

inline constexpr std::string_view kBackupManifestName = "backup_manifest";

struct ManifestFile {
  std::string path;  // relative to PGDATA; any bytes, not necessarily UTF-8
  std::uint64_t size_bytes = 0;
  std::chrono::sys_seconds modified = {};
  // Of manifests written elsewhere with another algorithm, or none, only `checksum` is set.
  std::optional<std::uint32_t> crc32c = {};
  std::string checksum_algorithm = {};  // "CRC32C", "SHA256", ...; empty for none
  std::string checksum = {};            // lower-case hexadecimal digits, in the manifest's order

  bool operator==(const ManifestFile&) const = default;
};

// WAL that must be replayed to make the backup consistent; one range per timeline.
struct ManifestWalRange {
  TimelineId timeline;
  Lsn start;
  Lsn end;

  bool operator==(const ManifestWalRange&) const = default;
};

// Writes one manifest. Not thread-safe. The sink outlives the writer and is not finished by it.
class ManifestWriter {
 public:
  // Servers before 17 have no place for the system identifier and ignore it.
  ManifestWriter(Sink& out, int major_version, std::uint64_t system_identifier);
  ~ManifestWriter();
  ManifestWriter(const ManifestWriter&) = delete;
  ManifestWriter& operator=(const ManifestWriter&) = delete;

  // Files in any order. Only path, size, modified and crc32c are used; a file without crc32c is
  // listed without a checksum.
  Result<> add(const ManifestFile& file);
  // Ends the list of files and writes the rest. Call once, last.
  Result<> finish(const std::vector<ManifestWalRange>& ranges);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct ManifestLimits {
  std::uint64_t bytes_max = std::uint64_t{16} << 30;
  std::uint64_t files_max = 100'000'000;
  std::size_t line_bytes_max = 64U << 10;
};

struct Manifest {
  int version = 0;
  std::optional<std::uint64_t> system_identifier = {};  // from version 2
  std::vector<ManifestWalRange> wal_ranges = {};
  std::uint64_t file_count = 0;
};

// Reads a manifest to the end, hands each file to `take` as it comes, and checks the manifest's own
// checksum last: what `take` got is to be trusted only after this returned. Corrupt for anything
// that is not a manifest, or beyond a limit; an error of `take` ends the reading and is returned.
Result<Manifest> read_manifest(Source& in, const std::function<Result<>(const ManifestFile&)>& take,
                               const ManifestLimits& limits);

}  // namespace cairn::postgres
