// SPDX-License-Identifier: Apache-2.0
#include "app/settings.h"

#include <gtest/gtest.h>

namespace cairn::app {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

TEST(SettingsTest, HasDefaultsWhenNothingIsSet) {
  const Settings settings = parse_settings({}).value();
  EXPECT_EQ(settings.compression, codec::Compression::Lz4);
  EXPECT_FALSE(settings.compression_level.has_value());
  EXPECT_FALSE(settings.encryption.is_enabled());
  EXPECT_EQ(settings.transfer.upload_concurrency, 8);
  EXPECT_EQ(settings.transfer.tar_size_threshold_bytes, 1'073'741'823U);
  EXPECT_EQ(settings.archive.segment_bytes, 16U << 20);
  EXPECT_TRUE(settings.backup.has_files_metadata);
  EXPECT_EQ(settings.backup.alive_check_interval, 1min);
  EXPECT_EQ(settings.log_level, LogLevel::Info);
}

TEST(SettingsTest, ReadsWhatIsSet) {
  const SettingValues values = {
      {"WALG_COMPRESSION_METHOD", "zstd"},
      {"WALG_ZSTD_LEVEL", "best"},
      {"WALG_UPLOAD_CONCURRENCY", "3"},
      {"WALG_NETWORK_RATE_LIMIT", "1000"},
      {"S3_MAX_PART_SIZE", "5242880"},
      {"WALG_PG_WAL_SIZE", "64"},
      {"PG_READY_RENAME", "TRUE"},
      {"WALG_WITHOUT_FILES_METADATA", "1"},
      {"WALG_STOP_BACKUP_TIMEOUT", "1m30s"},
      {"CAIRN_WAL_WAIT", "7s"},
      {"CAIRN_GARBAGE_AGE", "2h"},
      {"WALG_LOG_LEVEL", "DEVEL"},
      {"PGDATA", "/data"},
      {"PGHOST", "/run"},
      {"WALG_LIBSODIUM_KEY", "secret"},
      {"WALG_LIBSODIUM_KEY_TRANSFORM", "hex"},
  };
  const Settings settings = parse_settings(values).value();
  EXPECT_EQ(settings.compression, codec::Compression::Zstd);
  EXPECT_EQ(settings.compression_level, 11);
  EXPECT_EQ(settings.transfer.upload_concurrency, 3);
  EXPECT_EQ(settings.transfer.network_bytes_per_second, 1000U);
  EXPECT_EQ(settings.transfer.upload_part_bytes, 5U << 20);
  EXPECT_EQ(settings.archive.segment_bytes, 64U << 20);
  EXPECT_TRUE(settings.archive.renames_ready);
  EXPECT_FALSE(settings.backup.has_files_metadata);
  EXPECT_EQ(settings.backup.stop_timeout, 90s);
  EXPECT_EQ(settings.backup.wal_wait, 7s);
  EXPECT_EQ(settings.backup.garbage_age, std::chrono::hours(2));
  EXPECT_EQ(settings.log_level, LogLevel::Debug);
  EXPECT_EQ(settings.postgres.data_directory, "/data");
  EXPECT_EQ(settings.postgres.connection.at("PGHOST"), "/run");
  EXPECT_FALSE(settings.postgres.connection.contains("PGDATA"));
  EXPECT_EQ(settings.encryption.sodium_key.expose(), "secret");
  EXPECT_EQ(settings.encryption.transform, "hex");
}

TEST(SettingsTest, EveryErrorNamesTheSettingTheValueAndWhatIsAllowed) {
  struct Case {
    SettingValues values;
    std::string_view message;
  };
  const Case cases[] = {
      {{{"WALG_COMPRESSION_METHOD", "lz5"}},
       "WALG_COMPRESSION_METHOD is \"lz5\"; it must be one of lz4, lzma, zstd, brotli, none"},
      {{{"WALG_ZSTD_LEVEL", "best"}},
       "WALG_ZSTD_LEVEL is set, but WALG_COMPRESSION_METHOD is lz4, not zstd"},
      {{{"WALG_COMPRESSION_METHOD", "zstd"}, {"WALG_ZSTD_LEVEL", "9"}},
       "WALG_ZSTD_LEVEL is \"9\"; it must be one of fastest, default, better, best"},
      {{{"WALG_UPLOAD_CONCURRENCY", "0"}},
       "WALG_UPLOAD_CONCURRENCY is \"0\"; it must be a whole number from 1 to 512"},
      {{{"WALG_DOWNLOAD_CONCURRENCY", "4x"}},
       "WALG_DOWNLOAD_CONCURRENCY is \"4x\"; it must be a whole number from 1 to 512"},
      {{{"WALG_NETWORK_RATE_LIMIT", "-1"}},
       "WALG_NETWORK_RATE_LIMIT is \"-1\"; it must be a whole number from 0 to 1125899906842624"},
      {{{"PG_READY_RENAME", "yes"}}, "PG_READY_RENAME is \"yes\"; it must be true or false"},
      {{{"WALG_PG_WAL_SIZE", "17"}},
       "WALG_PG_WAL_SIZE is \"17\"; it must be a power of two from 1 to 1024"},
      {{{"WALG_STOP_BACKUP_TIMEOUT", "90"}},
       "WALG_STOP_BACKUP_TIMEOUT is \"90\"; it must be a duration such as 90s, 30m or 1h30m"},
      {{{"WALG_ALIVE_CHECK_INTERVAL", "1ms"}},
       "WALG_ALIVE_CHECK_INTERVAL is \"1ms\"; it must be at least 1s"},
      {{{"WALG_LOG_LEVEL", "LOUD"}},
       "WALG_LOG_LEVEL is \"LOUD\"; it must be one of ERROR, NORMAL, DEVEL"},
      {{{"WALG_LIBSODIUM_KEY_TRANSFORM", "hex"}},
       "WALG_LIBSODIUM_KEY_TRANSFORM is set without a key; set WALG_LIBSODIUM_KEY or "
       "WALG_LIBSODIUM_KEY_PATH"},
      // A storage setting is named as it was set.
      {{{"WALG_S3_MAX_PART_SIZE", "1"}},
       "WALG_S3_MAX_PART_SIZE is \"1\"; it must be a whole number from 5242880 to 1073741824"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const auto settings = parse_settings(c.values);
    ASSERT_FALSE(settings.ok());
    EXPECT_EQ(settings.error().code(), ErrorCode::InvalidArgument);
    EXPECT_EQ(settings.error().message(), c.message);
  }
}

TEST(SettingsTest, RefusesEncryptionItCannotDoRatherThanStorePlainText) {
  for (const std::string name :
       {"WALG_PGP_KEY", "WALG_PGP_KEY_PATH", "WALG_GPG_KEY_ID", "WALE_GPG_KEY_ID",
        "WALG_CSE_KMS_ID", "YC_CSE_KMS_KEY_ID", "WALG_ENVELOPE_PGP_KEY", "S3_SSE_C",
        "WALG_S3_RETENTION_MODE", "WALG_FAILOVER_STORAGES"}) {
    SCOPED_TRACE(name);
    const auto settings = parse_settings({{name, "hush"}});
    ASSERT_FALSE(settings.ok());
    EXPECT_TRUE(settings.error().message().starts_with(name + " is set, but"));
    EXPECT_EQ(settings.error().message().find("hush"), std::string::npos);
    EXPECT_TRUE(parse_settings({{name, ""}}).ok());  // An empty value counts as unset.
  }
  EXPECT_TRUE(parse_settings({{"WALG_TARGET_STORAGE", "default"}}).ok());
}

TEST(StorageSettingsTest, NeedsExactlyOneStorage) {
  struct Case {
    SettingValues values;
    std::string_view message;
  };
  const Case cases[] = {
      {{}, "no storage is set; set WALG_S3_PREFIX (s3://bucket/path) or WALG_FILE_PREFIX (/path)"},
      {{{"WALG_FILE_PREFIX", ""}},
       "no storage is set; set WALG_S3_PREFIX (s3://bucket/path) or WALG_FILE_PREFIX (/path)"},
      {{{"WALG_S3_PREFIX", "s3://b"}, {"WALG_FILE_PREFIX", "/x"}},
       "both WALG_S3_PREFIX and WALG_FILE_PREFIX are set; keep the one that names your storage"},
      {{{"WALG_GS_PREFIX", "gs://b/x"}},
       "WALG_GS_PREFIX is set, but this version supports only WALG_S3_PREFIX and WALG_FILE_PREFIX"},
      {{{"WALE_AZ_PREFIX", "azure://b/x"}},
       "WALE_AZ_PREFIX is set, but this version supports only WALG_S3_PREFIX and WALG_FILE_PREFIX"},
      {{{"WALG_FILE_PREFIX", "backups"}},
       "WALG_FILE_PREFIX is \"backups\"; it must be an absolute path"},
      {{{"WALG_S3_PREFIX", "bucket/path"}},
       "WALG_S3_PREFIX is \"bucket/path\"; it must look like s3://bucket/path"},
      {{{"WALG_S3_PREFIX", "s3:///path"}},
       "WALG_S3_PREFIX is \"s3:///path\"; it must look like s3://bucket/path"},
      {{{"WALG_S3_PREFIX", "s3://b"}}, "WALG_S3_PREFIX needs credentials: set AWS_ACCESS_KEY_ID"},
      {{{"WALG_S3_PREFIX", "s3://b"}, {"AWS_ACCESS_KEY_ID", "a"}},
       "WALG_S3_PREFIX needs credentials: set AWS_SECRET_ACCESS_KEY"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const auto storage = parse_storage_settings(c.values);
    ASSERT_FALSE(storage.ok());
    EXPECT_EQ(storage.error().message(), c.message);
  }
}

TEST(StorageSettingsTest, ReadsABucketUnderAnyOfTheNames) {
  for (const std::string prefix : {"", "WALG_", "WALE_"}) {
    SCOPED_TRACE(prefix);
    const StorageSettings storage =
        parse_storage_settings({
                                   {prefix + "S3_PREFIX", "s3://b/x/y/"},
                                   {prefix + "AWS_ACCESS_KEY", "key"},
                                   {prefix + "AWS_SECRET_KEY", "hush"},
                                   {prefix + "AWS_ENDPOINT", "http://h"},
                                   {prefix + "AWS_REGION", "r"},
                                   {prefix + "AWS_S3_FORCE_PATH_STYLE", "true"},
                                   {prefix + "S3_CA_CERT_FILE", "/ca"},
                                   {prefix + "S3_STORAGE_CLASS", "COLD"},
                                   {prefix + "S3_MAX_RETRIES", "2"},
                                   {prefix + "STORAGE_PREFIX", "/sub/"},
                               })
            .value();
    const auto& s3 = std::get<object_store::S3Settings>(storage.backend);
    EXPECT_EQ(s3.bucket, "b");
    EXPECT_EQ(s3.prefix, "x/y");
    EXPECT_EQ(s3.access_key_id, "key");
    EXPECT_EQ(s3.secret_access_key.expose(), "hush");
    EXPECT_EQ(s3.endpoint, "http://h");
    EXPECT_EQ(s3.region, "r");
    EXPECT_EQ(s3.force_path_style, true);
    EXPECT_EQ(s3.storage_class, "COLD");
    EXPECT_EQ(storage.ca_file, "/ca");
    EXPECT_EQ(storage.retries_max, 2);
    EXPECT_EQ(storage.prefix, "sub");
    EXPECT_EQ(storage.location, "s3://b/x/y/sub");
    EXPECT_EQ(storage.identity, "s3://b/x/y/sub at http://h");
  }
}

TEST(StorageSettingsTest, ReadsADirectory) {
  struct Case {
    SettingValues values;
    std::string_view root;
    std::string_view location;
  };
  const Case cases[] = {
      {{{"WALG_FILE_PREFIX", "/backups/"}}, "/backups", "/backups"},
      {{{"WALG_FILE_PREFIX", "file://localhost/b"}}, "/b", "/b"},
      {{{"WALG_FILE_PREFIX", "/b"}, {"WALG_STORAGE_PREFIX", "c/d"}}, "/b", "/b/c/d"},
      {{{"WALG_FILE_PREFIX", "/"}}, "/", "/"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.location);
    const StorageSettings storage = parse_storage_settings(c.values).value();
    EXPECT_EQ(std::get<FilesystemStorage>(storage.backend).root, c.root);
    EXPECT_EQ(storage.location, c.location);
  }
}

TEST(MergeSettingsTest, TheEnvironmentWinsUnlessItIsEmpty) {
  const SettingValues merged = merge_settings(
      {{"A", "file"}, {"B", "file"}, {"C", "file"}, {"D", ""}}, {{"A", "environment"}, {"B", ""}});
  EXPECT_EQ(merged, (SettingValues{{"A", "environment"}, {"B", "file"}, {"C", "file"}}));
}

TEST(SettingWarningsTest, NamesWhatIsUnknownOrHasNoEffect) {
  struct Case {
    SettingValues config_file;
    SettingValues environment;
    std::vector<std::string> warnings;
  };
  const Case cases[] = {
      {{}, {{"PATH", "/bin"}, {"AWS_PAGER", "less"}, {"WALG_S3_PREFIX", "x"}}, {}},
      {{},
       {{"WALG_S3_PREFX", "x"}},
       {"unknown setting WALG_S3_PREFX; did you mean WALG_S3_PREFIX?"}},
      {{},
       {{"WALG_UPLOAD_CONCURENCY", "4"}},
       {"unknown setting WALG_UPLOAD_CONCURENCY; did you mean WALG_UPLOAD_CONCURRENCY?"}},
      {{},
       {{"CAIRN_FROBNICATE", "1"}},
       {"unknown setting CAIRN_FROBNICATE; `cairn help settings` lists all"}},
      {{}, {{"WALG_UNKNOWN", ""}}, {}},
      {{{"PGHOTS", "x"}}, {}, {"unknown setting PGHOTS; did you mean PGHOST?"}},
      {{{"WALG_DELTA_MAX_STEPS", "3"}},
       {{"WALG_DELTA_MAX_STEPS", "4"}},
       {"WALG_DELTA_MAX_STEPS is not supported yet and has no effect: Delta backups; every backup "
        "made is a full one."}},
      {{{"WALG_PREVENT_WAL_OVERWRITE", "true"}}, {}, {}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(setting_warnings(c.config_file, c.environment), c.warnings);
  }
}

}  // namespace
}  // namespace cairn::app
