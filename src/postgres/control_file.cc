// SPDX-License-Identifier: Apache-2.0
#include "postgres/control_file.h"

#include <array>
#include <bit>

#include "codec/digest.h"
#include "postgres/little_endian.h"
#include "postgres/server_version.h"

namespace cairn::postgres {
namespace {

// PG_CONTROL_MAX_SAFE_SIZE: the server keeps everything that matters inside one disk sector.
constexpr std::size_t kMeaningfulBytes = 512;
constexpr std::uint32_t kAlignment = 8;
constexpr double kFloatFormat = 1234567.0;

// Offsets in struct ControlFileData on 64-bit machines, the same from 13 to 18.
constexpr std::size_t kSystemIdentifier = 0;
constexpr std::size_t kControlVersion = 8;
constexpr std::size_t kCatalogVersion = 12;
constexpr std::size_t kState = 16;
constexpr std::size_t kTime = 24;
constexpr std::size_t kCheckpoint = 32;
constexpr std::size_t kCheckpointRedo = 40;
constexpr std::size_t kCheckpointTimeline = 48;
constexpr std::size_t kCheckpointPreviousTimeline = 52;
constexpr std::size_t kCheckpointTime = 104;
constexpr std::size_t kMinimumRecoveryPoint = 136;
constexpr std::size_t kMinimumRecoveryTimeline = 144;
constexpr std::size_t kBackupStartPoint = 152;
constexpr std::size_t kBackupEndPoint = 160;
constexpr std::size_t kBackupEndRequired = 168;
constexpr std::size_t kMaximumAlignment = 204;
constexpr std::size_t kFloat = 208;
constexpr std::size_t kPageSize = 216;
constexpr std::size_t kRelationSegmentSize = 220;
constexpr std::size_t kWalPageSize = 224;
constexpr std::size_t kWalSegmentBytes = 228;
constexpr std::size_t kDataChecksumVersion = 252;

// Where the checksum lies, which is also how many bytes it covers. 18 put a flag in front of the
// nonce.
std::optional<std::size_t> checksum_offset(std::uint32_t control_version) {
  switch (control_version) {
    case 1300:  // 13 to 16
    case 1700:
      return 288;
    case 1800:
      return 292;
    default:
      return {};
  }
}

struct Release {
  std::uint32_t catalog_version;
  int major_version;
};

constexpr std::array<Release, 6> kReleases = {{{202007201, 13},
                                               {202107181, 14},
                                               {202209061, 15},
                                               {202307071, 16},
                                               {202406281, 17},
                                               {202506291, 18}}};

Error unknown_version(std::uint32_t version) {
  // Old and future servers count like this; a number outside comes from no server.
  if (version < 800 || version > 9900) {
    return corrupt("{} is damaged: it claims to have version {}", kControlFilePath, version);
  }
  return invalid_argument("{} has version {}: this is not PostgreSQL {} to {}", kControlFilePath,
                          version, kMajorVersionMin, kMajorVersionMax);
}

Result<> check_power_of_two(std::string_view field, std::uint32_t value, std::uint32_t value_max) {
  if (value >= 1024 && value <= value_max && std::has_single_bit(value)) return {};
  return corrupt("{}: {} is {}, not a power of two from 1024 to {}", kControlFilePath, field, value,
                 value_max);
}

// What the server itself checks before it trusts the file.
Result<> check_machine(std::string_view bytes) {
  const auto alignment = load<std::uint32_t>(bytes, kMaximumAlignment);
  if (alignment != kAlignment) {
    return corrupt("{}: alignment is {}, not {}", kControlFilePath, alignment, kAlignment);
  }
  const double sample = load<double>(bytes, kFloat);
  if (std::bit_cast<std::uint64_t>(sample) != std::bit_cast<std::uint64_t>(kFloatFormat)) {
    return corrupt("{}: the floating-point sample is {}, not {}", kControlFilePath, sample,
                   kFloatFormat);
  }
  return {};
}

std::chrono::sys_seconds load_time(std::string_view bytes, std::size_t offset) {
  return std::chrono::sys_seconds(std::chrono::seconds(load<std::int64_t>(bytes, offset)));
}

Lsn load_lsn(std::string_view bytes, std::size_t offset) {
  return {load<std::uint64_t>(bytes, offset)};
}

TimelineId load_timeline(std::string_view bytes, std::size_t offset) {
  return {load<std::uint32_t>(bytes, offset)};
}

Result<ControlFile> load_fields(std::string_view bytes) {
  ControlFile file;
  file.system_identifier = load<std::uint64_t>(bytes, kSystemIdentifier);
  file.control_version = load<std::uint32_t>(bytes, kControlVersion);
  file.catalog_version = load<std::uint32_t>(bytes, kCatalogVersion);
  const auto state = load<std::uint32_t>(bytes, kState);
  if (state > static_cast<std::uint32_t>(ClusterState::InProduction)) {
    return corrupt("{}: the cluster state {} does not exist", kControlFilePath, state);
  }
  file.state = static_cast<ClusterState>(state);
  file.modified = load_time(bytes, kTime);
  file.checkpoint = load_lsn(bytes, kCheckpoint);
  file.checkpoint_redo = load_lsn(bytes, kCheckpointRedo);
  file.checkpoint_timeline = load_timeline(bytes, kCheckpointTimeline);
  file.checkpoint_previous_timeline = load_timeline(bytes, kCheckpointPreviousTimeline);
  file.checkpoint_time = load_time(bytes, kCheckpointTime);
  file.minimum_recovery_point = load_lsn(bytes, kMinimumRecoveryPoint);
  file.minimum_recovery_timeline = load_timeline(bytes, kMinimumRecoveryTimeline);
  file.backup_start_point = load_lsn(bytes, kBackupStartPoint);
  file.backup_end_point = load_lsn(bytes, kBackupEndPoint);
  file.is_backup_end_required = load<std::uint8_t>(bytes, kBackupEndRequired) != 0;
  file.page_bytes = load<std::uint32_t>(bytes, kPageSize);
  file.relation_segment_pages = load<std::uint32_t>(bytes, kRelationSegmentSize);
  file.wal_page_bytes = load<std::uint32_t>(bytes, kWalPageSize);
  file.data_checksum_version = load<std::uint32_t>(bytes, kDataChecksumVersion);
  return file;
}

}  // namespace

std::string_view cluster_state_name(ClusterState state) {
  switch (state) {
    case ClusterState::StartingUp:
      return "starting up";
    case ClusterState::ShutDown:
      return "shut down";
    case ClusterState::ShutDownInRecovery:
      return "shut down in recovery";
    case ClusterState::ShuttingDown:
      return "shutting down";
    case ClusterState::InCrashRecovery:
      return "in crash recovery";
    case ClusterState::InArchiveRecovery:
      return "in archive recovery";
    case ClusterState::InProduction:
      return "in production";
  }
  std::unreachable();
}

std::optional<int> ControlFile::major_version() const {
  for (const Release& release : kReleases) {
    if (release.catalog_version == catalog_version) return release.major_version;
  }
  return {};
}

Result<ControlFile> parse_control_file(std::string_view bytes) {
  if (bytes.size() < kMeaningfulBytes) {
    return corrupt("{} is {} bytes long instead of {}", kControlFilePath, bytes.size(),
                   kControlFileBytes);
  }
  const auto version = load<std::uint32_t>(bytes, kControlVersion);
  const auto covered = checksum_offset(version);
  if (!covered) return unknown_version(version);
  codec::Crc32c checksum;
  checksum.update(bytes.substr(0, *covered));
  const auto stored = load<std::uint32_t>(bytes, *covered);
  if (checksum.value() != stored) {
    return corrupt("{} has checksum {:08x}, but its content has {:08x}", kControlFilePath, stored,
                   checksum.value());
  }
  TRY(check_machine(bytes));
  ControlFile file = TRY(load_fields(bytes));
  TRY(check_power_of_two("the page size", file.page_bytes, 32U << 10));
  TRY(check_power_of_two("the WAL page size", file.wal_page_bytes, 64U << 10));
  const auto segment_size = WalSegmentSize::of(load<std::uint32_t>(bytes, kWalSegmentBytes));
  if (!segment_size.ok()) {
    return corrupt("{}: {}", kControlFilePath, segment_size.error().message());
  }
  file.wal_segment_size = segment_size.value();
  if (file.relation_segment_pages == 0) {
    return corrupt("{}: relations are cut into segments of 0 pages", kControlFilePath);
  }
  return file;
}

std::string tablespace_version_directory(int major_version, std::uint32_t catalog_version) {
  return fmt::format("PG_{}_{}", major_version, catalog_version);
}

}  // namespace cairn::postgres
