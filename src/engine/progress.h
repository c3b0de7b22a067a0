// SPDX-License-Identifier: Apache-2.0
// What a long operation tells whoever watches it.
//
// The engine reports bytes; the watcher (a terminal, a status field) turns them into rates and
// times. Thread-safe: many stages report at once. Cheap enough to be called for every chunk.
#pragma once

#include <cstdint>
#include <string_view>

namespace cairn::engine {

class ProgressSink {
 public:
  virtual ~ProgressSink() = default;

  // A new phase begins ("copy files", "wait for WAL"); its total is unknown and nothing is done
  // yet.
  virtual void phase(std::string_view name) = 0;
  // How many bytes the current phase has to move. May be corrected later.
  virtual void total(std::uint64_t bytes) = 0;
  // So many more bytes of the current phase are done.
  virtual void advance(std::uint64_t bytes) = 0;
};

// For callers whom nobody watches.
class NoProgress final : public ProgressSink {
 public:
  void phase(std::string_view) override {}
  void total(std::uint64_t) override {}
  void advance(std::uint64_t) override {}
};

}  // namespace cairn::engine
