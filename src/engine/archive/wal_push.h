// SPDX-License-Identifier: Apache-2.0
// The work behind archive_command: stores the file that PostgreSQL names, and those after it.
//
// While the file is on its way, the segments after it that PostgreSQL has already finished are sent
// too; the calls for these then answer at once. Success means that the file asked for is durable in
// the store; what happens to the others is only logged.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/archive/archive_state.h"
#include "engine/archive/send_ahead.h"
#include "engine/archive/wal_upload.h"
#include "files/directory.h"
#include "object_store/object_store.h"
#include "repository/sealing.h"

namespace cairn::engine {

struct WalPushSettings {
  // Tells this store and prefix apart from all others; "" keeps no local state.
  std::string store_identity = {};
  int upload_concurrency = 8;  // files on their way at once, the one asked for included
  int ahead_max = 32;          // files sent ahead by one call
  // PG_READY_RENAME: tells PostgreSQL that files sent ahead are archived, so it asks no more.
  bool renames_ready = false;
  // How long the call waits for files sent ahead once its own is stored.
  std::chrono::milliseconds drain_max{5'000};
};

// Where files come from and whose they are.
struct WalSource {
  files::Directory& directory;
  // A cluster's pg_wal: state is kept in it and files are sent ahead.
  bool is_wal_directory = false;
  // Of pg_control. Without it a segment speaks for itself; other files then say nothing of whose
  // they are, and the ownership of the storage is not checked for them.
  std::optional<std::uint64_t> system_identifier = {};
};

enum class WalPushOutcome { Stored, AlreadyStored, SentAhead };

struct WalPushReport {
  WalPushOutcome outcome = WalPushOutcome::Stored;
  int ahead_count = 0;  // files sent ahead by this call
};

// Keeps no state of its own, so a long-lived process may keep one. Thread-safe for different
// sources.
class WalPusher {
 public:
  // All outlive the pusher.
  WalPusher(object_store::ObjectStore& store, const repository::Sealing& sealing, Clock& clock,
            WalPushSettings settings);

  // Errors as WalUploader; also Denied: the storage belongs to another cluster.
  Result<WalPushReport> push(const WalSource& source, const std::string& file,
                             std::stop_token stop);

 private:
  // Begins to send what follows `file`, if it is a segment and more are ready.
  void start_ahead(const WalSource& source, const std::string& file, std::uint64_t owner,
                   bool is_first_contact, ArchiveState& state, std::optional<SendAhead>& ahead,
                   std::stop_token stop);

  object_store::ObjectStore& store_;
  const repository::Sealing& sealing_;
  Clock& clock_;
  const WalPushSettings settings_;
  WalUploader uploader_;
};

}  // namespace cairn::engine
