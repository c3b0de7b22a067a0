// SPDX-License-Identifier: Apache-2.0
// The reading half of backup_manifest.h. The JSON library's event parser is used, so that a
// manifest of any length needs the memory of one line.
#include <array>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "codec/digest.h"
#include "postgres/backup_manifest.h"

namespace cairn::postgres {
namespace {

// The bytes of a manifest, one by one, with a digest over all complete lines but the last: that is
// what the manifest's own checksum covers.
class ManifestBytes {
 public:
  ManifestBytes(Source& in, const ManifestLimits& limits) : in_(in), limits_(limits) { refill(); }

  bool at_end() const { return position_ == filled_; }
  char current() const { return buffer_[position_]; }
  void advance() {
    note(buffer_[position_]);
    ++position_;
    if (error_) position_ = filled_;
    if (position_ == filled_) refill();
  }
  const std::optional<Error>& error() const { return error_; }

  // The digest; Corrupt if the text does not end with a complete line. Call once, at the end.
  Result<std::string> finish() {
    if (!line_.empty() || last_line_.empty()) {
      return corrupt("the backup manifest does not end with a complete line");
    }
    return digest_.finish_hex();
  }

 private:
  void refill() {
    position_ = filled_ = 0;
    if (error_) return;
    auto got = in_.read(buffer_);
    if (!got.ok()) {
      error_ = std::move(got).error();
      return;
    }
    filled_ = got.value();
    total_ += filled_;
    if (total_ > limits_.bytes_max) {
      fail(corrupt("the backup manifest has more than {} bytes", limits_.bytes_max));
    }
  }

  void note(char byte) {
    line_ += byte;
    if (byte == '\n') {
      digest_.update(last_line_);
      last_line_.swap(line_);
      line_.clear();
    } else if (line_.size() >= limits_.line_bytes_max) {
      fail(corrupt("the backup manifest has a line of more than {} bytes", limits_.line_bytes_max));
    }
  }

  void fail(Error error) {
    error_ = std::move(error);
    position_ = filled_;
  }

  Source& in_;
  const ManifestLimits& limits_;
  std::array<char, 64U << 10> buffer_ = {};
  std::size_t position_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t total_ = 0;
  std::string line_;
  std::string last_line_;
  codec::Sha256 digest_;
  std::optional<Error> error_;
};

// An input iterator over ManifestBytes; the default one is the end.
class ManifestIterator {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names that std::iterator_traits wants.
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;
  using iterator_category = std::input_iterator_tag;
  // NOLINTEND(readability-identifier-naming)

  ManifestIterator() = default;
  explicit ManifestIterator(ManifestBytes* bytes) : bytes_(bytes) {}

  char operator*() const { return bytes_->current(); }
  ManifestIterator& operator++() {
    bytes_->advance();
    return *this;
  }
  // Meaningful only against the end, which is all the parser compares with.
  bool operator==(const ManifestIterator&) const { return bytes_->at_end(); }

 private:
  ManifestBytes* bytes_ = nullptr;
};

std::optional<std::chrono::sys_seconds> parse_modified(std::string_view text) {
  constexpr std::string_view kZone = " GMT";
  if (!text.ends_with(kZone)) return {};
  text.remove_suffix(kZone.size());
  const auto time = parse_rfc3339(std::string(text) + "Z");
  if (!time.ok()) return {};
  return std::chrono::floor<std::chrono::seconds>(time.value());
}

// The inverse of how PostgreSQL prints it: lowest byte first.
std::optional<std::uint32_t> parse_crc32c(std::string_view text) {
  const auto bytes = codec::from_hex(text);
  if (!bytes.ok() || bytes.value().size() != sizeof(std::uint32_t)) return {};
  std::uint32_t value = 0;
  for (std::size_t i = sizeof(value); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes.value()[i]);
  }
  return value;
}

// Follows the events of the parser. A function that returns false ends the parsing; error() then
// says why, unless it was the text that ended.
class ManifestEvents {
 public:
  using Take = std::function<Result<>(const ManifestFile&)>;
  using Integer = nlohmann::json::number_integer_t;
  using Unsigned = nlohmann::json::number_unsigned_t;
  using Float = nlohmann::json::number_float_t;
  using Text = nlohmann::json::string_t;
  using Binary = nlohmann::json::binary_t;

  ManifestEvents(const Take& take, const ManifestLimits& limits) : take_(take), limits_(limits) {}

  const std::optional<Error>& error() const { return error_; }
  const Manifest& manifest() const { return manifest_; }
  const std::string& checksum() const { return checksum_; }

  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("a boolean"); }
  bool number_integer(Integer) { return unexpected("a negative number"); }
  bool number_float(Float, const Text&) { return unexpected("a fraction"); }
  bool binary(Binary&) { return unexpected("binary data"); }

  bool number_unsigned(Unsigned value) {
    if (place_ == Place::Top && key_ == "PostgreSQL-Backup-Manifest-Version") {
      if (value != 1 && value != 2) return fail("has version {}; 1 and 2 are known", value);
      manifest_.version = static_cast<int>(value);
    } else if (place_ == Place::Top && key_ == "System-Identifier") {
      manifest_.system_identifier = value;
    } else if (place_ == Place::File && key_ == "Size") {
      file_.size_bytes = value;
      has_size_ = true;
    } else if (place_ == Place::Range && key_ == "Timeline" && value <= UINT32_MAX) {
      range_.timeline.value = static_cast<std::uint32_t>(value);
    } else {
      return unexpected("a number");
    }
    return true;
  }

