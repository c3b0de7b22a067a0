// SPDX-License-Identifier: Apache-2.0
// What a running backup has put into its tars so far, kept for the lists that end it: the manifest,
// files_metadata.json and the digests.
//
// Thread-safe: all readers report here. Lists that grow with the database are spooled to disk.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/backup/file_copy.h"
#include "engine/backup/tar_stream.h"
#include "files/file.h"
#include "files/spool.h"
#include "postgres/backup_manifest.h"
#include "repository/files_metadata.h"
#include "repository/integrity.h"

namespace cairn::engine {

struct RecordedFile {
  std::string in_pgdata = {};
  std::uint64_t size_bytes = 0;
  files::FileTime modified = {};
  CopiedFile copied = {};
  // False for the control file, the label and the tablespace map, which WAL-G restores by name.
  bool is_in_files_metadata = true;
  bool is_in_manifest = true;
};

struct BackupTotals {
  std::uint64_t file_count = 0;
  std::uint64_t uncompressed_bytes = 0;  // content of the tar members
  std::uint64_t compressed_bytes = 0;    // tar objects as stored
  std::uint64_t catalog_bytes = 0;       // sizes of all files walked
};

class BackupRecord {
 public:
  // `spool_directory` takes temporary files. With `has_files_metadata` false, no
  // files_metadata.json can be made and nothing is kept for it.
  BackupRecord(const std::string& spool_directory, int major_version,
               std::uint64_t system_identifier, bool has_files_metadata);

  // A file whose bytes are in a tar: a line of the manifest and a key of the files metadata.
  Result<> add_file(const RecordedFile& file);
  // A directory, or a file that the manifest does not list, under the tar member's name.
  Result<> add_member(const std::string& member_name, files::FileTime modified);
  // A tar object that is stored completely; `is_listed` as in WAL-G's TarFileSets.
  Result<> add_tar(const FinishedTar& tar, bool is_listed);
  // Any other object of the backup, by its name relative to the backup's folder.
  void add_object(const std::string& relative_name, const StoredObject& object);

  // Ends the manifest, which then can be read. Call once.
  Result<> finish_manifest(const std::vector<postgres::ManifestWalRange>& ranges);
  files::Spool& manifest() { return manifest_; }

  // Writes files_metadata.json to `out`, without finishing it. Call once, after all else.
  Result<> write_files_metadata(Sink& out);

  repository::Integrity integrity() const;
  BackupTotals totals() const;

 private:
  Result<> add_file_entry(const repository::FileEntry& entry);
  Result<> replay_tar_sets();

  mutable std::mutex mutex_;
  const bool has_files_metadata_;
  files::Spool manifest_;
  postgres::ManifestWriter manifest_writer_;
  files::Spool files_;  // files_metadata.json up to where the tar sets begin
  repository::FilesMetadataWriter files_writer_;
  files::Spool tar_sets_;  // names, each ended by a zero byte; an empty one ends a set
  repository::Integrity integrity_;
  BackupTotals totals_;
};

}  // namespace cairn::engine
