// SPDX-License-Identifier: Apache-2.0
#include "postgres/page.h"

#include <array>
#include <cstring>
#include <utility>

#include "base/result.h"
#include "postgres/little_endian.h"

namespace cairn::postgres {
namespace {

// struct PageHeaderData, src/include/storage/bufpage.h.
constexpr std::size_t kChecksumOffset = 8;
constexpr std::size_t kFlagsOffset = 10;
constexpr std::size_t kLowerOffset = 12;
constexpr std::size_t kUpperOffset = 14;
constexpr std::size_t kSpecialOffset = 16;
constexpr std::uint16_t kValidFlags = 0x0007;
constexpr std::size_t kAlignment = 8;

// The checksum is 32 FNV-1a hashes side by side, each over every 32nd word of the page, xored
// together at the end. Shifting the old value in repairs FNV's weakness in the high bits. The start
// values are part of the on-disk format: src/include/storage/checksum_impl.h.
constexpr std::size_t kLanes = 32;
constexpr std::size_t kRowBytes = kLanes * sizeof(std::uint32_t);
constexpr std::uint32_t kPrime = 16777619;
constexpr std::array<std::uint32_t, kLanes> kStartValues = {
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
    0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
    0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
    0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756};

// Eight lanes, a register of AVX2; the compiler splits it on lesser machines. Read in place,
// through a type that may lie anywhere: g++ copies through the stack what std::memcpy brings.
using Lanes = std::uint32_t __attribute__((vector_size(32)));
using LanesInPage = std::uint32_t __attribute__((vector_size(32), aligned(1), may_alias));
constexpr std::size_t kRegisters = kRowBytes / sizeof(Lanes);

// Inlined into callers that are compiled for different processors.
__attribute__((always_inline)) inline std::uint32_t hash_page(const char* page) {
  Lanes sums[kRegisters];
  std::memcpy(sums, kStartValues.data(), sizeof(sums));
  // The checksum field itself counts as zero: it is the low half of the third word.
  constexpr Lanes kEverything = {~0U, ~0U, ~0U, ~0U, ~0U, ~0U, ~0U, ~0U};
  Lanes counted = {~0U, ~0U, 0xffff0000, ~0U, ~0U, ~0U, ~0U, ~0U};
  static_assert(kChecksumOffset == 2 * sizeof(std::uint32_t));
  for (std::size_t offset = 0; offset < kPageBytes; offset += kRowBytes) {
    const auto* row = reinterpret_cast<const LanesInPage*>(page + offset);
    const Lanes values[kRegisters] = {row[0] & counted, row[1], row[2], row[3]};
    counted = kEverything;
#pragma GCC unroll 4  // Or g++ keeps the sums in memory.
    for (std::size_t i = 0; i < kRegisters; ++i) {
      const Lanes mixed = sums[i] ^ values[i];
      sums[i] = (mixed * kPrime) ^ (mixed >> 17);
    }
  }
  Lanes all = {};
  for (Lanes& sum : sums) {
    // Two rounds of zeros, so that the last words are mixed as well as the first.
    for (int round = 0; round < 2; ++round) sum = (sum * kPrime) ^ (sum >> 17);
    all ^= sum;
  }
  std::uint32_t result = 0;
  for (std::size_t i = 0; i < sizeof(Lanes) / sizeof(std::uint32_t); ++i) result ^= all[i];
  return result;
}

std::uint32_t hash_page_anywhere(const char* page) {
  return hash_page(page);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) std::uint32_t hash_page_avx2(const char* page) {
  return hash_page(page);
}

// Chosen by hand and not by target_clones: an ifunc resolver runs before sanitizers are ready.
std::uint32_t hash_page_here(const char* page) {
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2");
  return kHasAvx2 ? hash_page_avx2(page) : hash_page_anywhere(page);
}
#else
std::uint32_t hash_page_here(const char* page) {
  return hash_page_anywhere(page);
}
#endif

bool is_all_zero(std::string_view page) {
  return page[0] == 0 && std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0;
}

// What PageIsVerified() demands besides the checksum; the server refuses to read any other page.
bool has_sane_header(std::string_view page) {
  const auto flags = load<std::uint16_t>(page, kFlagsOffset);
  const auto lower = load<std::uint16_t>(page, kLowerOffset);
  const auto upper = load<std::uint16_t>(page, kUpperOffset);
  const auto special = load<std::uint16_t>(page, kSpecialOffset);
  return (flags & ~kValidFlags) == 0 && upper != 0 && lower <= upper && upper <= special &&
         special <= kPageBytes && special % kAlignment == 0;
}

PageVerdict judge(std::string_view page, std::uint32_t block) {
  if (load<std::uint16_t>(page, kUpperOffset) == 0) {
    return is_all_zero(page) ? PageVerdict::New : PageVerdict::BadHeader;
  }
  if (load<std::uint16_t>(page, kChecksumOffset) != page_checksum(page, block)) {
    return PageVerdict::BadChecksum;
  }
  return has_sane_header(page) ? PageVerdict::Good : PageVerdict::BadHeader;
}

}  // namespace

std::string_view page_verdict_name(PageVerdict verdict) {
  switch (verdict) {
    case PageVerdict::Good:
      return "good";
    case PageVerdict::New:
      return "new";
    case PageVerdict::Changed:
      return "changed during the backup";
    case PageVerdict::BadHeader:
      return "bad header";
    case PageVerdict::BadChecksum:
      return "bad checksum";
  }
  std::unreachable();
}

std::uint16_t page_checksum(std::string_view page, std::uint32_t block) {
  ASSERT(page.size() == kPageBytes);
  // The block number tells pages apart that landed in each other's place; 0 is left to mean "none".
  return static_cast<std::uint16_t>((hash_page_here(page.data()) ^ block) % 65535 + 1);
}

Lsn page_lsn(std::string_view page) {
  return {(std::uint64_t{load<std::uint32_t>(page, 0)} << 32) | load<std::uint32_t>(page, 4)};
}

PageVerdict check_page(std::string_view page, std::uint32_t block, Lsn backup_start) {
  ASSERT(page.size() == kPageBytes);
  const PageVerdict verdict = judge(page, block);
  const bool is_replayed = backup_start.is_valid() && page_lsn(page) >= backup_start;
  return is_bad(verdict) && is_replayed ? PageVerdict::Changed : verdict;
}

}  // namespace cairn::postgres
