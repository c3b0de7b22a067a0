// SPDX-License-Identifier: Apache-2.0
// The real world, built from the settings: read environment.cc for a list of what the program is
// made of.
//
// Everything is made when it is first asked for, because wal-push runs once for every segment and
// must not pay for what it does not use. The only file that reads the process's environment. Use
// from one thread; what it hands out may be used from many and lives as long as it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/clock.h"
#include "base/random.h"
#include "codec/cipher.h"
#include "concurrency/rate_limiter.h"
#include "engine/progress.h"
#include "http/http_client.h"
#include "object_store/layers/meter_layer.h"
#include "object_store/object_store.h"
#include "postgres/session.h"
#include "repository/sealing.h"

namespace cairn::app {

// The environment of this process.
SettingValues process_environment();

struct EnvironmentOptions {
  std::string config_path = {};         // of --config; "" looks in the usual places
  bool is_turbo = false;                // no rate limits, more readers
  std::optional<int> retries_max = {};  // instead of the settings'
};

class Environment {
 public:
  // Reads the configuration file and the settings. Warnings about settings go to the log.
  static Result<std::unique_ptr<Environment>> open(const SettingValues& process_environment,
                                                   const EnvironmentOptions& options);

  const Settings& settings() const { return settings_; }
  Clock& clock() { return clock_; }
  Random& random() { return random_; }

  // The store that the settings name, with its layers, and facts about where it is.
  Result<std::reference_wrapper<object_store::ObjectStore>> store();
  Result<std::reference_wrapper<const StorageSettings>> storage();
  // Counts every request that store() sends.
  object_store::Meter& meter() { return meter_; }

  // How objects are compressed and encrypted.
  Result<std::reference_wrapper<const repository::Sealing>> sealing();

  // A new connection to the server that the settings name.
  Result<std::unique_ptr<postgres::PostgresSession>> connect(
      std::function<void(std::string_view)> on_notice, std::stop_token stop);

  // The same to another server: `address` replaces host and port.
  Result<std::unique_ptr<postgres::PostgresSession>> connect_to(
      const std::map<std::string, std::string>& address, std::stop_token stop);

  // Of --config, or "".
  const std::string& config_path() const { return options_.config_path; }
  // PATH, where programs are looked for.
  std::string search_path() const;

  // Shows progress if standard error is a terminal.
  engine::ProgressSink& progress();

  // This program again, with the same configuration, in the background and on its own: it survives
  // us and our signals, and writes nowhere.
  Result<> start_detached(const std::vector<std::string>& arguments);

 private:
  Environment(SettingValues values, Settings settings, EnvironmentOptions options)
      : values_(std::move(values)), settings_(std::move(settings)), options_(std::move(options)) {}

  postgres::ConnectionSettings connection_settings() const;
  Result<std::unique_ptr<object_store::ObjectStore>> make_raw_store(const StorageSettings& storage);

  const SettingValues values_;
  Settings settings_;
  const EnvironmentOptions options_;  // config_path is the file in use, "" if there is none

  SystemClock clock_;
  SystemRandom random_;
  std::optional<StorageSettings> storage_;
  std::unique_ptr<http::HttpClient> http_;
  object_store::Meter meter_;
  std::unique_ptr<RateLimiter> network_;
  std::vector<std::unique_ptr<object_store::ObjectStore>> layers_;  // the innermost first
  std::unique_ptr<codec::Cipher> cipher_;
  std::optional<repository::Sealing> sealing_;
  std::unique_ptr<engine::ProgressSink> progress_;
};

}  // namespace cairn::app
