// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "codec/tar.h"
#include "codec/tar_header.h"

namespace cairn::codec {

namespace {

constexpr std::size_t kSkipBytes = 64 * 1024;
// Tape blocking pads an archive with zeros; nothing sane pads it with more than this.
constexpr std::uint64_t kTrailingBytesMax = 64 * 1024 * 1024;
// Global records are kept for the whole archive, so their number needs a limit too.
constexpr std::size_t kGlobalRecordsMax = 64;
// PAX for the next member, PAX for all that follow, GNU's long name, GNU's long link target.
constexpr std::string_view kSpecialFlags = "xgLK";

// GNU's long texts end at their first NUL.
std::string gnu_text(Bytes bytes) {
  bytes.resize(std::min(bytes.find('\0'), bytes.size()));
  return bytes;
}

}  // namespace

// What extended headers said about the member that follows them.
struct TarReader::Pending {
  Records records = {};
  Records gnu_records = {};  // GNU's long names, as the records that would say the same
  bool is_empty() const { return records.empty() && gnu_records.empty(); }

  // All that applies to the member: its own before the archive's. An empty value takes one back.
  Records merged_with(const Records& global) && {
    Records all = std::move(gnu_records);
    for (auto& [key, value] : records) all.insert_or_assign(key, std::move(value));
    all.insert(global.begin(), global.end());
    std::erase_if(all, [](const auto& record) { return record.second.empty(); });
    return all;
  }
};

Result<std::optional<TarEntry>> TarReader::next() {
  TRY(skip(content_bytes_ + padding_bytes_));
  content_bytes_ = 0;
  padding_bytes_ = 0;
  if (is_at_end_) return std::optional<TarEntry>();
  Pending pending;
  Block block{};
  while (TRY(read_header(block))) {
    if (TRY(take_special(block, pending))) continue;
    TarEntry entry = TRY(tar::parse_entry(block, std::move(pending).merged_with(global_records_)));
    member_name_ = tar::printable(entry.name);
    content_bytes_ = entry.size_bytes;
    padding_bytes_ = tar::padding_bytes(entry.size_bytes);
    return std::optional<TarEntry>(std::move(entry));
  }
  is_at_end_ = true;
  if (!pending.is_empty()) return corrupt("tar archive ends after an extended header");
  return std::optional<TarEntry>();
}

Result<std::size_t> TarReader::read(std::span<char> out) {
  if (content_bytes_ == 0) return std::size_t{0};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(content_bytes_, out.size()));
  const std::size_t count = TRY(in_.read(out.first(wanted)));
  if (count == 0) {
    return corrupt("tar member {} is cut: {} bytes are missing", member_name_, content_bytes_);
  }
  content_bytes_ -= count;
  return count;
}

// False at the end of the archive, whose rest is then read and judged.
Result<bool> TarReader::read_header(Block& block) {
  const std::size_t count = TRY(read_full(in_, block));
  if (count == 0) return false;
  if (count < block.size()) return corrupt("tar archive is cut within a header");
  if (tar::is_zero({block.data(), block.size()})) {
    TRY(read_trailer());
    return false;
  }
  TRY(tar::check_checksum(block).context(
      fmt::format("tar header after {}", member_name_.empty() ? "the start" : member_name_)));
  return true;
}

// Whether the header is one that describes the next; if so, it has been read.
Result<bool> TarReader::take_special(const Block& block, Pending& pending) {
  const char flag = block[tar::kTypeOffset];
  if (!kSpecialFlags.contains(flag)) return false;
  Bytes content = TRY(read_special(block));
  if (flag == 'L') pending.gnu_records["path"] = gnu_text(std::move(content));
  if (flag == 'K') pending.gnu_records["linkpath"] = gnu_text(std::move(content));
  if (flag == 'x') pending.records = TRY(tar::parse_records(content));
  if (flag != 'g') return true;
  Records records = TRY(tar::parse_records(content));
  for (auto& [key, value] : records) global_records_.insert_or_assign(key, std::move(value));
  if (global_records_.size() <= kGlobalRecordsMax) return true;
  return corrupt("tar archive has more than {} global PAX records", kGlobalRecordsMax);
}

Result<Bytes> TarReader::read_special(const Block& block) {
  const std::int64_t size = TRY(tar::parse_number(block, tar::kSize));
  if (size < 0 || static_cast<std::uint64_t>(size) > tar::kSpecialBytesMax) {
    return corrupt("tar extended header of {} bytes; at most {} are allowed", size,
                   tar::kSpecialBytesMax);
  }
  const auto content_bytes = static_cast<std::size_t>(size);
  Bytes content(content_bytes + tar::padding_bytes(content_bytes), '\0');
  if (TRY(read_full(in_, content)) < content.size()) {
    return corrupt("tar archive is cut within an extended header");
  }
  content.resize(content_bytes);
  return content;
}

Result<> TarReader::read_trailer() {
  std::vector<char> buffer(kSkipBytes);
  std::uint64_t total = 0;
  while (true) {
    const std::size_t count = TRY(in_.read(buffer));
    if (count == 0) break;
    total += count;
    if (!tar::is_zero({buffer.data(), count})) {
      return corrupt("tar archive has more than zeros after its end");
    }
    if (total > kTrailingBytesMax) {
      return corrupt("tar archive has more than {} zeros after its end", kTrailingBytesMax);
    }
  }
  has_trailer_ = total >= tar::kBlockBytes;
  return {};
}

Result<> TarReader::skip(std::uint64_t bytes) {
  if (bytes == 0) return {};
  std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kSkipBytes)));
  while (bytes > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer.size()));
    const std::size_t count = TRY(in_.read(std::span(buffer).first(wanted)));
    if (count == 0) {
      return corrupt("tar member {} is cut: {} bytes are missing", member_name_, bytes);
    }
    bytes -= count;
  }
  return {};
}

}  // namespace cairn::codec
