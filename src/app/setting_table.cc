// SPDX-License-Identifier: Apache-2.0
#include "app/setting_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace cairn::app {

namespace {

using enum SettingKind;

constexpr bool kStorage = true;

constexpr SettingFact kSettings[] = {
    // Where backups are.
    {"WALG_CONFIG_PATH", Used, "~/.walg.{json,yaml,yml}",
     "Configuration file, as --config; the environment wins over it."},
    {"S3_PREFIX", Used, "", "Storage in a bucket: s3://bucket/path (as WALG_S3_PREFIX).", kStorage},
    {"FILE_PREFIX", Used, "", "Storage in a directory: /path (as WALG_FILE_PREFIX).", kStorage},
    {"GS_PREFIX", Refused, "", "Storage in Google Cloud.", kStorage},
    {"AZ_PREFIX", Refused, "", "Storage in Azure.", kStorage},
    {"SWIFT_PREFIX", Refused, "", "Storage in OpenStack Swift.", kStorage},
    {"SSH_PREFIX", Refused, "", "Storage behind SSH.", kStorage},
    {"OSS_PREFIX", Refused, "", "Storage in Alibaba OSS.", kStorage},
    {"STORAGE_PREFIX", Used, "", "Folder below the storage's path (as WALG_STORAGE_PREFIX).",
     kStorage},
    {"WALG_FAILOVER_STORAGES", Refused, "", "Further storages to fall back to."},
    {"WALG_TARGET_STORAGE", Refused, "", "Chooses one of several storages."},
    // S3.
    {"AWS_ACCESS_KEY_ID", Used, "", "Access key.", kStorage},
    {"AWS_ACCESS_KEY", Used, "", "The same as AWS_ACCESS_KEY_ID.", kStorage},
    {"AWS_SECRET_ACCESS_KEY", Secret, "", "Secret of the access key.", kStorage},
    {"AWS_SECRET_KEY", Secret, "", "The same as AWS_SECRET_ACCESS_KEY.", kStorage},
    {"AWS_SESSION_TOKEN", Secret, "", "Session token of temporary credentials.", kStorage},
    {"AWS_REGION", Used, "asked from the server, else us-east-1", "Region of the bucket.",
     kStorage},
    {"AWS_ENDPOINT", Used, "Amazon's", "URL of the server: https://host[:port].", kStorage},
    {"AWS_S3_FORCE_PATH_STYLE", Used, "false",
     "Puts the bucket into the path instead of the host name.", kStorage},
    {"S3_CA_CERT_FILE", Used, "the system's", "Certificate authorities to trust, a PEM file.",
     kStorage},
    {"S3_STORAGE_CLASS", Used, "STANDARD", "Storage class of new objects.", kStorage},
    {"S3_SSE", Used, "", "Encryption by the server: AES256 or aws:kms.", kStorage},
    {"S3_SSE_KMS_ID", Used, "", "Key of the server's encryption; required by aws:kms.", kStorage},
    {"S3_SSE_C", Refused, "", "Encryption by the server with the customer's key.", kStorage},
    {"S3_MAX_PART_SIZE", Used, "8388608", "Bytes of a part of a multipart upload.", kStorage},
    {"S3_MAX_RETRIES", Used, "15", "Times a failed request is repeated.", kStorage},
    {"S3_RETENTION_PERIOD", Refused, "", "Object lock: seconds.", kStorage},
    {"S3_RETENTION_MODE", Refused, "", "Object lock: mode.", kStorage},
    {"AWS_ROLE_ARN", Missing, "", "Role to assume.", kStorage},
    {"AWS_ROLE_SESSION_NAME", Missing, "", "Session name of the role.", kStorage},
    {"S3_ENDPOINT_SOURCE", Missing, "", "URL that answers with the endpoint.", kStorage},
    {"S3_ENDPOINT_PORT", Missing, "", "Port of that endpoint.", kStorage},
    {"S3_ENDPOINT_PROTOCOL", Missing, "", "Protocol of that endpoint.", kStorage},
    {"S3_REQUEST_ADDITIONAL_HEADERS", Missing, "", "Headers of every request.", kStorage},
    {"S3_ENABLE_VERSIONING", Missing, "", "Deletes all versions of an object.", kStorage},
    {"S3_USE_LIST_OBJECTS_V1", Missing, "", "Lists with the old protocol.", kStorage},
    {"S3_LOG_LEVEL", NoNeed, "", "WALG_LOG_LEVEL covers it.", kStorage},
    {"S3_RANGE_BATCH_ENABLED", NoNeed, "", "Broken downloads are always resumed.", kStorage},
    {"S3_RANGE_MAX_RETRIES", NoNeed, "", "Broken downloads are always resumed.", kStorage},
    {"S3_DELETE_BATCH_SIZE", NoNeed, "", "Batches have the server's limit.", kStorage},
    {"S3_DISABLE_100_CONTINUE", NoNeed, "", "Never asked for.", kStorage},
    {"S3_SKIP_VALIDATION", NoNeed, "", "`st check` validates a storage.", kStorage},
    {"S3_MIN_THROTTLING_RETRY_DELAY", NoNeed, "", "Chosen by the program.", kStorage},
    {"S3_MAX_THROTTLING_RETRY_DELAY", NoNeed, "", "Chosen by the program.", kStorage},
    // What is stored, and how.
    {"WALG_COMPRESSION_METHOD", Used, "lz4", "lz4, lzma, zstd, brotli or none."},
    {"WALG_ZSTD_LEVEL", Used, "default", "fastest, default, better or best; with zstd only."},
    {"WALG_LIBSODIUM_KEY", Secret, "", "Key to encrypt and decrypt with."},
    {"WALG_LIBSODIUM_KEY_PATH", Used, "", "File that holds that key."},
    {"WALG_LIBSODIUM_KEY_TRANSFORM", Used, "none",
     "How the key is written: none (at least 25 bytes), hex or base64 (32 bytes)."},
    {"WALG_PGP_KEY", Refused, "", "Encryption with OpenPGP."},
    {"WALG_PGP_KEY_PATH", Refused, "", "Encryption with OpenPGP."},
    {"WALG_PGP_KEY_PASSPHRASE", Refused, "", "Encryption with OpenPGP."},
    {"WALG_GPG_KEY_ID", Refused, "", "Encryption with OpenPGP."},
    {"WALE_GPG_KEY_ID", Refused, "", "Encryption with OpenPGP."},
    {"WALG_ENVELOPE_PGP_KEY", Refused, "", "Encryption with an OpenPGP envelope."},
    {"WALG_ENVELOPE_PGP_KEY_PATH", Refused, "", "Encryption with an OpenPGP envelope."},
    {"WALG_ENVELOPE_PGP_YC_CSE_KMS_KEY_ID", Refused, "", "Encryption with an OpenPGP envelope."},
    {"WALG_ENVELOPE_PGP_YC_SERVICE_ACCOUNT_KEY_FILE", Refused, "",
     "Encryption with an OpenPGP envelope."},
    {"WALG_ENVELOPE_PGP_YC_ENDPOINT", Refused, "", "Encryption with an OpenPGP envelope."},
    {"WALG_CSE_KMS_ID", Refused, "", "Encryption with a key of AWS KMS."},
    {"WALG_CSE_KMS_REGION", Refused, "", "Encryption with a key of AWS KMS."},
    {"YC_CSE_KMS_KEY_ID", Refused, "", "Encryption with a key of Yandex KMS."},
    {"YC_SERVICE_ACCOUNT_KEY_FILE", Refused, "", "Encryption with a key of Yandex KMS."},
    // How fast.
    {"WALG_UPLOAD_CONCURRENCY", Used, "8", "Uploads at once, of parts or WAL files (1 to 512)."},
    {"WALG_UPLOAD_DISK_CONCURRENCY", Used, "1", "Files read at once by backup-push (1 to 64)."},
    {"WALG_DOWNLOAD_CONCURRENCY", Used, "10", "Downloads at once (1 to 512)."},
    {"WALG_DOWNLOAD_FILE_RETRIES", Used, "15", "Times a broken download is resumed."},
    {"WALG_UPLOAD_QUEUE", NoNeed, "", "Memory is fixed: queues have the size of the buffers."},
    {"WALG_TAR_SIZE_THRESHOLD", Used, "1073741823",
     "Bytes of files after which a tar part is closed."},
    {"WALG_NETWORK_RATE_LIMIT", Used, "no limit", "Bytes a second to and from the storage."},
    {"WALG_DISK_RATE_LIMIT", Used, "no limit", "Bytes a second that backup-push reads from disk."},
    {"WALG_DIRECT_IO", Missing, "", "Reads files without the page cache."},
    {"WALG_DIRECT_IO_BLOCK_COUNT", Missing, "", "Blocks of such a read."},
    // WAL.
    {"TOTAL_BG_UPLOADED_LIMIT", Used, "32",
     "WAL files that one wal-push sends ahead, besides its own (0 to 1024)."},
    {"WALG_PREVENT_WAL_OVERWRITE", NoNeed, "", "WAL is never overwritten with other content."},
    {"PG_READY_RENAME", Used, "false",
     "Renames .ready to .done for WAL files sent ahead, so that PostgreSQL does not ask for them."},
    {"WALG_PREFETCH_DIR", Used, "beside the destination", "Directory for WAL fetched ahead."},
    {"WALG_PG_WAL_SIZE", Used, "16", "Size of a WAL segment in MiB: a power of two, 1 to 1024."},
    {"WALG_PG_WAL_PAGE_SIZE", NoNeed, "", "Read from the WAL itself."},
    {"WALG_INTEGRITY_MAX_DELAYED_WALS", Used, "0",
     "WAL segments that may be missing at the end before wal-verify complains."},
    {"WALG_USE_WAL_DELTA", Missing, "", "Makes block maps of WAL."},
    {"WALG_FORCE_WAL_DELTA", Missing, "", "Insists on block maps of WAL."},
    {"WALG_UPLOAD_WAL_METADATA", Missing, "", "Stores facts beside each WAL file."},
    {"WALG_SLOTNAME", Missing, "", "Slot of wal-receive."},
    {"WALG_DAEMON_WAL_UPLOAD_TIMEOUT", Missing, "", "Deadline of the daemon's uploads."},
    // Base backups.
    {"WALG_SENTINEL_USER_DATA", Used, "", "JSON kept with a backup, as --add-user-data."},
    {"WALG_FETCH_TARGET_USER_DATA", Used, "", "Chooses a backup by that, as --target-user-data."},
    {"WALG_WITHOUT_FILES_METADATA", Used, "false", "Leaves out the list of a backup's files."},
    {"WALG_VERIFY_PAGE_CHECKSUMS", NoNeed, "", "Page checksums are always verified."},
    {"WALG_STORE_ALL_CORRUPT_BLOCKS", NoNeed, "", "A thousand of each file are always kept."},
    {"WALG_STOP_BACKUP_TIMEOUT", Used, "no limit",
     "How long to wait for PostgreSQL to archive the last WAL: 30m, 90s."},
    {"CAIRN_WAL_WAIT", Used, "5m",
     "How long WAL may take to appear in the repository once PostgreSQL calls it archived."},
    {"CAIRN_GARBAGE_AGE", Used, "24h",
     "Leftovers of a backup are garbage once older; younger ones may be a running backup."},
    {"WALG_ALIVE_CHECK_INTERVAL", Used, "1m", "How often a backup asks whether PostgreSQL lives."},
    {"WALG_PG_BLOCK_SIZE", NoNeed, "", "Read from the cluster's control file."},
    {"WALG_TAR_DISABLE_FSYNC", NoNeed, "", "A restore is always made durable, once, at its end."},
    {"WALG_DELTA_MAX_STEPS", Missing, "0", "Delta backups; every backup made is a full one."},
    {"WALG_DELTA_ORIGIN", Missing, "", "Parent of a delta backup."},
    {"WALG_DELTA_FROM_NAME", Missing, "", "Parent of a delta backup."},
    {"WALG_DELTA_FROM_USER_DATA", Missing, "", "Parent of a delta backup."},
    {"WALG_USE_RATING_COMPOSER", NoNeed, "", "Only arranges files in tar parts."},
    {"WALG_USE_COPY_COMPOSER", NoNeed, "", "Only arranges files in tar parts."},
    {"WALG_USE_DATABASE_COMPOSER", NoNeed, "", "Only arranges files in tar parts."},
    {"WALG_DISABLE_PARTIAL_RESTORE", NoNeed, "", "The list of relations is not stored."},
    {"WALG_USE_REVERSE_UNPACK", NoNeed, "", "Restores have one way."},
    {"WALG_SKIP_REDUNDANT_TARS", NoNeed, "", "Restores have one way."},
    // The program itself.
    {"WALG_LOG_LEVEL", Used, "NORMAL", "ERROR, NORMAL or DEVEL."},
    {"WALG_LOG_DESTINATION", Missing, "stderr", "Where the log goes."},
    {"WALG_STATSD_ADDRESS", Missing, "", "Server for metrics."},
    {"WALG_STATSD_EXTRA_TAGS", Missing, "", "Tags of metrics."},
    {"HTTP_LISTEN", NoNeed, "", "No debug server."},
    {"HTTP_EXPOSE_PPROF", NoNeed, "", "No debug server."},
    {"HTTP_EXPOSE_EXPVAR", NoNeed, "", "No debug server."},
    {"PROFILE_MODE", NoNeed, "", "No built-in profiler."},
    {"PROFILE_PATH", NoNeed, "", "No built-in profiler."},
    {"PROFILE_SAMPLING_RATIO", NoNeed, "", "No built-in profiler."},
    {"PGBACKREST_STANZA", Missing, "", "Reads repositories of pgBackRest."},
    {"WALG_SERIALIZER_TYPE", NoNeed, "", "One way to write JSON."},
    // PostgreSQL.
    {"PGDATA", Used, "", "Data directory of the cluster."},
    {"PGHOST", Used, "libpq's", "Host or socket directory of the server."},
    {"PGHOSTADDR", Used, "libpq's", "Address of the server."},
    {"PGPORT", Used, "libpq's", "Port of the server."},
    {"PGUSER", Used, "libpq's", "Role to connect as; it must be allowed to make backups."},
    {"PGPASSWORD", Secret, "libpq's", "Password of that role."},
    {"PGPASSFILE", Used, "libpq's", "File of passwords."},
    {"PGDATABASE", Used, "libpq's", "Database to connect to."},
    {"PGSERVICE", Used, "libpq's", "Entry of the service file."},
    {"PGSERVICEFILE", Used, "libpq's", "Service file."},
    {"PGAPPNAME", Used, "cairn", "Name shown in pg_stat_activity."},
    {"PGCONNECT_TIMEOUT", Used, "libpq's", "Seconds to wait for a connection."},
    {"PGSSLMODE", Used, "libpq's", "How to use TLS."},
    {"PGSSLCERT", Used, "libpq's", "Client certificate."},
    {"PGSSLKEY", Used, "libpq's", "Key of the client certificate."},
    {"PGSSLROOTCERT", Used, "libpq's", "Certificate authorities to trust."},
    {"PGSSLCRL", Used, "libpq's", "Revoked certificates."},
    {"PGTARGETSESSIONATTRS", Used, "libpq's", "Which of several hosts to take."},
    {"PGOPTIONS", Used, "libpq's", "Settings of the session."},
};

// How many letters must be added, removed or replaced to make `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view without_storage_prefix(std::string_view name) {
  if (name.starts_with("WALG_") || name.starts_with("WALE_")) name.remove_prefix(5);
  return name;
}

