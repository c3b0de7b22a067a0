// SPDX-License-Identifier: Apache-2.0
// Bytes kept for later: in memory while they are few, in a nameless temporary file beyond that.
//
// For lists whose length grows with the database (a line per file) in a process whose memory must
// not. The file has no name, so nothing is left behind whatever happens. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/stream.h"

namespace cairn::files {

class Spool final : public Sink {
 public:
  // `directory` must allow temporary files, for example $TMPDIR.
  Spool(std::string directory, std::size_t memory_bytes_max);
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Result<> write(std::string_view bytes) override;
  Result<> finish() override;
  std::uint64_t size_bytes() const { return file_bytes_ + memory_.size(); }

  // Reads from the beginning. After finish(); the spool outlives the source; one at a time.
  Result<std::unique_ptr<Source>> read_back();

 private:
  Result<> spill();

  const std::string directory_;
  const std::size_t memory_bytes_max_;
  std::string memory_;  // what is not in the file yet
  int file_ = -1;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace cairn::files
