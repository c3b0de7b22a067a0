// SPDX-License-Identifier: Apache-2.0
// Tar parts of a hostile store: every member is read to its end, within memory and time.
#include <array>

#include "base/stream.h"
#include "codec/tar.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  cairn::ViewSource source(input);
  cairn::codec::TarReader reader(source);
  std::array<char, 4096> buffer = {};
  while (true) {
    const auto entry = reader.next();
    if (!entry.ok() || !entry.value()) return;
    while (true) {
      const auto count = reader.read(buffer);
      if (!count.ok()) return;
      if (count.value() == 0) break;
    }
  }
}