// As people write it: settings of a storage's place are known with their WALG_ prefix.
std::string shown_name(const SettingFact& fact) {
  const bool is_bare = fact.is_storage && fact.name.ends_with("_PREFIX");
  return is_bare ? fmt::format("WALG_{}", fact.name) : std::string(fact.name);
}

std::string shown_line(const SettingFact& fact) {
  switch (fact.kind) {
    case SettingKind::Used:
    case SettingKind::Secret:
      break;
    case SettingKind::NoNeed:
      return fmt::format("Accepted, has no effect. {}", fact.line);
    case SettingKind::Missing:
      return fmt::format("Not supported yet: ignored with a warning. {}", fact.line);
    case SettingKind::Refused:
      return fmt::format("Not supported yet: refused. {}", fact.line);
  }
  return std::string(fact.line);
}

}  // namespace

std::span<const SettingFact> setting_table() {
  return kSettings;
}

const SettingFact* find_setting(std::string_view name) {
  const auto has_name = [](std::string_view wanted, bool storage_only) {
    return [wanted, storage_only](const SettingFact& fact) {
      return fact.name == wanted && (fact.is_storage || !storage_only);
    };
  };
  const auto* found = std::ranges::find_if(kSettings, has_name(name, false));
  if (found != std::end(kSettings)) return found;
  const std::string_view bare = without_storage_prefix(name);
  if (bare == name) return nullptr;
  found = std::ranges::find_if(kSettings, has_name(bare, true));
  return found == std::end(kSettings) ? nullptr : found;
}

