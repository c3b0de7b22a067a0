// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_push.h"

#include <algorithm>

#include "base/log.h"
#include "postgres/wal_file_name.h"
#include "postgres/wal_header.h"
#include "repository/ownership.h"

namespace cairn::engine {

namespace {

using postgres::WalFileKind;

// A file on its way is held in memory, at most as large as a segment.
constexpr std::uint64_t kAheadBytesMax = 256ULL << 20;

// The system that a file belongs to: pg_control's word, else that of the segment itself.
Result<std::optional<std::uint64_t>> find_owner(const WalSource& source, const std::string& file) {
  if (source.system_identifier) return source.system_identifier;
  const WalFileKind kind = postgres::classify_wal_file(file).kind;
  if (kind != WalFileKind::Segment && kind != WalFileKind::Partial) {
    return std::optional<std::uint64_t>();
  }
  const auto opened = TRY(source.directory.open_file(file, files::Access::Read));
  std::string beginning(postgres::kWalHeaderBytes, '\0');
  beginning.resize(TRY(opened->read_at(0, beginning)));
  const postgres::WalHeader header = TRY(postgres::parse_wal_header(beginning).context(file));
  return std::optional(header.system_identifier);
}

// Without the memory the next call asks again; the file is stored all the same.
void remember(ArchiveState& state, std::uint64_t owner) {
  const Result<> remembered = state.remember_owner(owner);
  if (!remembered.ok()) {
    log_warning("the next wal-push will have to ask the storage again: {}",
                remembered.error().message());
  }
}

}  // namespace

WalPusher::WalPusher(object_store::ObjectStore& store, const repository::Sealing& sealing,
                     Clock& clock, WalPushSettings settings)
    : store_(store),
      sealing_(sealing),
      clock_(clock),
      settings_(std::move(settings)),
      uploader_(store, sealing) {}

Result<WalPushReport> WalPusher::push(const WalSource& source, const std::string& file,
                                      std::stop_token stop) {
  const std::optional<std::uint64_t> owner = TRY(find_owner(source, file));
  std::optional<ArchiveState> state;
  if (source.is_wal_directory && owner && !settings_.store_identity.empty()) {
    // With another compression the same name becomes another object: a store of its own to us.
    state.emplace(source.directory, fmt::format("{} {}", settings_.store_identity,
                                                codec::compression_name(sealing_.compression)));
    const files::FileStat stat = TRY(source.directory.stat(file));
    if (state->is_sent(file, stat, *owner)) {
      state->forget_sent(file);
      return WalPushReport{.outcome = WalPushOutcome::SentAhead};
    }
  }
  const bool is_first_contact = !state || !state->is_known_owner(*owner);
  if (is_first_contact && owner) {
    TRY(repository::claim_ownership(store_, *owner, clock_, stop));
  }

  std::optional<SendAhead> ahead;
  if (state) start_ahead(source, file, *owner, is_first_contact, *state, ahead, stop);
  Result<WalUploadOutcome> outcome =
      uploader_.upload({.directory = source.directory,
                        .file = file,
                        .system_identifier = owner,
                        .thread_count = sealing_.options.thread_count,
                        .checks_other_suffixes = is_first_contact},
                       stop);
  WalPushReport report;
  if (ahead) report.ahead_count = ahead->finish(outcome.ok());
  report.outcome = TRY(std::move(outcome)) == WalUploadOutcome::Stored
                       ? WalPushOutcome::Stored
                       : WalPushOutcome::AlreadyStored;
  // Only now: until a file is stored, other suffixes are to be looked at again.
  if (is_first_contact && state) remember(*state, *owner);
  return report;
}

void WalPusher::start_ahead(const WalSource& source, const std::string& file, std::uint64_t owner,
                            bool is_first_contact, ArchiveState& state,
                            std::optional<SendAhead>& ahead, std::stop_token stop) {
  if (settings_.upload_concurrency <= 1 || settings_.ahead_max == 0) return;
  const auto stat = source.directory.stat(file);
  if (!stat.ok()) return;
  const auto size = postgres::WalSegmentSize::of(stat.value().size_bytes);
  if (!size.ok()) return;
  const auto segment = postgres::parse_wal_segment(file, size.value());
  if (!segment) return;
  const auto parallel_max = static_cast<int>(kAheadBytesMax / size.value().bytes());
  ahead.emplace(
      SendAhead::World{.wal_directory = source.directory,
                       .uploader = uploader_,
                       .state = state,
                       .clock = clock_,
                       .system_identifier = owner,
                       .checks_other_suffixes = is_first_contact},
      *segment, size.value(),
      SendAheadSettings{.parallel_max = std::min(settings_.upload_concurrency - 1, parallel_max),
                        .count_max = settings_.ahead_max,
                        .renames_ready = settings_.renames_ready,
                        .drain_max = settings_.drain_max},
      std::move(stop));
}

}  // namespace cairn::engine
