// SPDX-License-Identifier: Apache-2.0
// Whole tar archives in memory.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "codec/tar.h"
#include "tests/support/streams.h"

namespace cairn::tests {

inline codec::TarEntry tar_file(std::string name, std::uint64_t size_bytes) {
  codec::TarEntry entry;
  entry.name = std::move(name);
  entry.size_bytes = size_bytes;
  return entry;
}

struct TarMember {
  codec::TarEntry entry = {};
  Bytes content = {};
};

inline Bytes write_tar(const std::vector<TarMember>& members) {
  StringSink out;
  codec::TarWriter writer(out);
  for (const TarMember& member : members) {
    EXPECT_TRUE(writer.start(member.entry).ok());
    EXPECT_TRUE(writer.write(member.content).ok());
  }
  EXPECT_TRUE(writer.finish().ok());
  return out.take();
}

struct TarContents {
  std::vector<TarMember> members = {};
  bool has_trailer = false;
};

inline Result<TarContents> read_tar(std::string_view bytes, std::size_t bytes_each = 1 << 30) {
  ChunkedSource in(bytes, bytes_each);
  codec::TarReader reader(in);
  TarContents contents;
  while (std::optional<codec::TarEntry> entry = TRY(reader.next())) {
    TarMember member{std::move(*entry), {}};
    std::array<char, 777> part{};
    while (const std::size_t count = TRY(reader.read(part))) {
      member.content.append(part.data(), count);
    }
    contents.members.push_back(std::move(member));
  }
  contents.has_trailer = reader.has_trailer();
  return contents;
}

}  // namespace cairn::tests
