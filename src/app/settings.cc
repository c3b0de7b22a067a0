// SPDX-License-Identifier: Apache-2.0
#include "app/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

#include "app/setting_table.h"

namespace cairn::app {

namespace {

// Looks settings up, under their prefixed names too, and checks what they say.
class SettingReader {
 public:
  explicit SettingReader(const SettingValues& values) : values_(values) {}

  struct Found {
    std::string name;  // the one it was set under
    std::string text;
  };

  std::optional<Found> find(std::string_view name) const {
    const SettingFact* fact = find_setting(name);
    ASSERT(fact != nullptr);  // Everything that is read is in the table.
    const std::string bare(name);
    if (auto found = find_exactly(bare)) return found;
    if (!fact->is_storage) return std::nullopt;
    if (auto found = find_exactly("WALG_" + bare)) return found;
    return find_exactly("WALE_" + bare);
  }

  std::string text(std::string_view name) const {
    const auto found = find(name);
    return found ? found->text : "";
  }

  Result<std::uint64_t> number(std::string_view name, std::uint64_t if_absent, std::uint64_t min,
                               std::uint64_t max) const {
    const auto found = find(name);
    if (!found) return if_absent;
    std::uint64_t value = 0;
    const char* end = found->text.data() + found->text.size();
    const auto [stopped, error] = std::from_chars(found->text.data(), end, value);
    if (error != std::errc() || stopped != end || value < min || value > max) {
      return invalid_argument("{} is \"{}\"; it must be a whole number from {} to {}", found->name,
                              found->text, min, max);
    }
    return value;
  }

  Result<int> count(std::string_view name, int if_absent, int min, int max) const {
    const std::uint64_t value =
        TRY(number(name, static_cast<std::uint64_t>(if_absent), static_cast<std::uint64_t>(min),
                   static_cast<std::uint64_t>(max)));
    return static_cast<int>(value);
  }

  Result<std::optional<bool>> flag(std::string_view name) const {
    const auto found = find(name);
    if (!found) return std::optional<bool>();
    std::string text = found->text;
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (text == "true" || text == "t" || text == "1") return std::optional(true);
    if (text == "false" || text == "f" || text == "0") return std::optional(false);
    return invalid_argument("{} is \"{}\"; it must be true or false", found->name, found->text);
  }

  // The index of the value in `allowed`.
  Result<std::optional<std::size_t>> choice(std::string_view name,
                                            std::span<const std::string_view> allowed) const {
    const auto found = find(name);
    if (!found) return std::optional<std::size_t>();
    const auto position = std::ranges::find(allowed, std::string_view(found->text));
    if (position == allowed.end()) {
      return invalid_argument("{} is \"{}\"; it must be one of {}", found->name, found->text,
                              fmt::join(allowed, ", "));
    }
    return std::optional(static_cast<std::size_t>(position - allowed.begin()));
  }

  // As Go writes durations: "1m", "1h30m", "500ms".
  Result<std::optional<std::chrono::milliseconds>> duration(std::string_view name) const {
    const auto found = find(name);
    if (!found) return std::optional<std::chrono::milliseconds>();
    const auto parsed = parse_duration(found->text);
    if (!parsed) {
      return invalid_argument("{} is \"{}\"; it must be a duration such as 90s, 30m or 1h30m",
                              found->name, found->text);
    }
    return parsed;
  }

 private:
  std::optional<Found> find_exactly(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || found->second.empty()) return std::nullopt;
    return Found{found->first, found->second};
  }

  static std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
        {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
    constexpr std::int64_t kNumberMax = 1'000'000;
    std::int64_t total = 0;
    do {
      std::int64_t value = 0;
      const char* end = text.data() + text.size();
      const auto [stopped, error] = std::from_chars(text.data(), end, value);
      if (error != std::errc() || value < 0 || value > kNumberMax) return std::nullopt;
      text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
      const std::size_t unit_end = std::min(text.find_first_of("0123456789"), text.size());
      const auto* unit = std::ranges::find(kUnits, text.substr(0, unit_end),
                                           &std::pair<std::string_view, std::int64_t>::first);
      if (unit == std::end(kUnits)) return std::nullopt;
      total += value * unit->second;
      text.remove_prefix(unit_end);
    } while (!text.empty());
    return std::chrono::milliseconds(total);
  }

