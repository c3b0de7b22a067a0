// SPDX-License-Identifier: Apache-2.0
#include "tests/support/walg_repository.h"

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "codec/compression.h"
#include "codec/tar.h"

namespace cairn::tests {
namespace {

class TarContent final : public Source {
 public:
  explicit TarContent(codec::TarReader& reader) : reader_(reader) {}
  Result<std::size_t> read(std::span<char> out) override { return reader_.read(out); }

 private:
  codec::TarReader& reader_;
};

constexpr std::size_t kFileBytesMax = 64 << 20;
constexpr std::size_t kArchiveBytesMax = 256 << 20;

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return not_found("{}", path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<> load_repository(const std::string& tar_path, object_store::MemoryStore& store) {
  std::string tar = TRY(read_text_file(tar_path));
  if (tar_path.ends_with(".gz")) {
    ViewSource packed(tar);
    const auto unpacked = TRY(codec::make_decompressor(codec::Compression::Gzip, packed));
    tar = TRY(read_all(*unpacked, kArchiveBytesMax));
  }
  ViewSource source(tar);
  codec::TarReader reader(source);
  while (const auto entry = TRY(reader.next())) {
    if (entry->type != codec::TarType::Regular) continue;
    std::string_view name = entry->name;
    if (name.starts_with("./")) name.remove_prefix(2);
    const auto key = TRY(object_store::ObjectKey::parse(name));
    TarContent content(reader);
    const Bytes bytes = TRY(read_all(content, kFileBytesMax));
    TRY(store.put(key, bytes, {}, {}));
    store.set_modified(key, WallTime(std::chrono::seconds(entry->modified_seconds)));
  }
  return {};
}

std::string with_microseconds(std::string text) {
  static const std::regex kNanoseconds(R"((\.\d{6})\d{1,3}Z)");
  text = std::regex_replace(text, kNanoseconds, "$1Z");
  // Go leaves trailing zeros out.
  static const std::regex kTrailingZeros(R"((\.\d*[1-9])0+Z)");
  return std::regex_replace(text, kTrailingZeros, "$1Z");
}

}  // namespace cairn::tests
