// SPDX-License-Identifier: Apache-2.0
// The reading half of files_metadata.h: the library's event parser over a Source.
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "repository/files_metadata.h"

namespace cairn::repository {
namespace {

constexpr std::size_t kDepthMax = 64;
// What one event may need beside a path: numbers, punctuation, indentation.
constexpr std::size_t kEventBytesExtra = 64 << 10;

// Characters of a Source, one at a time. The end is the end of the input, an error, or a limit.
class Characters {
 public:
  Characters(Source& in, const FilesMetadataLimits& limits) : in_(in), limits_(limits) {}

  // An escaped character takes six bytes in JSON.
  void note_event() {
    event_bytes_max_ = consumed_ + limits_.path_bytes_max * 6 + kEventBytesExtra;
  }

  bool at_end() {
    if (position_ < size_) return false;
    if (is_at_end_) return true;
    fill();
    return is_at_end_;
  }
  char front() const { return buffer_[position_]; }
  void advance() {
    ++position_;
    ++consumed_;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  void fill() {
    position_ = size_ = 0;
    if (consumed_ > limits_.bytes_max) {
      return end_with(corrupt("files metadata larger than {} bytes", limits_.bytes_max));
    }
    if (consumed_ > event_bytes_max_) {
      return end_with(corrupt("files metadata: an entry longer than {} bytes ends at byte {}",
                              limits_.path_bytes_max, consumed_));
    }
    Result<std::size_t> count = in_.read(buffer_);
    if (!count.ok()) return end_with(std::move(count).error());
    size_ = count.value();
    is_at_end_ = size_ == 0;
  }
  void end_with(Error error) {
    error_ = std::move(error);
    is_at_end_ = true;
  }

  Source& in_;
  const FilesMetadataLimits& limits_;
  std::array<char, kEventBytesExtra> buffer_;
  std::size_t position_ = 0;
  std::size_t size_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t event_bytes_max_ = 1 << 20;
  bool is_at_end_ = false;
  std::optional<Error> error_;
};

// What the parser wants to read from. All copies share the characters.
class CharacterIterator {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the standard library looks for these names.
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;
  // NOLINTEND(readability-identifier-naming)

  CharacterIterator() = default;
  explicit CharacterIterator(Characters& characters) : characters_(&characters) {}
  char operator*() const { return characters_->front(); }
  CharacterIterator& operator++() {
    characters_->advance();
    return *this;
  }
  CharacterIterator operator++(int) {
    characters_->advance();
    return *this;
  }
  // Only ever compared with the end.
  bool operator==(const CharacterIterator& other) const {
    Characters* some = characters_ != nullptr ? characters_ : other.characters_;
    return some == nullptr || some->at_end();
  }

 private:
  Characters* characters_ = nullptr;
};

enum class Node { Root, Files, File, CorruptBlocks, BlockNumbers, TarSets, TarSet, Skipped };

bool is_key(std::string_view key, std::string_view lower_name) {
  if (key.size() != lower_name.size()) return false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char c = key[i] >= 'A' && key[i] <= 'Z' ? static_cast<char>(key[i] + 32) : key[i];
    if (c != lower_name[i]) return false;
  }
  return true;
}

// Follows the events of the parser through the few levels that matter.
class Events {
 public:
  using Json = nlohmann::json;

  Events(Characters& characters, const FilesMetadataReader& reader)
      : characters_(characters), reader_(reader) {}

