// SPDX-License-Identifier: Apache-2.0
#include "object_store/store_rules.h"

#include <algorithm>

namespace cairn::object_store {

namespace {
constexpr std::size_t kMetadataBytesMax = 2048;
}

Result<> check_stop(const std::stop_token& stop) {
  if (stop.stop_requested()) return cancelled("stopped");
  return {};
}

Result<ResolvedRange> resolve_range(const ByteRange& range, std::uint64_t size_bytes) {
  if (range.length == 0U) return invalid_argument("a range needs at least one byte");
  const bool is_whole = range.offset == 0 && !range.length;
  if (range.offset >= size_bytes && !is_whole) {
    return invalid_argument("a range from byte {} begins beyond the object's {} bytes",
                            range.offset, size_bytes);
  }
  const std::uint64_t rest = size_bytes - range.offset;
  return ResolvedRange{range.offset, std::min(range.length.value_or(rest), rest)};
}

Result<> check_match(const std::string& if_match, const ObjectInfo& found) {
  if (if_match.empty() || if_match == found.etag) return {};
  return conflict("{} is now version {}, no longer {}", found.key, found.etag, if_match);
}

Result<> check_metadata(const Metadata& metadata) {
  std::size_t total = 0;
  for (const auto& [name, value] : metadata) {
    const bool is_name = !name.empty() && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!is_name) return invalid_argument("\"{}\" is not a name of metadata", name);
    const bool is_text = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
    if (!is_text) return invalid_argument("metadata {} is not plain text", name);
    total += name.size() + value.size();
  }
  if (total > kMetadataBytesMax) {
    return invalid_argument("metadata of {} bytes; {} are allowed", total, kMetadataBytesMax);
  }
  return {};
}

Result<> check_upload_options(const UploadOptions& options) {
  if (options.part_bytes == 0) return invalid_argument("an upload in parts of 0 bytes");
  return check_metadata(options.metadata);
}

std::string ListPosition::to_token() const {
  return (is_prefix ? "p" : "k") + after;
}

Result<ListPosition> list_position(const ListRequest& request) {
  if (request.page_max < 1) {
    return invalid_argument("a page of {} entries; it needs at least 1", request.page_max);
  }
  const std::string& token = request.page_token;
  if (token.empty()) return ListPosition{request.start_after, false};
  if (token.size() < 2 || (token[0] != 'k' && token[0] != 'p')) {
    return invalid_argument("\"{}\" is not a page token of this store", token);
  }
  return ListPosition{token.substr(1), token[0] == 'p'};
}

Result<> PartSizes::check(int number, std::uint64_t size_bytes) const {
  if (number < 1 || number > count_max_) {
    return invalid_argument("part {} is not between 1 and {}", number, count_max_);
  }
  if (size_bytes > part_bytes_) {
    return invalid_argument("part {} has {} bytes, more than the {} of a part", number, size_bytes,
                            part_bytes_);
  }
  return {};
}

Result<std::uint64_t> PartSizes::total(int part_count) const {
  if (part_count < 1) return invalid_argument("an upload needs at least one part");
  std::uint64_t total = 0;
  for (int number = 1; number <= part_count; ++number) {
    const auto part = sizes_.find(number);
    if (part == sizes_.end()) {
      return invalid_argument("part {} of {} was not uploaded", number, part_count);
    }
    if (number != part_count && part->second != part_bytes_) {
      return invalid_argument("part {} of {} has {} bytes instead of {}", number, part_count,
                              part->second, part_bytes_);
    }
    total += part->second;
  }
  return total;
}

}  // namespace cairn::object_store
