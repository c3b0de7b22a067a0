// SPDX-License-Identifier: Apache-2.0
// The writing half. The text is laid out exactly as the server lays it out, one file a line.
#include "postgres/backup_manifest.h"

#include <bit>

#include "codec/digest.h"
#include "postgres/server_version.h"
#include "postgres/utf8.h"

namespace cairn::postgres {
namespace {

// From 17 on the manifest names the cluster.
constexpr int kMajorVersionOfFormat2 = 17;
constexpr std::size_t kFlushBytes = 64U << 10;

std::string quote_json(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\b') {
      result += "\\b";
    } else if (c == '\f') {
      result += "\\f";
    } else if (byte < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string format_modified(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} GMT", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string format_path(std::string_view path) {
  if (is_utf8(path)) return "\"Path\": " + quote_json(path);
  return fmt::format("\"Encoded-Path\": \"{}\"", codec::to_hex(path));
}

// PostgreSQL prints the checksum as it lies in memory: the lowest byte first.
std::string format_crc32c(std::uint32_t crc32c) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(crc32c >> shift & 0xff);
  return codec::to_hex(bytes);
}

std::string format_file(const ManifestFile& file) {
  std::string text =
      fmt::format("{{ {}, \"Size\": {}, \"Last-Modified\": \"{}\"", format_path(file.path),
                  file.size_bytes, format_modified(file.modified));
  if (file.crc32c) {
    text += fmt::format(", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"{}\"",
                        format_crc32c(*file.crc32c));
  }
  return text + " }";
}

}  // namespace

struct ManifestWriter::State {
  explicit State(Sink& sink) : out(sink) {}

  // Everything before the last line counts for the manifest's own checksum.
  Result<> flush() {
    digest.update(pending);
    TRY(out.write(pending));
    pending.clear();
    return {};
  }

  Sink& out;
  codec::Sha256 digest;
  std::string pending;
  bool has_files = false;
};

ManifestWriter::ManifestWriter(Sink& out, int major_version, std::uint64_t system_identifier)
    : state_(std::make_unique<State>(out)) {
  const bool names_cluster = major_version >= kMajorVersionOfFormat2;
  state_->pending =
      fmt::format("{{ \"PostgreSQL-Backup-Manifest-Version\": {},\n", names_cluster ? 2 : 1);
  if (names_cluster) {
    state_->pending += fmt::format("\"System-Identifier\": {},\n", system_identifier);
  }
  state_->pending += "\"Files\": [";
}

ManifestWriter::~ManifestWriter() = default;

Result<> ManifestWriter::add(const ManifestFile& file) {
  state_->pending += state_->has_files ? ",\n" : "\n";
  state_->pending += format_file(file);
  state_->has_files = true;
  if (state_->pending.size() >= kFlushBytes) return state_->flush();
  return {};
}

Result<> ManifestWriter::finish(const std::vector<ManifestWalRange>& ranges) {
  state_->pending += "\n],\n\"WAL-Ranges\": [\n";
  bool is_first = true;
  for (const ManifestWalRange& range : ranges) {
    state_->pending += fmt::format(
        "{}{{ \"Timeline\": {}, \"Start-LSN\": \"{}\", \"End-LSN\": \"{}\" }}",
        is_first ? "" : ",\n", range.timeline.value, range.start.text(), range.end.text());
    is_first = false;
  }
  state_->pending += "\n],\n";
  TRY(state_->flush());
  return state_->out.write(
      fmt::format("\"Manifest-Checksum\": \"{}\"}}\n", state_->digest.finish_hex()));
}

}  // namespace cairn::postgres
