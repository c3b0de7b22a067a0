// SPDX-License-Identifier: Apache-2.0
// All that a backup, a restore or a verification of the sample cluster needs, and the usual calls.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "concurrency/rate_limiter.h"
#include "engine/backup/backup_push.h"
#include "engine/progress.h"
#include "engine/restore/backup_fetch.h"
#include "engine/verify/backup_verify.h"
#include "object_store/memory/memory_store.h"
#include "tests/support/sample_cluster.h"
#include "tests/support/scripted_server.h"

namespace cairn::tests {

struct BackupTestWorld {
  explicit BackupTestWorld(const SampleClusterOptions& options = {})
      : BackupTestWorld(std::make_shared<SampleCluster>(options)) {}
  // Several worlds, one after the other, may share a cluster, which takes a while to make.
  explicit BackupTestWorld(std::shared_ptr<SampleCluster> shared)
      : clock(std::chrono::sys_days{std::chrono::year{2026} / 8 / 20} + std::chrono::hours(10)),
        store(clock),
        shared_cluster(std::move(shared)),
        cluster(*shared_cluster),
        server(cluster, store),
        disk_rate(clock, 0) {
    clock.skip_waits();
    settings.pgdata = cluster.data_directory();
    settings.hostname = "db1";
    // Small enough for several tars and for tars of several parts.
    settings.tar_bytes_max = 64 * 1024;
    settings.upload = {.part_bytes = 16 * 1024, .thread_count = 2};
    sealing.compression = codec::Compression::Lz4;
  }

  // Into `into`, which may be a layer over the store; into the store itself by default.
  Result<engine::BackupReport> push(object_store::ObjectStore& into, std::stop_token stop = {}) {
    const auto session = server.connect();
    // So that the log of one test tells its backups apart.
    clock.advance(std::chrono::minutes(1));
    return engine::push_backup({.store = into,
                                .session = *session,
                                .clock = clock,
                                .disk_rate = disk_rate,
                                .progress = progress,
                                .sealing = sealing},
                               settings, std::move(stop));
  }
  Result<engine::BackupReport> push() { return push(store); }

  engine::FetchSettings fetch_settings(const std::string& directory) const {
    engine::FetchSettings fetch{.target_directory = directory + "/data"};
    if (!cluster.tablespace_directory().empty()) {
      fetch.tablespace_mapping = {
          {std::string(SampleCluster::kTablespaceOid), directory + "/space"}};
    }
    fetch.thread_count = 2;
    return fetch;
  }

  Result<engine::FetchReport> fetch(object_store::ObjectStore& from, const std::string& name,
                                    const engine::FetchSettings& fetch_settings) {
    return engine::fetch_backup({.store = from, .cipher = sealing.cipher, .progress = progress},
                                name, fetch_settings, {});
  }
  // Into "data" and "space" below `directory`.
  Result<engine::FetchReport> fetch(const std::string& name, const std::string& directory) {
    return fetch(store, name, fetch_settings(directory));
  }

  Result<engine::VerifyReport> verify(object_store::ObjectStore& from, const std::string& name) {
    return engine::verify_backup(
        {.store = from, .cipher = sealing.cipher, .clock = clock, .progress = progress}, name,
        {.thread_count = 2}, {});
  }
  Result<engine::VerifyReport> verify(const std::string& name = "LATEST") {
    return verify(store, name);
  }

  ManualClock clock;
  object_store::MemoryStore store;
  const std::shared_ptr<SampleCluster> shared_cluster;
  SampleCluster& cluster;
  ScriptedServer server;
  RateLimiter disk_rate;
  engine::NoProgress progress;
  engine::BackupSettings settings;
  repository::Sealing sealing;
};

// What the restore of a backup of the sample cluster must hold in its data directory, given what
// the restore added: the label and the manifest are taken from `restored`.
Tree expected_restore(const SampleCluster& cluster, const Tree& restored,
                      const std::string& tablespace_directory);

}  // namespace cairn::tests
