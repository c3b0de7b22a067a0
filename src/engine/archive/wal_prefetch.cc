// SPDX-License-Identifier: Apache-2.0
#include "engine/archive/wal_prefetch.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/guarded.h"
#include "concurrency/task_group.h"
#include "engine/archive/prefetch_directory.h"
#include "engine/archive/wal_download.h"

namespace cairn::engine {

namespace {

// Recovery itself needs the disk more than we do.
constexpr std::uint64_t kFreeSpaceFactor = 4;

std::vector<std::string> names_after(postgres::WalSegment last, postgres::WalSegmentSize size,
                                     int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    last = last.next();
    names.push_back(last.name(size));
  }
  return names;
}

// One window of segments, fetched by as many threads as it has segments.
class Window {
 public:
  Window(PrefetchDirectory& prefetch, WalDownloader& downloader, std::vector<std::string> names)
      : prefetch_(prefetch),
        downloader_(downloader),
        names_(std::move(names)),
        state_(State{.end = names_.size()}) {}

  // How many were fetched; the error of the first segment in the order of the log that failed.
  Result<int> fetch(std::stop_token stop) {
    TaskGroup threads(std::move(stop));
    for (std::size_t i = 0; i < names_.size(); ++i) {
      threads.start([this](std::stop_token stopped) { return work(std::move(stopped)); });
    }
    TRY(threads.join());
    return state_.with([](const State& state) -> Result<int> {
      if (state.error) return *state.error;
      return state.fetched;
    });
  }

 private:
  struct State {
    std::size_t next = 0;
    std::size_t end = 0;              // the first one that cannot be had
    std::optional<Error> error = {};  // why, unless it is the end of the WAL
    int fetched = 0;
  };

  Result<> work(std::stop_token stop) {
    while (const auto index = take()) {
      const std::string& name = names_[*index];
      if (prefetch_.has_finished(name)) continue;
      note(*index, downloader_.download({.file = name,
                                         .directory = prefetch_.root(),
                                         .temporary_path = PrefetchDirectory::running_path(name),
                                         .path = PrefetchDirectory::finished_path(name)},
                                        stop));
    }
    return {};
  }

  // Segments before one that failed are still worth having.
  void note(std::size_t index, const Result<bool>& is_found) {
    state_.with([&](State& state) {
      if (is_found.ok() && is_found.value()) {
        ++state.fetched;
      } else if (index < state.end) {
        state.end = index;
        state.error = is_found.ok() ? std::nullopt : std::optional(is_found.error());
      }
    });
  }

  std::optional<std::size_t> take() {
    return state_.with([](State& state) -> std::optional<std::size_t> {
      if (state.next >= state.end) return std::nullopt;
      return state.next++;
    });
  }

  PrefetchDirectory& prefetch_;
  WalDownloader& downloader_;
  const std::vector<std::string> names_;
  Guarded<State> state_;
};

}  // namespace

Result<WalPrefetchReport> prefetch_wal(object_store::ObjectStore& store,
                                       const codec::Cipher* cipher, files::Directory& root,
                                       postgres::WalSegment last, postgres::WalSegmentSize size,
                                       const WalPrefetchSettings& settings, std::stop_token stop) {
  PrefetchDirectory prefetch(root);
  TRY(prefetch.make());
  const auto lock = TRY(prefetch.try_lock());
  if (!lock) return WalPrefetchReport{.was_skipped = true};
  const std::vector<std::string> names = names_after(last, size, settings.count);
  TRY(prefetch.clean(names));
  const std::uint64_t needed_bytes = names.size() * size.bytes() * kFreeSpaceFactor;
  if (TRY(root.free_space_bytes()) < needed_bytes) return WalPrefetchReport{.was_skipped = true};

  const codec::Compression expected = prefetch.last_compression().value_or(settings.expected);
  WalDownloader downloader(store, cipher, expected);
  Window window(prefetch, downloader, names);
  const int fetched = TRY(window.fetch(std::move(stop)));
  return WalPrefetchReport{.fetched_count = fetched};
}

}  // namespace cairn::engine
