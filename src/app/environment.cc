// SPDX-License-Identifier: Apache-2.0
#include "app/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>

#include "app/config_file.h"
#include "app/detached_process.h"
#include "app/progress.h"
#include "base/log.h"
#include "files/disk_directory.h"
#include "object_store/filesystem/filesystem_store.h"
#include "object_store/layers/prefix_layer.h"
#include "object_store/layers/retry_layer.h"
#include "object_store/layers/throttle_layer.h"
#include "object_store/s3/s3_store.h"

namespace cairn::app {

namespace {

constexpr std::uint64_t kConfigBytesMax = 1 << 20;
constexpr std::uint64_t kKeyFileBytesMax = 64 << 10;
constexpr int kTurboDiskConcurrency = 4;

Result<std::string> read_whole_file(const std::string& path, std::uint64_t bytes_max) {
  const std::filesystem::path parts(path);
  const std::string folder = parts.has_parent_path() ? parts.parent_path().string() : ".";
  const auto directory = TRY(files::open_disk_directory(folder));
  return files::read_file(*directory, parts.filename().string(), bytes_max);
}

std::string value_of(const SettingValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

// The configuration file that applies, or "" if there is none.
std::string find_config_path(const SettingValues& environment, const std::string& given) {
  if (!given.empty()) return given;
  const std::string named = value_of(environment, "WALG_CONFIG_PATH");
  if (!named.empty()) return named;
  const std::string home = value_of(environment, "HOME");
  if (home.empty()) return "";
  for (const std::string_view suffix : {".json", ".yaml", ".yml"}) {
    const std::string path = fmt::format("{}/.walg{}", home, suffix);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return "";
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

// The connection settings that libpq knows under another name than its environment variable.
constexpr std::pair<std::string_view, std::string_view> kConnectionKeywords[] = {
    {"PGHOST", "host"},
    {"PGHOSTADDR", "hostaddr"},
    {"PGPORT", "port"},
    {"PGUSER", "user"},
    {"PGPASSFILE", "passfile"},
    {"PGDATABASE", "dbname"},
    {"PGSERVICE", "service"},
    {"PGAPPNAME", "application_name"},
    {"PGCONNECT_TIMEOUT", "connect_timeout"},
    {"PGSSLMODE", "sslmode"},
    {"PGSSLCERT", "sslcert"},
    {"PGSSLKEY", "sslkey"},
    {"PGSSLROOTCERT", "sslrootcert"},
    {"PGSSLCRL", "sslcrl"},
    {"PGTARGETSESSIONATTRS", "target_session_attrs"},
    {"PGOPTIONS", "options"},
};

}  // namespace

SettingValues process_environment() {
  SettingValues values;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

Result<std::unique_ptr<Environment>> Environment::open(const SettingValues& environment,
                                                       const EnvironmentOptions& options) {
  const std::string config_path = find_config_path(environment, options.config_path);
  SettingValues config;
  if (!config_path.empty()) {
    const std::string text =
        TRY(read_whole_file(config_path, kConfigBytesMax).context("read the configuration file"));
    config = TRY(parse_config_file(config_path, text));
  }
  SettingValues values = merge_settings(config, environment);
  Settings settings = TRY(parse_settings(values));
  if (settings.log_level != LogLevel::Info) set_log_level(settings.log_level);
  for (const std::string& warning : setting_warnings(config, environment)) {
    log_warning("{}", warning);
  }
  if (options.is_turbo) {
    settings.transfer.network_bytes_per_second = 0;
    settings.transfer.disk_bytes_per_second = 0;
    settings.transfer.upload_disk_concurrency =
        std::max(settings.transfer.upload_disk_concurrency, kTurboDiskConcurrency);
  }
  EnvironmentOptions used = options;
  used.config_path = config_path;
  return std::unique_ptr<Environment>(
      new Environment(std::move(values), std::move(settings), std::move(used)));
}

Result<std::reference_wrapper<const StorageSettings>> Environment::storage() {
  if (!storage_) {
    storage_ = TRY(parse_storage_settings(values_));
    storage_->retries_max = options_.retries_max.value_or(storage_->retries_max);
  }
  return std::cref(*storage_);
}

Result<std::unique_ptr<object_store::ObjectStore>> Environment::make_raw_store(
    const StorageSettings& storage) {
  if (const auto* directory = std::get_if<FilesystemStorage>(&storage.backend)) {
    return object_store::open_filesystem_store(directory->root, clock_, random_);
  }
  http_ = http::make_http_client({.ca_file = storage.ca_file});
  return object_store::make_s3_store(std::get<object_store::S3Settings>(storage.backend), *http_,
                                     clock_);
}

Result<std::reference_wrapper<object_store::ObjectStore>> Environment::store() {
  if (!layers_.empty()) return std::ref(*layers_.back());
  const StorageSettings& storage = TRY(this->storage());
  std::vector<std::unique_ptr<object_store::ObjectStore>> layers;
  layers.push_back(TRY(make_raw_store(storage)));
  // Counted are real requests, retries included; each of them waits for its turn.
  layers.push_back(object_store::make_meter_layer(*layers.back(), meter_));
  if (settings_.transfer.network_bytes_per_second != 0) {
    network_ = std::make_unique<RateLimiter>(clock_, settings_.transfer.network_bytes_per_second);
    layers.push_back(object_store::make_throttle_layer(*layers.back(), *network_));
  }
  layers.push_back(object_store::make_retry_layer(
      *layers.back(), {.tries_max = storage.retries_max + 1}, clock_, random_));
  if (!storage.prefix.empty()) {
    const auto folder =
        TRY(object_store::ObjectKey::parse(storage.prefix).context("WALG_STORAGE_PREFIX"));
    layers.push_back(object_store::make_prefix_layer(*layers.back(), folder));
  }
  layers_ = std::move(layers);
  return std::ref(*layers_.back());
}

Result<std::reference_wrapper<const repository::Sealing>> Environment::sealing() {
  if (sealing_) return std::cref(*sealing_);
  const EncryptionSettings& encryption = settings_.encryption;
  if (encryption.is_enabled()) {
    Secret key = encryption.sodium_key;
    if (key.empty()) {
      Secret content(TRY(read_whole_file(encryption.sodium_key_path, kKeyFileBytesMax)
                             .context("read WALG_LIBSODIUM_KEY_PATH")));
      key = Secret(trimmed(content.expose()));
      if (key.empty()) {
        return invalid_argument("{}, which WALG_LIBSODIUM_KEY_PATH names, is empty",
                                encryption.sodium_key_path);
      }
    }
    cipher_ = TRY(codec::make_sodium_cipher(key, encryption.transform));
  }
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  sealing_ = repository::Sealing{
      .compression = settings_.compression,
      .options = {.level = settings_.compression_level, .thread_count = static_cast<int>(cores)},
      .cipher = cipher_.get()};
  return std::cref(*sealing_);
}

postgres::ConnectionSettings Environment::connection_settings() const {
  const auto& given = settings_.postgres.connection;
  postgres::ConnectionSettings connection;
  for (const auto& [variable, keyword] : kConnectionKeywords) {
    const auto found = given.find(std::string(variable));
    if (found != given.end()) connection.parameters.emplace_back(keyword, found->second);
  }
  if (!given.contains("PGAPPNAME")) connection.parameters.emplace_back("application_name", "cairn");
  const auto password = given.find("PGPASSWORD");
  if (password != given.end()) connection.password = Secret(password->second);
  return connection;
}

Result<std::unique_ptr<postgres::PostgresSession>> Environment::connect(
    std::function<void(std::string_view)> on_notice, std::stop_token stop) {
  postgres::ConnectionSettings connection = connection_settings();
  connection.on_notice = std::move(on_notice);
  return postgres::connect(connection, clock_, std::move(stop));
}

Result<std::unique_ptr<postgres::PostgresSession>> Environment::connect_to(
    const std::map<std::string, std::string>& address, std::stop_token stop) {
  postgres::ConnectionSettings connection = connection_settings();
  std::erase_if(connection.parameters, [&](const auto& parameter) {
    return address.contains(parameter.first) || parameter.first == "hostaddr" ||
           parameter.first == "service";
  });
  connection.parameters.insert(connection.parameters.end(), address.begin(), address.end());
  return postgres::connect(connection, clock_, std::move(stop));
}

std::string Environment::search_path() const {
  return value_of(values_, "PATH");
}

engine::ProgressSink& Environment::progress() {
  if (!progress_) progress_ = make_progress(clock_);
  return *progress_;
}

Result<> Environment::start_detached(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"cairn"};
  if (!options_.config_path.empty()) words.insert(words.end(), {"--config", options_.config_path});
  words.insert(words.end(), arguments.begin(), arguments.end());
  TRY(start_detached_process("/proc/self/exe", std::move(words), "/dev/null")
          .context("start a process in the background"));
  return {};
}

}  // namespace cairn::app
