// SPDX-License-Identifier: Apache-2.0
// files_metadata.json, which is read as a stream.
#include "base/stream.h"
#include "repository/files_metadata.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  cairn::ViewSource source(input);
  std::size_t entries = 0;
  const cairn::repository::FilesMetadataReader reader = {
      .take_file = [&entries](const cairn::repository::FileEntry& file) -> cairn::Result<> {
        entries += file.path.size();
        return {};
      },
      .take_tar_member = [&entries](std::string_view tar_name,
                                    std::string_view path) -> cairn::Result<> {
        entries += tar_name.size() + path.size();
        return {};
      }};
  (void)cairn::repository::read_files_metadata(source, reader, {});
}