  const SettingValues& values_;
};

Result<> refuse_unsupported(const SettingReader& reader) {
  for (const SettingFact& fact : setting_table()) {
    // Storages have their own message; what was refused here is named as it was set.
    if (fact.kind != SettingKind::Refused || fact.name.ends_with("_PREFIX")) continue;
    const auto found = reader.find(fact.name);
    if (!found) continue;
    if (fact.name == "WALG_TARGET_STORAGE" && found->text == "default") continue;  // The only one.
    return invalid_argument(
        "{} is set, but this version does not support it yet ({}); unset it, or use WAL-G for this "
        "repository",
        found->name, fact.line);
  }
  return {};
}

Result<> read_compression(const SettingReader& reader, Settings& settings) {
  const auto method = reader.find("WALG_COMPRESSION_METHOD");
  if (method) {
    auto parsed = codec::parse_compression(method->text);
    if (!parsed.ok()) {
      return invalid_argument(
          "WALG_COMPRESSION_METHOD is \"{}\"; it must be one of lz4, lzma, zstd, brotli, none",
          method->text);
    }
    settings.compression = parsed.value();
  }
  // WAL-G's names for levels and the levels of libzstd that compress alike.
  constexpr std::string_view kNames[] = {"fastest", "default", "better", "best"};
  constexpr int kLevels[] = {1, 3, 7, 11};
  const auto level = TRY(reader.choice("WALG_ZSTD_LEVEL", kNames));
  if (!level) return {};
  if (settings.compression != codec::Compression::Zstd) {
    return invalid_argument("WALG_ZSTD_LEVEL is set, but WALG_COMPRESSION_METHOD is {}, not zstd",
                            codec::compression_name(settings.compression));
  }
  settings.compression_level = kLevels[*level];
  return {};
}

Result<> read_encryption(const SettingReader& reader, EncryptionSettings& encryption) {
  encryption.sodium_key = Secret(reader.text("WALG_LIBSODIUM_KEY"));
  encryption.sodium_key_path = reader.text("WALG_LIBSODIUM_KEY_PATH");
  constexpr std::string_view kTransforms[] = {"none", "hex", "base64"};
  const auto transform = TRY(reader.choice("WALG_LIBSODIUM_KEY_TRANSFORM", kTransforms));
  if (transform) encryption.transform = kTransforms[*transform];
  if (transform && *transform != 0 && !encryption.is_enabled()) {
    return invalid_argument(
        "WALG_LIBSODIUM_KEY_TRANSFORM is set without a key; set WALG_LIBSODIUM_KEY or "
        "WALG_LIBSODIUM_KEY_PATH");
  }
  return {};
}

Result<> read_transfer(const SettingReader& reader, TransferSettings& transfer) {
  constexpr std::uint64_t kMebibyte = 1 << 20;
  constexpr std::uint64_t kRateMax = 1ULL << 50;
  constexpr std::uint64_t kTarBytesMax = 1ULL << 40;
  transfer.upload_concurrency =
      TRY(reader.count("WALG_UPLOAD_CONCURRENCY", transfer.upload_concurrency, 1, 512));
  transfer.upload_disk_concurrency =
      TRY(reader.count("WALG_UPLOAD_DISK_CONCURRENCY", transfer.upload_disk_concurrency, 1, 64));
  transfer.download_concurrency =
      TRY(reader.count("WALG_DOWNLOAD_CONCURRENCY", transfer.download_concurrency, 1, 512));
  transfer.download_retries_max =
      TRY(reader.count("WALG_DOWNLOAD_FILE_RETRIES", transfer.download_retries_max, 0, 10'000));
  transfer.upload_part_bytes = TRY(reader.number("S3_MAX_PART_SIZE", transfer.upload_part_bytes,
                                                 5 * kMebibyte, 1024 * kMebibyte));
  transfer.tar_size_threshold_bytes = TRY(reader.number(
      "WALG_TAR_SIZE_THRESHOLD", transfer.tar_size_threshold_bytes, kMebibyte, kTarBytesMax));
  transfer.network_bytes_per_second = TRY(reader.number("WALG_NETWORK_RATE_LIMIT", 0, 0, kRateMax));
  transfer.disk_bytes_per_second = TRY(reader.number("WALG_DISK_RATE_LIMIT", 0, 0, kRateMax));
  return {};
}

Result<> read_archive(const SettingReader& reader, ArchiveSettings& archive) {
  archive.background_uploads_max =
      TRY(reader.count("TOTAL_BG_UPLOADED_LIMIT", archive.background_uploads_max, 0, 1024));
  archive.renames_ready = TRY(reader.flag("PG_READY_RENAME")).value_or(false);
  archive.prefetch_directory = reader.text("WALG_PREFETCH_DIR");
  archive.delayed_segments_max =
      TRY(reader.count("WALG_INTEGRITY_MAX_DELAYED_WALS", 0, 0, 1'000'000));
  const std::uint64_t size_mebibytes = TRY(reader.number("WALG_PG_WAL_SIZE", 16, 1, 1024));
  if ((size_mebibytes & (size_mebibytes - 1)) != 0) {
    return invalid_argument("WALG_PG_WAL_SIZE is \"{}\"; it must be a power of two from 1 to 1024",
                            size_mebibytes);
  }
  archive.segment_bytes = size_mebibytes << 20;
  return {};
}

Result<> read_backup(const SettingReader& reader, BackupSettings& backup) {
  backup.user_data = reader.text("WALG_SENTINEL_USER_DATA");
  backup.fetch_user_data = reader.text("WALG_FETCH_TARGET_USER_DATA");
  backup.has_files_metadata = !TRY(reader.flag("WALG_WITHOUT_FILES_METADATA")).value_or(false);
  backup.stop_timeout = TRY(reader.duration("WALG_STOP_BACKUP_TIMEOUT"));
  backup.wal_wait = TRY(reader.duration("CAIRN_WAL_WAIT")).value_or(backup.wal_wait);
  backup.garbage_age = TRY(reader.duration("CAIRN_GARBAGE_AGE")).value_or(backup.garbage_age);
  const auto interval = TRY(reader.duration("WALG_ALIVE_CHECK_INTERVAL"));
  if (interval && *interval < std::chrono::seconds(1)) {
    return invalid_argument("WALG_ALIVE_CHECK_INTERVAL is \"{}\"; it must be at least 1s",
                            reader.text("WALG_ALIVE_CHECK_INTERVAL"));
  }
  if (interval) backup.alive_check_interval = *interval;
  return {};
}

Result<LogLevel> read_log_level(const SettingReader& reader) {
  constexpr std::string_view kNames[] = {"ERROR", "NORMAL", "DEVEL"};
  constexpr LogLevel kLevels[] = {LogLevel::Error, LogLevel::Info, LogLevel::Debug};
  const auto level = TRY(reader.choice("WALG_LOG_LEVEL", kNames));
  return level ? kLevels[*level] : LogLevel::Info;
}

void read_postgres(const SettingValues& values, PostgresSettings& postgres) {
  for (const auto& [name, text] : values) {
    const SettingFact* fact = find_setting(name);
    if (fact == nullptr || text.empty() || !name.starts_with("PG")) continue;
    if (name == "PGDATA") {
      postgres.data_directory = text;
    } else if (name != "PG_READY_RENAME" && name != "PGBACKREST_STANZA") {
      postgres.connection[name] = text;
    }
  }
}

std::string without_outer_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

Result<object_store::S3Settings> read_s3(const SettingReader& reader,
                                         const SettingReader::Found& place) {
  constexpr std::string_view kScheme = "s3://";
  object_store::S3Settings s3;
  const std::string_view url = place.text;
  const std::string_view path = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  s3.bucket = path.substr(0, path.find('/'));
  if (s3.bucket.empty()) {
    return invalid_argument("{} is \"{}\"; it must look like s3://bucket/path", place.name,
                            place.text);
  }
  s3.prefix = without_outer_slashes(path.substr(s3.bucket.size()));
  const auto first_of = [&](std::string_view one, std::string_view other) {
    const std::string text = reader.text(one);
    return text.empty() ? reader.text(other) : text;
  };
  s3.access_key_id = first_of("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY");
  s3.secret_access_key = Secret(first_of("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"));
  s3.session_token = Secret(reader.text("AWS_SESSION_TOKEN"));
  if (s3.access_key_id.empty() || s3.secret_access_key.empty()) {
    return invalid_argument(
        "{} needs credentials: set {}", place.name,
        s3.access_key_id.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
  }
  s3.endpoint = reader.text("AWS_ENDPOINT");
  s3.region = reader.text("AWS_REGION");
  s3.force_path_style = TRY(reader.flag("AWS_S3_FORCE_PATH_STYLE"));
  s3.storage_class = reader.text("S3_STORAGE_CLASS");
  s3.sse = reader.text("S3_SSE");
  s3.sse_kms_id = reader.text("S3_SSE_KMS_ID");
  return s3;
}

Result<FilesystemStorage> read_filesystem(const SettingReader::Found& place) {
  constexpr std::string_view kLocalhost = "file://localhost";
  std::string_view path = place.text;
  if (path.starts_with(kLocalhost)) path.remove_prefix(kLocalhost.size());
  if (!path.starts_with('/')) {
    return invalid_argument("{} is \"{}\"; it must be an absolute path", place.name, place.text);
  }
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return FilesystemStorage{std::string(path)};
}

// The setting that names the storage: exactly one must be there.
Result<SettingReader::Found> choose_storage(const SettingReader& reader) {
  constexpr std::string_view kPlaces[] = {"S3_PREFIX",    "FILE_PREFIX", "GS_PREFIX", "AZ_PREFIX",
                                          "SWIFT_PREFIX", "SSH_PREFIX",  "OSS_PREFIX"};
  std::optional<SettingReader::Found> chosen;
  for (const std::string_view place : kPlaces) {
    auto found = reader.find(place);
    if (!found) continue;
    if (chosen) {
      return invalid_argument("both {} and {} are set; keep the one that names your storage",
                              chosen->name, found->name);
    }
    chosen = std::move(found);
  }
  if (!chosen) {
    return invalid_argument(
        "no storage is set; set WALG_S3_PREFIX (s3://bucket/path) or WALG_FILE_PREFIX (/path)");
  }
  return *chosen;
}

void describe(StorageSettings& storage) {
  const std::string below = storage.prefix.empty() ? "" : "/" + storage.prefix;
  if (const auto* s3 = std::get_if<object_store::S3Settings>(&storage.backend)) {
    const std::string path = s3->prefix.empty() ? "" : "/" + s3->prefix;
    storage.location = fmt::format("s3://{}{}{}", s3->bucket, path, below);
    storage.identity = fmt::format("{} at {}", storage.location,
                                   s3->endpoint.empty() ? "amazonaws.com" : s3->endpoint);
  } else {
    const std::string& root = std::get<FilesystemStorage>(storage.backend).root;
    storage.location = (root == "/" ? "" : root) + below;
    if (storage.location.empty()) storage.location = "/";
    storage.identity = storage.location;
  }
}

bool is_our_family(std::string_view name) {
  return name.starts_with("WALG_") || name.starts_with("WALE_") || name.starts_with("CAIRN_");
}

void warn_about(const std::string& name, bool is_in_file, std::vector<std::string>& warnings) {
  const SettingFact* fact = find_setting(name);
  if (fact != nullptr) {
    if (fact->kind != SettingKind::Missing) return;
    warnings.push_back(
        fmt::format("{} is not supported yet and has no effect: {}", name, fact->line));
    return;
  }
  if (!is_in_file && !is_our_family(name)) return;
  const auto nearest = nearest_setting(name);
  warnings.push_back(
      nearest ? fmt::format("unknown setting {}; did you mean {}?", name, *nearest)
              : fmt::format("unknown setting {}; `cairn help settings` lists all", name));
}

}  // namespace

SettingValues merge_settings(const SettingValues& config_file, const SettingValues& environment) {
  SettingValues merged;
  for (const SettingValues* values : {&config_file, &environment}) {
    for (const auto& [name, text] : *values) {
      if (!text.empty()) merged[name] = text;
    }
  }
  return merged;
}

Result<Settings> parse_settings(const SettingValues& values) {
  const SettingReader reader(values);
  TRY(refuse_unsupported(reader));
  Settings settings;
  settings.log_level = TRY(read_log_level(reader));
  TRY(read_compression(reader, settings));
  TRY(read_encryption(reader, settings.encryption));
  TRY(read_transfer(reader, settings.transfer));
  TRY(read_archive(reader, settings.archive));
  TRY(read_backup(reader, settings.backup));
  read_postgres(values, settings.postgres);
  return settings;
}

Result<StorageSettings> parse_storage_settings(const SettingValues& values) {
  const SettingReader reader(values);
  const SettingReader::Found place = TRY(choose_storage(reader));
  StorageSettings storage;
  if (place.name.ends_with("S3_PREFIX")) {
    storage.backend = TRY(read_s3(reader, place));
  } else if (place.name.ends_with("FILE_PREFIX")) {
    storage.backend = TRY(read_filesystem(place));
  } else {
    return invalid_argument(
        "{} is set, but this version supports only WALG_S3_PREFIX and WALG_FILE_PREFIX",
        place.name);
  }
  storage.ca_file = reader.text("S3_CA_CERT_FILE");
  storage.prefix = without_outer_slashes(reader.text("STORAGE_PREFIX"));
  storage.retries_max = TRY(reader.count("S3_MAX_RETRIES", storage.retries_max, 0, 1'000));
  describe(storage);
  return storage;
}

std::vector<std::string> setting_warnings(const SettingValues& config_file,
                                          const SettingValues& environment) {
  std::vector<std::string> warnings;
  for (const auto& [name, text] : config_file) {
    if (!text.empty()) warn_about(name, true, warnings);
  }
  for (const auto& [name, text] : environment) {
    if (!text.empty() && !config_file.contains(name)) warn_about(name, false, warnings);
  }
  return warnings;
}

}  // namespace cairn::app
