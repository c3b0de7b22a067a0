// SPDX-License-Identifier: Apache-2.0
// The 512-byte header block of a tar member and the PAX records that extend it: their layout and
// numbers, without any reading or writing. Pure functions, for TarWriter and TarReader.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "codec/tar.h"

namespace cairn::codec::tar {

inline constexpr std::size_t kBlockBytes = 512;
// Go's archive/tar reads no longer extended header.
inline constexpr std::size_t kSpecialBytesMax = 1024 * 1024;

using Block = std::array<char, kBlockBytes>;

// Where a field lies in a header block. POSIX.1-1988 (ustar).
struct Field {
  std::size_t offset;
  std::size_t bytes;
  std::string_view name;
};
inline constexpr Field kName{0, 100, "name"};
inline constexpr Field kMode{100, 8, "mode"};
inline constexpr Field kUserId{108, 8, "uid"};
inline constexpr Field kGroupId{116, 8, "gid"};
inline constexpr Field kSize{124, 12, "size"};
inline constexpr Field kModified{136, 12, "mtime"};
inline constexpr Field kChecksum{148, 8, "checksum"};
inline constexpr std::size_t kTypeOffset = 156;
inline constexpr Field kLinkTarget{157, 100, "linkname"};
inline constexpr Field kMagic{257, 8, "magic"};  // with the version
inline constexpr Field kUserName{265, 32, "uname"};
inline constexpr Field kGroupName{297, 32, "gname"};
inline constexpr Field kDeviceMajor{329, 8, "devmajor"};
inline constexpr Field kDeviceMinor{337, 8, "devminor"};
inline constexpr Field kPrefix{345, 155, "prefix"};
// Schily's star keeps times behind a shorter prefix and marks that at the block's end.
inline constexpr Field kStarPrefix{345, 131, "prefix"};
inline constexpr Field kStarTrailer{508, 4, "trailer"};

// PAX records: key to value. Ordered, because they are written in order of their keys.
using Records = std::map<std::string, std::string>;

std::uint64_t padding_bytes(std::uint64_t size_bytes);

// The header block or blocks of a member: its own, after a PAX header with its content if the
// member needs one. InvalidArgument for what tar can't say.
Result<Bytes> format_header(const TarEntry& entry);

std::string_view field_of(const Block& block, const Field& field);
bool is_zero(std::string_view bytes);

// Corrupt unless the block's checksum is right (as a sum of signed or of unsigned bytes).
Result<> check_checksum(const Block& block);

// An octal or base-256 number; an empty field is 0. Corrupt if it is neither or does not fit.
Result<std::int64_t> parse_number(const Block& block, const Field& field);
// Text up to the first NUL.
std::string_view parse_text(const Block& block, const Field& field);

// "<length> <key>=<value>\n", repeated. Corrupt if malformed.
Result<Records> parse_records(std::string_view bytes);

// The entry that a header block and the records that apply to it describe. Corrupt if a number does
// not fit, a name holds a NUL or is missing, or the member is sparse.
Result<TarEntry> parse_entry(const Block& block, const Records& records);

// A name from an archive made fit for a message: printable and short.
std::string printable(std::string_view text);

}  // namespace cairn::codec::tar
