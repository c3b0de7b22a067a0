// SPDX-License-Identifier: Apache-2.0
// The names of everything that lies in a repository: the one file that knows them.
//
// The layout is WAL-G's (version "005"), so its programs and ours find each other's objects. Names
// of ours that WAL-G does not know contain no run of 24 hexadecimal digits unless they belong to a
// backup and may go with it: `wal-g delete` decides by that run.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/compression.h"
#include "object_store/object_store.h"
#include "postgres/wal_file_name.h"

namespace cairn::repository {

inline constexpr std::string_view kBackupsPrefix = "basebackups_005/";
inline constexpr std::string_view kWalPrefix = "wal_005/";
inline constexpr std::string_view kSentinelSuffix = "_backup_stop_sentinel.json";
inline constexpr std::string_view kLatest = "LATEST";

// What the canonical form of a backup name says:
// base_<start segment>(_D_<start segment of the parent>)?(_<offset>)?
struct BackupNameParts {
  std::string start_segment = {};   // 24 upper-case hexadecimal digits
  std::string parent_segment = {};  // the same of the direct parent; "" for a full backup
  std::string offset = {};          // 8 digits that WAL-E appended; usually ""
  bool operator==(const BackupNameParts&) const = default;
};

// The name of a backup: one segment of an object key. Names that WAL-G would not make are allowed,
// because a repository may hold them and they must be listed; parts() tells them apart.
class BackupName {
 public:
  // InvalidArgument for what cannot be the name of a folder of objects: empty, over 255 bytes, with
  // '/', control characters, "." or "..".
  static Result<BackupName> parse(std::string_view text);
  // "base_<segment>"; asserts that the segment has 24 upper-case hexadecimal digits.
  static BackupName full(std::string_view start_segment);
  // "base_<segment>_D_<segment of the parent>"; the parent must have parts().
  static BackupName delta(std::string_view start_segment, const BackupName& parent);

  const std::string& text() const { return text_; }
  // Nothing for a foreign name.
  std::optional<BackupNameParts> parts() const;
  auto operator<=>(const BackupName&) const = default;

 private:
  explicit BackupName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Objects of one backup. The sentinel is the commit record: a backup exists exactly if it does.
object_store::ObjectKey sentinel_key(const BackupName& name);
object_store::ObjectKey metadata_key(const BackupName& name);
object_store::ObjectKey files_metadata_key(const BackupName& name);
// Ours: digests of the backup's objects and its corrupt pages (integrity.h).
object_store::ObjectKey integrity_key(const BackupName& name);
// Ours: put into the folder of a backup before its sentinel is removed, and removed last. A folder
// without sentinel that has it is an interrupted deletion; one that has not may be a running
// backup.
object_store::ObjectKey deletion_mark_key(const BackupName& name);
// part_NNN.tar[.<suffix>]; numbers start at 1 and need not be contiguous.
object_store::ObjectKey part_key(const BackupName& name, int number,
                                 codec::Compression compression);
object_store::ObjectKey control_tar_key(const BackupName& name, codec::Compression compression);
object_store::ObjectKey label_tar_key(const BackupName& name, codec::Compression compression);
// "basebackups_005/<name>/": everything of a backup but its sentinel.
std::string backup_prefix(const BackupName& name);
std::string tar_partitions_prefix(const BackupName& name);

// The backup whose sentinel this key is, if it is one.
std::optional<BackupName> backup_of_sentinel(std::string_view key);

// Ours: which database system the repository belongs to (ownership.h).
object_store::ObjectKey ownership_key();

// wal_005/<file>[.<suffix>]. InvalidArgument if `file` is nothing that PostgreSQL archives, since
// it comes from the command line or a socket.
Result<object_store::ObjectKey> wal_key(std::string_view file, codec::Compression compression);

// What an object of wal_005 holds. Unknown is what PostgreSQL does not archive: WAL-G's block maps
// and WAL metadata, strangers.
struct WalObjectName {
  std::string file = {};  // as PostgreSQL names it; for Unknown the whole name
  postgres::WalFileKind kind = postgres::WalFileKind::Unknown;
  codec::Compression compression = codec::Compression::None;
};

// Never fails: what is not understood is Unknown. Also understands bare names and the dangling dot
// ("<file>.") of WAL-G 3.0.8 and before.
WalObjectName parse_wal_object_name(std::string_view name);

// How the bytes of an object are compressed, judged by its name ("part_001.tar.lz4"; "tar", no and
// an empty suffix mean not at all). InvalidArgument for a suffix that no codec has.
Result<codec::Compression> compression_of_name(std::string_view name);

bool is_segment_name(std::string_view text);  // 24 upper-case hexadecimal digits

// The first run of 24 upper-case hexadecimal digits: where WAL-G sees the segment of an object.
std::optional<std::string_view> first_segment_name(std::string_view text);

// What WAL-G prints as wal_file_name when there is no such run.
inline constexpr std::string_view kNoSegmentName = "ZZZZZZZZZZZZZZZZZZZZZZZZ";

}  // namespace cairn::repository
