// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_opening.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "object_store/s3/s3_reply.h"
#include "object_store/store_rules.h"

namespace cairn::object_store {

namespace {

struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};

// "bytes 0-4/10"
std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) {
    return std::nullopt;
  }
  const auto first = parse_decimal(text.substr(0, dash));
  const auto last = parse_decimal(text.substr(dash + 1, slash - dash - 1));
  const auto total = parse_decimal(text.substr(slash + 1));
  if (!first || !last || !total || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

}  // namespace

std::string range_header(const ByteRange& range) {
  if (!range.length) return range.offset == 0 ? "" : fmt::format("bytes={}-", range.offset);
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - range.offset;
  return fmt::format("bytes={}-{}", range.offset, range.offset + std::min(*range.length - 1, room));
}

Result<Opening> parse_opening(const http::HttpResponse& response, const std::string& key,
                              const ByteRange& asked) {
  Opening opened;
  opened.info = TRY(parse_object_headers(response, key));
  const std::uint64_t sent = opened.info.size_bytes;
  if (response.status != 206) {
    const ResolvedRange range = TRY(resolve_range(asked, sent));
    opened.plan = {.skip_bytes = range.offset,
                   .length = range.length,
                   .has_rest = range.offset + range.length < sent};
    return opened;
  }
  const auto range = parse_content_range(response.header("content-range"));
  constexpr auto kToTheEnd = std::numeric_limits<std::uint64_t>::max();
  if (!range || range->first != asked.offset || range->last - range->first + 1 != sent ||
      sent != std::min(asked.length.value_or(kToTheEnd), range->total - range->first)) {
    return corrupt("asked for bytes from {}, the reply has Content-Range \"{}\" and {} bytes",
                   asked.offset, response.header("content-range").substr(0, 100), sent);
  }
  opened.info.size_bytes = range->total;
  opened.plan = {.length = sent};
  return opened;
}

}  // namespace cairn::object_store
