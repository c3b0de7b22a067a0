// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/replay.h"

#include <utility>

namespace cairn::engine {

namespace {

// pg_get_wal_replay_pause_state() exists from version 14 on; the older function is in all.
constexpr std::string_view kStatusSql =
    "SELECT pg_is_in_recovery(),"
    "       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() "
    "END,"
    "       pg_last_xact_replay_timestamp(),"
    "       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END";

struct ReplayStatus {
  bool is_in_recovery = true;
  postgres::Lsn replayed = {};
  std::string last_commit = {};
  bool is_paused = false;
};

Result<ReplayStatus> ask(postgres::PostgresSession& session, std::stop_token stop) {
  const postgres::Rows rows = TRY(session.query({.sql = std::string(kStatusSql)}, std::move(stop)));
  if (rows.size() != 1 || rows[0].size() != 4) return internal_error("unexpected replay status");
  ReplayStatus status;
  status.is_in_recovery = rows[0][0].value_or("t") == "t";
  if (rows[0][1]) status.replayed = TRY(postgres::parse_lsn(*rows[0][1]));
  status.last_commit = rows[0][2].value_or("");
  status.is_paused = rows[0][3].value_or("f") == "t";
  return status;
}

class Follow {
 public:
  Follow(const ReplayWorld& world, const ReplaySettings& settings, std::stop_token stop)
      : world_(world), settings_(settings), stop_(std::move(stop)), reported_(settings.start) {}

  Result<ReplayReport> run() {
    world_.progress.phase("replay WAL");
    if (settings_.end && *settings_.end > settings_.start) {
      world_.progress.total(settings_.end->value - settings_.start.value);
    }
    SteadyTime last_change = world_.clock.steady_now();
    while (true) {
      if (const auto ending = world_.how_server_ended()) return ended(*ending);
      const std::optional<ReplayStatus> status = poll();
      if (status) {
        if (advance(*status)) last_change = world_.clock.steady_now();
        if (!status->is_in_recovery || status->is_paused) return report_;
      }
      if (world_.clock.steady_now() - last_change > settings_.stall_deadline) {
        return unavailable(
            "replay has not moved for {} s; see the server's log",
            std::chrono::duration_cast<std::chrono::seconds>(settings_.stall_deadline).count());
      }
      TRY(world_.clock.wait_for(settings_.poll_interval, stop_));
    }
  }

 private:
  // A server that starts up, reaches consistency or restarts refuses sessions: nothing then.
  std::optional<ReplayStatus> poll() {
    if (!session_) {
      Result<std::unique_ptr<postgres::PostgresSession>> session = world_.connect(stop_);
      if (!session.ok()) return std::nullopt;
      session_ = std::move(session).value();
    }
    Result<ReplayStatus> status = ask(*session_, stop_);
    if (status.ok()) return std::move(status).value();
    session_.reset();
    return std::nullopt;
  }

  bool advance(const ReplayStatus& status) {
    report_.replayed = status.replayed;
    if (!status.last_commit.empty()) report_.last_commit = status.last_commit;
    report_.is_paused = status.is_paused;
    if (status.replayed <= reported_) return false;
    world_.progress.advance(status.replayed.value - reported_.value);
    reported_ = status.replayed;
    return true;
  }

  Result<ReplayReport> ended(const std::string& how) {
    // Whether it shut down at its target or failed, only its own words tell.
    const bool is_expected = settings_.action == postgres::RecoveryAction::Shutdown && how.empty();
    if (is_expected) return report_;
    return internal_error("the server ended before it reached the recovery target: {}", how);
  }

  const ReplayWorld& world_;
  const ReplaySettings& settings_;
  const std::stop_token stop_;
  std::unique_ptr<postgres::PostgresSession> session_;
  postgres::Lsn reported_;
  ReplayReport report_;
};

}  // namespace

Result<ReplayReport> follow_replay(const ReplayWorld& world, const ReplaySettings& settings,
                                   std::stop_token stop) {
  return Follow(world, settings, std::move(stop)).run();
}

}  // namespace cairn::engine
