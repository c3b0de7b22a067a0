// SPDX-License-Identifier: Apache-2.0
// Tar parts of a hostile store: every member is read to its end, within memory and time; and what
// was read can be written and read again as the same.
#include <array>

#include "base/stream.h"
#include "codec/tar.h"
#include "tests/fuzz/fuzz.h"

namespace {

using cairn::codec::TarEntry;

// Writes the entry without its content and reads it again.
void check_round_trip(TarEntry entry) {
  entry.size_bytes = 0;
  cairn::StringSink out;
  cairn::codec::TarWriter writer(out);
  // User and group names may hold what no header can say: reading does not judge them.
  if (!writer.start(entry).ok()) return;
  ASSERT(writer.finish().ok());
  cairn::ViewSource in(out.bytes());
  cairn::codec::TarReader reader(in);
  const TarEntry back = reader.next().value().value();
  ASSERT(back.name == entry.name && back.type == entry.type && back.mode == entry.mode);
  ASSERT(back.modified_seconds == entry.modified_seconds);
  ASSERT(back.user_id == entry.user_id && back.group_id == entry.group_id);
  ASSERT(back.link_target == entry.link_target);
  ASSERT(back.user_name == entry.user_name && back.group_name == entry.group_name);
  ASSERT(!reader.next().value() && reader.has_trailer());
}

}  // namespace

void fuzz(std::string_view input) {
  cairn::ViewSource source(input);
  cairn::codec::TarReader reader(source);
  std::array<char, 4096> buffer = {};
  while (true) {
    const auto entry = reader.next();
    if (!entry.ok() || !entry.value()) return;
    ASSERT(!entry.value()->name.empty());
    check_round_trip(*entry.value());
    std::uint64_t total = 0;
    while (true) {
      const auto count = reader.read(buffer);
      if (!count.ok()) return;
      if (count.value() == 0) break;
      total += count.value();
    }
    ASSERT(total == entry.value()->size_bytes);
  }
}