  bool string(Text& text) {
    if (place_ == Place::File) return file_text(text);
    if (place_ == Place::Range) return range_text(text);
    if (place_ == Place::Top && key_ == "Manifest-Checksum") {
      checksum_ = text;
      return true;
    }
    return unexpected("a text");
  }

  bool start_object(std::size_t) {
    if (place_ == Place::Outside) {
      place_ = Place::Top;
    } else if (place_ == Place::Files) {
      place_ = Place::File;
      file_ = {};
      has_path_ = has_size_ = false;
    } else if (place_ == Place::Ranges) {
      place_ = Place::Range;
      range_ = {};
    } else {
      return unexpected("an object");
    }
    key_.clear();
    return true;
  }

  bool end_object() {
    switch (place_) {
      case Place::File:
        place_ = Place::Files;
        return end_file();
      case Place::Range:
        place_ = Place::Ranges;
        return end_range();
      default:
        place_ = Place::Outside;
        return true;
    }
  }

  bool start_array(std::size_t) {
    if (place_ == Place::Top && key_ == "Files") {
      place_ = Place::Files;
    } else if (place_ == Place::Top && key_ == "WAL-Ranges") {
      place_ = Place::Ranges;
    } else {
      return unexpected("a list");
    }
    key_.clear();
    return true;
  }

  bool end_array() {
    place_ = Place::Top;
    return true;
  }

  bool key(Text& text) {
    key_ = text;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    return fail("is not JSON at byte {}", position);
  }

 private:
  enum class Place { Outside, Top, Files, File, Ranges, Range };

  bool file_text(const Text& text) {
    if (key_ == "Path" || key_ == "Encoded-Path") {
      if (has_path_) return fail("has a file with two paths: {}", text);
      has_path_ = true;
      if (key_ == "Path") {
        file_.path = text;
        return true;
      }
      const auto decoded = codec::from_hex(text);
      if (!decoded.ok()) return fail("has an Encoded-Path that is not hexadecimal: {}", text);
      file_.path = decoded.value();
    } else if (key_ == "Last-Modified") {
      const auto time = parse_modified(text);
      if (!time) return fail("has a file last modified at \"{}\"", text);
      file_.modified = *time;
    } else if (key_ == "Checksum-Algorithm") {
      file_.checksum_algorithm = text;
    } else if (key_ == "Checksum") {
      file_.checksum = text;
    } else {
      return unexpected("a text");
    }
    return true;
  }

  bool range_text(const Text& text) {
    const auto lsn = parse_lsn(text);
    if (!lsn.ok()) return fail("has a WAL range with the position \"{}\"", text);
    if (key_ == "Start-LSN") {
      range_.start = lsn.value();
    } else if (key_ == "End-LSN") {
      range_.end = lsn.value();
    } else {
      return unexpected("a text");
    }
    return true;
  }

  bool end_file() {
    if (file_.path.empty()) return fail("has a file without a path");
    if (!has_size_) return fail("has no size for {}", file_.path);
    if (file_.checksum_algorithm.empty() != file_.checksum.empty()) {
      return fail("has half a checksum for {}", file_.path);
    }
    if (file_.checksum_algorithm == "CRC32C") {
      file_.crc32c = parse_crc32c(file_.checksum);
      if (!file_.crc32c) return fail("has a CRC32C of \"{}\" for {}", file_.checksum, file_.path);
    }
    if (++manifest_.file_count > limits_.files_max) {
      return fail("lists more than {} files", limits_.files_max);
    }
    auto taken = take_(file_);
    if (taken.ok()) return true;
    error_ = std::move(taken).error();
    return false;
  }

  bool end_range() {
    if (!range_.timeline.is_valid() || range_.end < range_.start) {
      return fail("has a WAL range of timeline {} from {} to {}", range_.timeline.value,
                  range_.start.text(), range_.end.text());
    }
    if (manifest_.wal_ranges.size() >= kWalRangesMax) {
      return fail("has more than {} WAL ranges", kWalRangesMax);
    }
    manifest_.wal_ranges.push_back(range_);
    return true;
  }

  bool unexpected(std::string_view what) {
    return fail("has {} where none belongs, at \"{}\"", what, key_);
  }

  template <class... Args>
  bool fail(fmt::format_string<Args...> format, Args&&... args) {
    error_ = corrupt("the backup manifest {}", fmt::format(format, std::forward<Args>(args)...));
    return false;
  }

  static constexpr std::size_t kWalRangesMax = 10'000;

  const Take& take_;
  const ManifestLimits& limits_;
  Place place_ = Place::Outside;
  std::string key_;
  ManifestFile file_;
  bool has_path_ = false;
  bool has_size_ = false;
  ManifestWalRange range_;
  Manifest manifest_;
  std::string checksum_;
  std::optional<Error> error_;
};

}  // namespace

Result<Manifest> read_manifest(Source& in, const std::function<Result<>(const ManifestFile&)>& take,
                               const ManifestLimits& limits) {
  ManifestBytes bytes(in, limits);
  ManifestEvents events(take, limits);
  const bool is_parsed =
      nlohmann::json::sax_parse(ManifestIterator(&bytes), ManifestIterator(), &events);
  // A failed read looks to the parser like the end of the text, so it goes first.
  if (bytes.error()) return *bytes.error();
  if (!is_parsed) {
    ASSERT(events.error().has_value());
    return *events.error();
  }
  if (events.manifest().version == 0) return corrupt("the backup manifest names no version");
  const std::string digest = TRY(bytes.finish());
  if (digest != events.checksum()) {
    return corrupt("the backup manifest has SHA-256 {}, but says {}", digest,
                   events.checksum().empty() ? "nothing" : events.checksum());
  }
  return events.manifest();
}

}  // namespace cairn::postgres
