// SPDX-License-Identifier: Apache-2.0
#include "repository/files_metadata.h"

#include <algorithm>
#include <charconv>

#include "repository/json_go.h"

namespace cairn::repository {
namespace {

constexpr std::size_t kFlushBytes = 64 << 10;

}  // namespace

std::string format_file_time(FileTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = format_rfc3339(WallTime(whole));
  const auto fraction = (time - whole).count();
  if (fraction == 0) return text;
  text.pop_back();
  text += fmt::format(".{:09}", fraction);
  while (text.back() == '0') text.pop_back();
  return text + "Z";
}

Result<FileTime> parse_file_time(std::string_view text) {
  // 64 bits of nanoseconds reach from 1677 to 2262. What lies outside, such as Go's zero time, is
  // not the time of a file; the nearest will do.
  // A second from both ends, so that rounding does not overflow either.
  using std::chrono::seconds;
  const WallTime time =
      std::clamp(TRY(parse_rfc3339(text)), WallTime(std::chrono::ceil<seconds>(FileTime::min())),
                 WallTime(std::chrono::floor<seconds>(FileTime::max()) - seconds(1)));
  const FileTime file_time(time);
  const std::size_t dot = text.find('.');
  if (dot == text.npos) return file_time;
  // parse_rfc3339() cuts to microseconds: digits 7 to 9 are the rest.
  int nanoseconds = 0;
  for (std::size_t i = dot + 7; i < dot + 10; ++i) {
    const bool is_digit = i < text.size() && text[i] >= '0' && text[i] <= '9';
    if (!is_digit && i == dot + 7) return file_time;
    nanoseconds = nanoseconds * 10 + (is_digit ? text[i] - '0' : 0);
    // A missing digit is followed by missing ones only.
    if (!is_digit) text = text.substr(0, i);
  }
  return file_time + std::chrono::nanoseconds(nanoseconds);
}

Result<> FilesMetadataWriter::add_file(const FileEntry& file) {
  ASSERT(section_ == Section::None || section_ == Section::Files);
  text_ += section_ == Section::None ? "{\"Files\":{" : ",";
  section_ = Section::Files;
  append_json_string(text_, file.path);
  text_ += ':';
  JsonWriter json;
  json.begin_object();
  json.key("IsIncremented").boolean(file.is_incremented);
  json.key("IsSkipped").boolean(file.is_skipped);
  json.key("MTime").string(format_file_time(file.modified));
  if (file.corrupt_block_count > 0) {
    json.key("CorruptBlocks").begin_object();
    json.key("CorruptBlocksCount").number(file.corrupt_block_count);
    json.key("SomeCorruptBlocks").begin_array();
    const std::size_t count = std::min(file.corrupt_blocks.size(), kCorruptBlocksMax);
    for (std::size_t i = 0; i < count; ++i) json.number(file.corrupt_blocks[i]);
    json.end_array().end_object();
  }
  json.key("UpdatesCount").number(file.update_count);
  json.end_object();
  text_ += json.take();
  return flush_when_large();
}

Result<> FilesMetadataWriter::start_tar_set(std::string_view tar_name) {
  switch (section_) {
    case Section::None:
      text_ += "{\"TarFileSets\":{";
      break;
    case Section::Files:
      text_ += "},\"TarFileSets\":{";
      break;
    case Section::TarSets:
      text_ += "],";
      break;
  }
  section_ = Section::TarSets;
  is_first_member_ = true;
  append_json_string(text_, tar_name);
  text_ += ":[";
  return flush_when_large();
}

Result<> FilesMetadataWriter::add_tar_member(std::string_view path) {
  ASSERT(section_ == Section::TarSets);
  if (!is_first_member_) text_ += ',';
  is_first_member_ = false;
  append_json_string(text_, path);
  return flush_when_large();
}

Result<> FilesMetadataWriter::finish() {
  switch (section_) {
    case Section::None:
      text_ += "{}";
      break;
    case Section::Files:
      text_ += "}}";
      break;
    case Section::TarSets:
      text_ += "]}}";
      break;
  }
  TRY(out_.write(text_));
  text_.clear();
  return {};
}

Result<> FilesMetadataWriter::flush_when_large() {
  if (text_.size() < kFlushBytes) return {};
  TRY(out_.write(text_));
  text_.clear();
  return {};
}

}  // namespace cairn::repository