  bool null() { return noted(); }
  bool boolean(bool value) {
    if (is_in(Node::File) && is_key(key_, "isincremented")) file_.is_incremented = value;
    if (is_in(Node::File) && is_key(key_, "isskipped")) file_.is_skipped = value;
    return noted();
  }
  bool number_integer(Json::number_integer_t) { return noted(); }
  bool number_unsigned(Json::number_unsigned_t value) {
    if (is_in(Node::File) && is_key(key_, "updatescount")) file_.update_count = value;
    if (is_in(Node::CorruptBlocks) && is_key(key_, "corruptblockscount")) {
      file_.corrupt_block_count = value;
    }
    if (is_in(Node::BlockNumbers) && file_.corrupt_blocks.size() < kCorruptBlocksMax) {
      if (value > UINT32_MAX) return fail(corrupt("block number {} of {}", value, file_.path));
      file_.corrupt_blocks.push_back(static_cast<std::uint32_t>(value));
    }
    return noted();
  }
  bool number_float(Json::number_float_t, const Json::string_t&) { return noted(); }
  bool string(Json::string_t& text);
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(true); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(false); }
  bool end_array() { return close(); }
  bool key(Json::string_t& text) {
    key_ = std::move(text);
    return noted();
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return fail(corrupt("files metadata: not JSON at byte {}", position));
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  bool is_in(Node node) const { return !open_.empty() && open_.back() == node; }
  bool noted() {
    characters_.note_event();
    if (open_.empty()) return fail(corrupt("files metadata: not a JSON object"));
    return true;
  }
  bool fail(Error error) {
    if (!error_) error_ = std::move(error);
    return false;
  }
  bool open(bool is_object);
  bool close();
  Node child(bool is_object) const;

  Characters& characters_;
  const FilesMetadataReader& reader_;
  std::vector<Node> open_;
  std::string key_;
  std::string tar_name_;
  FileEntry file_;
  std::optional<Error> error_;
};

bool Events::string(Json::string_t& text) {
  if (!noted()) return false;
  if (is_in(Node::File) && is_key(key_, "mtime")) {
    const Result<FileTime> time = parse_file_time(text);
    if (!time.ok()) return fail(corrupt("MTime of {}: {}", file_.path, time.error().message()));
    file_.modified = time.value();
  }
  if (is_in(Node::TarSet) && reader_.take_tar_member) {
    Result<> taken = reader_.take_tar_member(tar_name_, text);
    if (!taken.ok()) return fail(std::move(taken).error());
  }
  return true;
}

Node Events::child(bool is_object) const {
  switch (open_.back()) {
    case Node::Root:
      if (is_object && is_key(key_, "files")) return Node::Files;
      return is_object && is_key(key_, "tarfilesets") ? Node::TarSets : Node::Skipped;
    case Node::Files:
      return is_object ? Node::File : Node::Skipped;
    case Node::File:
      return is_object && is_key(key_, "corruptblocks") ? Node::CorruptBlocks : Node::Skipped;
    case Node::CorruptBlocks:
      return !is_object && is_key(key_, "somecorruptblocks") ? Node::BlockNumbers : Node::Skipped;
    case Node::TarSets:
      return is_object ? Node::Skipped : Node::TarSet;
    default:
      return Node::Skipped;
  }
}

bool Events::open(bool is_object) {
  characters_.note_event();
  if (open_.size() >= kDepthMax) {
    return fail(corrupt("files metadata: nested deeper than {}", kDepthMax));
  }
  if (open_.empty()) {
    if (!is_object) return fail(corrupt("files metadata: not a JSON object"));
    open_.push_back(Node::Root);
    return true;
  }
  const Node node = child(is_object);
  if (node == Node::File) file_ = FileEntry{.path = std::move(key_)};
  if (node == Node::TarSet) tar_name_ = std::move(key_);
  open_.push_back(node);
  return true;
}

bool Events::close() {
  characters_.note_event();
  const Node node = open_.back();
  open_.pop_back();
  if (node != Node::File || !reader_.take_file) return true;
  Result<> taken = reader_.take_file(file_);
  return taken.ok() || fail(std::move(taken).error());
}

}  // namespace

Result<> read_files_metadata(Source& in, const FilesMetadataReader& reader,
                             const FilesMetadataLimits& limits) {
  Characters characters(in, limits);
  Events events(characters, reader);
  nlohmann::json::sax_parse(CharacterIterator(characters), CharacterIterator(), &events);
  // An input that ended because of an error also looks like broken JSON: the cause comes first.
  if (characters.error()) return *characters.error();
  if (events.error()) return *events.error();
  return {};
}

}  // namespace cairn::repository