std::optional<std::string> nearest_setting(std::string_view name) {
  const std::string_view bare = without_storage_prefix(name);
  const SettingFact* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(3, name.size() / 4 + 1);
  for (const SettingFact& fact : kSettings) {
    const std::size_t distance = edit_distance(fact.is_storage ? bare : name, fact.name);
    if (distance >= least) continue;
    least = distance;
    nearest = &fact;
  }
  return nearest == nullptr ? std::nullopt : std::optional(shown_name(*nearest));
}

std::string settings_help() {
  std::string text =
      "Settings come from the environment and from a configuration file (--config,\n"
      "WALG_CONFIG_PATH or ~/.walg.{json,yaml,yml}); the environment wins. An empty value\n"
      "counts as unset. Settings marked with * are also read as WALG_<name> and WALE_<name>.\n\n";
  for (const SettingFact& fact : kSettings) {
    text += fmt::format("{}{}\n    {}", shown_name(fact), fact.is_storage ? " *" : "",
                        shown_line(fact));
    if (!fact.default_text.empty()) text += fmt::format(" Default: {}.", fact.default_text);
    text += '\n';
  }
  return text;
}

std::string settings_markdown() {
  std::string text =
      "# Settings\n\n"
      "<!-- Made by `cairn docs settings`; do not edit. -->\n\n"
      "Settings come from the environment and from a configuration file (`--config`,\n"
      "`WALG_CONFIG_PATH` or `~/.walg.{json,yaml,yml}`); the environment wins. An empty value "
      "counts\n"
      "as unset. Settings marked with \\* are also read as `WALG_<name>` and `WALE_<name>`.\n\n"
      "| Setting | Default | Meaning |\n|---|---|---|\n";
  for (const SettingFact& fact : kSettings) {
    text += fmt::format("| `{}`{} | {} | {} |\n", shown_name(fact), fact.is_storage ? " \\*" : "",
                        fact.default_text, shown_line(fact));
  }
  return text;
}

}  // namespace cairn::app
