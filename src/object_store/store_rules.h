// SPDX-License-Identifier: Apache-2.0
// What the stores that do their own listing and uploading decide alike. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "object_store/object_store.h"

namespace cairn::object_store {

// Cancelled if `stop` was requested, for the start of a call and between its steps.
Result<> check_stop(const std::stop_token& stop);

struct ResolvedRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
// The bytes that `range` means in an object of this size.
Result<ResolvedRange> resolve_range(const ByteRange& range, std::uint64_t size_bytes);

// Conflict unless `if_match` is empty or this etag.
Result<> check_match(const std::string& if_match, const ObjectInfo& found);

// InvalidArgument for names and values that not every store can hold, or for more than 2 KiB (what
// S3 allows).
Result<> check_metadata(const Metadata& metadata);
Result<> check_upload_options(const UploadOptions& options);

// Where a listing goes on: behind a key, or behind everything below a reported prefix.
struct ListPosition {
  std::string after;  // "" is the beginning
  bool is_prefix = false;

  bool has_passed(std::string_view key) const {
    return key <= after || (is_prefix && key.starts_with(after));
  }
  std::string to_token() const;
};
// The position that a request starts from, by its token or start_after. InvalidArgument for a token
// that is not ours, and for a page size below 1.
Result<ListPosition> list_position(const ListRequest& request);

// The parts of one upload: how many bytes each has.
class PartSizes {
 public:
  PartSizes(std::uint64_t part_bytes, int count_max)
      : part_bytes_(part_bytes), count_max_(count_max) {}

  Result<> check(int number, std::uint64_t size_bytes) const;
  // While a part is being replaced it has neither its old nor its new bytes.
  void forget(int number) { sizes_.erase(number); }
  void set(int number, std::uint64_t size_bytes) { sizes_[number] = size_bytes; }
  // The size of the object made of the first `part_count` parts, if they fit together.
  Result<std::uint64_t> total(int part_count) const;

 private:
  std::uint64_t part_bytes_;
  int count_max_;
  std::map<int, std::uint64_t> sizes_;
};

}  // namespace cairn::object_store
