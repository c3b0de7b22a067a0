// SPDX-License-Identifier: Apache-2.0
// Follows a restored server while it replays WAL, until it has reached its target.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/progress.h"
#include "postgres/lsn.h"
#include "postgres/recovery_settings.h"
#include "postgres/session.h"

namespace cairn::engine {

struct ReplayWorld {
  // A new session with the server, which may not accept any yet.
  std::function<Result<std::unique_ptr<postgres::PostgresSession>>(std::stop_token)> connect;
  // Nothing while the server runs; once it does not, "" if it shut down in order, else its words.
  std::function<std::optional<std::string>()> how_server_ended;
  Clock& clock;
  ProgressSink& progress;
};

struct ReplaySettings {
  postgres::RecoveryAction action = postgres::RecoveryAction::Promote;
  postgres::Lsn start = {};               // where replay begins: the backup's start
  std::optional<postgres::Lsn> end = {};  // about where it ends, for the progress display
  std::chrono::milliseconds poll_interval{500};
  // No progress of replay for this long is an error; replay itself may take any time.
  std::chrono::milliseconds stall_deadline = std::chrono::minutes(30);
};

struct ReplayReport {
  std::optional<postgres::Lsn> replayed = {};  // nothing when it ended before we could ask
  std::string last_commit = {};                // time of the last transaction replayed; "" if none
  bool is_paused = false;
};

// Returns when the server was promoted, paused at its target, or shut down there, whichever
// `action` asks for. Internal with what the server said when it ended otherwise: the target was not
// reached, WAL is missing.
Result<ReplayReport> follow_replay(const ReplayWorld& world, const ReplaySettings& settings,
                                   std::stop_token stop);

}  // namespace cairn::engine
