// SPDX-License-Identifier: Apache-2.0
// The settings, from names and texts to values with a meaning.
//
// Pure: texts in, structs out. Names and defaults are WAL-G's unless settings_help() says
// otherwise. An empty text counts as unset. Errors name the setting, its value (never a secret) and
// what is allowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "codec/compression.h"
#include "object_store/s3/s3_settings.h"

namespace cairn::app {

// Names (upper case) to texts.
using SettingValues = std::map<std::string, std::string>;

// The environment wins over the configuration file; empty texts are left out.
SettingValues merge_settings(const SettingValues& config_file, const SettingValues& environment);

struct FilesystemStorage {
  std::string root = {};  // absolute; must exist
};

struct StorageSettings {
  std::variant<FilesystemStorage, object_store::S3Settings> backend = {};
  // Folder below the root that holds the repository, without slashes at its ends; "" for the root.
  std::string prefix = {};
  // Where that is, for people: "s3://bucket/path" or "/path". No credentials.
  std::string location = {};
  // Tells two storages apart that look alike to people: the location and the endpoint.
  std::string identity = {};
  std::string ca_file = {};  // "": the system's certificate authorities
  int retries_max = 15;
};

struct EncryptionSettings {
  Secret sodium_key = {};  // empty: see key_path; both empty: no encryption
  std::string sodium_key_path = {};
  std::string transform = "none";  // none, hex or base64

  bool is_enabled() const { return !sodium_key.empty() || !sodium_key_path.empty(); }
};

struct TransferSettings {
  int upload_concurrency = 8;
  int upload_disk_concurrency = 1;
  int download_concurrency = 10;
  int download_retries_max = 15;
  std::uint64_t upload_part_bytes = 8ULL << 20;
  std::uint64_t tar_size_threshold_bytes = 1'073'741'823;
  std::uint64_t network_bytes_per_second = 0;  // 0: no limit
  std::uint64_t disk_bytes_per_second = 0;     // 0: no limit
};

struct ArchiveSettings {
  int background_uploads_max = 32;
  bool renames_ready = false;           // PG_READY_RENAME
  std::string prefetch_directory = {};  // "": beside the destination
  std::uint64_t segment_bytes = 16ULL << 20;
  int delayed_segments_max = 0;  // of wal-verify: missing at the end without alarm
};

struct BackupSettings {
  std::string user_data = {};  // JSON or text, as given; "" for none
  std::string fetch_user_data = {};
  bool has_files_metadata = true;
  std::optional<std::chrono::milliseconds> stop_timeout = {};  // absent: wait for ever
  std::chrono::milliseconds wal_wait{300'000};
  std::chrono::milliseconds garbage_age = std::chrono::hours(24);
  std::chrono::milliseconds alive_check_interval{60'000};
};

struct PostgresSettings {
  std::string data_directory = {};  // PGDATA
  // PGHOST, PGPORT, …: what libpq would read from the environment, config file included.
  std::map<std::string, std::string> connection = {};
};

struct Settings {
  LogLevel log_level = LogLevel::Info;
  codec::Compression compression = codec::Compression::Lz4;
  std::optional<int> compression_level = {};
  EncryptionSettings encryption = {};
  TransferSettings transfer = {};
  ArchiveSettings archive = {};
  BackupSettings backup = {};
  PostgresSettings postgres = {};
};

// Everything but the storage, so that what needs no storage runs without one. Refuses settings
// whose absence would do harm: encryption this program cannot do must never end in plain text.
Result<Settings> parse_settings(const SettingValues& values);

// Exactly one storage must be named.
Result<StorageSettings> parse_storage_settings(const SettingValues& values);

// What deserves a warning: unknown names (of our own families in the environment, any in the
// configuration file) and settings that have no effect yet.
std::vector<std::string> setting_warnings(const SettingValues& config_file,
                                          const SettingValues& environment);

}  // namespace cairn::app
