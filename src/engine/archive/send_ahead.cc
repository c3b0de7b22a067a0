// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/send_ahead.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace cairn::engine {

namespace {

std::string status_path(const std::string& file, std::string_view suffix) {
  return fmt::format("archive_status/{}.{}", file, suffix);
}

}  // namespace

SendAhead::SendAhead(const World& world, postgres::WalSegment segment,
                     postgres::WalSegmentSize size, const SendAheadSettings& settings,
                     std::stop_token stop)
    : world_(world),
      size_(size),
      settings_(settings),
      progress_(Progress{.last = segment}),
      threads_(std::move(stop)) {
  for (int count = ready_count(); count > 0; --count) {
    has_threads_ = true;
    threads_.start([this](std::stop_token stopped) { return work(std::move(stopped)); });
  }
}

bool SendAhead::is_ready(const postgres::WalSegment& segment) const {
  return world_.wal_directory.stat(status_path(segment.name(size_), "ready")).ok();
}

// How many threads have something to do.
int SendAhead::ready_count() const {
  const int count_max = std::min(settings_.parallel_max, settings_.count_max);
  postgres::WalSegment segment =
      progress_.with([](const Progress& progress) { return progress.last.next(); });
  int count = 0;
  for (; count < count_max && is_ready(segment); ++count) segment = segment.next();
  return count;
}

std::optional<postgres::WalSegment> SendAhead::take() {
  return progress_.with([this](Progress& progress) -> std::optional<postgres::WalSegment> {
    if (progress.is_ending || progress.taken >= settings_.count_max) return std::nullopt;
    const postgres::WalSegment next = progress.last.next();
    if (!is_ready(next)) return std::nullopt;
    progress.last = next;
    ++progress.taken;
    return next;
  });
}

Result<> SendAhead::work(std::stop_token stop) {
  while (const auto segment = take()) {
    const std::string file = segment->name(size_);
    const Result<> sent = send(file, stop);
    if (sent.ok()) continue;
    // PostgreSQL will ask for the file itself and get the error; more tries now would only add to
    // it.
    progress_.with([](Progress& progress) { progress.is_ending = true; });
    if (sent.error().code() != ErrorCode::Cancelled) {
      log_warning("sending {} ahead failed: {}", file, sent.error().message());
    }
  }
  return {};
}

Result<> SendAhead::send(const std::string& file, std::stop_token stop) {
  const auto stat = world_.wal_directory.stat(file);
  if (!stat.ok()) return stat.error();
  if (world_.state.is_sent(file, stat.value(), world_.system_identifier)) return {};
  const auto outcome =
      TRY(world_.uploader.upload({.directory = world_.wal_directory,
                                  .file = file,
                                  .system_identifier = world_.system_identifier,
                                  .checks_other_suffixes = world_.checks_other_suffixes},
                                 std::move(stop)));
  (void)outcome;
  TRY(world_.state.remember_sent(file, stat.value(), world_.system_identifier));
  progress_.with([](Progress& progress) { ++progress.stored; });
  if (!settings_.renames_ready) return {};
  TRY(world_.wal_directory.rename(status_path(file, "ready"), status_path(file, "done"),
                                  files::IfExists::Replace));
  world_.state.forget_sent(file);  // Nobody will ask.
  return {};
}

int SendAhead::finish(bool foreground_succeeded) {
  if (!has_threads_) return 0;
  progress_.with([](Progress& progress) { progress.is_ending = true; });
  if (!foreground_succeeded) threads_.request_stop();
  TaskGroup deadline{std::stop_token()};
  deadline.start([this](std::stop_token stop) -> Result<> {
    TRY(world_.clock.wait_for(settings_.drain_max, std::move(stop)));
    threads_.request_stop();
    return {};
  });
  (void)threads_.join();  // work() has logged its errors.
  deadline.request_stop();
  (void)deadline.join();
  return progress_.with([](const Progress& progress) { return progress.stored; });
}

}  // namespace cairn::engine
