// SPDX-License-Identifier: Apache-2.0
#include "codec/crc32c.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "base/result.h"
#include "codec/digest.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace cairn::codec {

namespace {

static_assert(std::endian::native == std::endian::little, "the loads below are little-endian");

// The Castagnoli polynomial, bits reversed.
constexpr std::uint32_t kPolynomial = 0x82f63b78;

using Table = std::array<std::uint32_t, 256>;

constexpr std::uint32_t shift_byte_out(std::uint32_t state) {
  for (int bit = 0; bit < 8; ++bit) {
    state = (state & 1) != 0 ? (state >> 1) ^ kPolynomial : state >> 1;
  }
  return state;
}

// kSlices[n][b]: what byte b does to the checksum when n more bytes follow it.
constexpr std::array<Table, 8> make_slices() {
  std::array<Table, 8> slices{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) slices[0][byte] = shift_byte_out(byte);
  for (std::size_t n = 1; n < 8; ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = slices[n - 1][byte];
      slices[n][byte] = (before >> 8) ^ slices[0][before & 0xff];
    }
  }
  return slices;
}

constexpr std::array<Table, 8> kSlices = make_slices();

std::uint64_t load_u64(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

}  // namespace

std::uint32_t crc32c_software(std::uint32_t state, std::string_view bytes) {
  while (bytes.size() >= 8) {
    const std::uint64_t word = load_u64(bytes.data()) ^ state;
    state = 0;
    for (std::size_t byte = 0; byte < 8; ++byte) {
      state ^= kSlices[7 - byte][(word >> (8 * byte)) & 0xff];
    }
    bytes.remove_prefix(8);
  }
  for (const char byte : bytes) {
    state = (state >> 8) ^ kSlices[0][(state ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return state;
}

#if defined(__x86_64__)

namespace {

// The instruction takes three cycles but one can start each cycle, so three lanes run side by side
// and are joined by moving the first two past the zeros that stand for what follows them.
constexpr std::size_t kLaneBytes = 2048;

// A linear map of the checksum: where each of its bits goes.
using Matrix = std::array<std::uint32_t, 32>;

constexpr std::uint32_t multiply(const Matrix& matrix, std::uint32_t state) {
  std::uint32_t sum = 0;
  for (std::size_t bit = 0; bit < 32; ++bit) {
    if (((state >> bit) & 1) != 0) sum ^= matrix[bit];
  }
  return sum;
}

// kLaneShift[n][b]: where byte n of a checksum goes, if it is b, when kLaneBytes zeros follow.
constexpr std::array<Table, 4> make_lane_shift() {
  Matrix zeros{};
  for (std::size_t bit = 0; bit < 32; ++bit) {
    const std::uint32_t one = std::uint32_t{1} << bit;
    zeros[bit] = (one >> 8) ^ kSlices[0][one & 0xff];
  }
  for (std::size_t count = 1; count < kLaneBytes; count *= 2) {
    Matrix twice{};
    for (std::size_t bit = 0; bit < 32; ++bit) twice[bit] = multiply(zeros, zeros[bit]);
    zeros = twice;
  }
  std::array<Table, 4> shift{};
  for (std::uint32_t n = 0; n < 4; ++n) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      shift[n][byte] = multiply(zeros, byte << (8 * n));
    }
  }
  return shift;
}

static_assert(std::has_single_bit(kLaneBytes), "the shift is made by doubling");
constexpr std::array<Table, 4> kLaneShift = make_lane_shift();

std::uint32_t shift_lane(std::uint64_t state) {
  return kLaneShift[0][state & 0xff] ^ kLaneShift[1][(state >> 8) & 0xff] ^
         kLaneShift[2][(state >> 16) & 0xff] ^ kLaneShift[3][(state >> 24) & 0xff];
}

}  // namespace

bool has_crc32c_hardware() {
  return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_hardware(std::uint32_t state,
                                                                std::string_view bytes) {
  while (bytes.size() >= 3 * kLaneBytes) {
    std::uint64_t first = state;
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (const char* at = bytes.data(); at != bytes.data() + kLaneBytes; at += 8) {
      first = _mm_crc32_u64(first, load_u64(at));
      second = _mm_crc32_u64(second, load_u64(at + kLaneBytes));
      third = _mm_crc32_u64(third, load_u64(at + 2 * kLaneBytes));
    }
    state = shift_lane(shift_lane(first) ^ second) ^ static_cast<std::uint32_t>(third);
    bytes.remove_prefix(3 * kLaneBytes);
  }
  std::uint64_t wide = state;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    wide = _mm_crc32_u64(wide, load_u64(bytes.data()));
  }
  state = static_cast<std::uint32_t>(wide);
  for (const char byte : bytes) state = _mm_crc32_u8(state, static_cast<unsigned char>(byte));
  return state;
}

#else

bool has_crc32c_hardware() {
  return false;
}

std::uint32_t crc32c_hardware(std::uint32_t state, std::string_view bytes) {
  return crc32c_software(state, bytes);
}

#endif

void Crc32c::update(std::string_view bytes) {
  state_ = has_crc32c_hardware() ? crc32c_hardware(state_, bytes) : crc32c_software(state_, bytes);
}

}  // namespace cairn::codec
