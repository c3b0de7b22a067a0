// SPDX-License-Identifier: Apache-2.0
#include "engine/backup/file_copy.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "codec/digest.h"
#include "postgres/page.h"
#include "postgres/relation_file.h"
#include "repository/integrity.h"

namespace cairn::engine {

namespace {

constexpr std::size_t kChunkBytes = 1024 * 1024;
static_assert(kChunkBytes % postgres::kPageBytes == 0);
// A torn page is whole again after a moment. A file with very many bad pages is damaged, not torn,
// and waiting for each of them would take hours.
constexpr int kRereadsMax = 5;
constexpr std::uint64_t kPatientPagesMax = 32;
constexpr std::chrono::milliseconds kRereadDelay{20};

}  // namespace

FileCopier::FileCopier(const PageCheck& pages, RateLimiter& disk_rate, Clock& clock)
    : pages_(pages), disk_rate_(disk_rate), clock_(clock), chunk_(kChunkBytes) {}

Result<CopiedFile> FileCopier::copy(files::File& file, const std::string& in_pgdata,
                                    std::uint64_t size_bytes,
                                    const std::function<Result<>(std::string_view)>& out,
                                    std::stop_token stop) {
  const auto relation = postgres::relation_file_at(in_pgdata);
  CopiedFile copied;
  codec::Crc32c crc;
  for (std::uint64_t offset = 0; offset < size_bytes;) {
    if (stop.stop_requested()) return cancelled("stopped while copying {}", in_pgdata);
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, size_bytes - offset));
    TRY(disk_rate_.take(wanted, stop));
    const std::size_t count = TRY(file.read_at(offset, {chunk_.data(), wanted}));
    if (count < wanted) std::memset(chunk_.data() + count, 0, wanted - count);
    if (pages_.is_on && relation) {
      const std::uint32_t first_block = relation->first_block(pages_.relation_segment_pages) +
                                        static_cast<std::uint32_t>(offset / postgres::kPageBytes);
      TRY(check_pages(file, offset, count / postgres::kPageBytes, first_block, copied, stop));
    }
    const std::string_view bytes(chunk_.data(), wanted);
    crc.update(bytes);
    TRY(out(bytes));
    offset += wanted;
  }
  copied.crc32c = crc.value();
  return copied;
}

Result<> FileCopier::check_pages(files::File& file, std::uint64_t offset, std::size_t count,
                                 std::uint32_t first_block, CopiedFile& copied,
                                 std::stop_token stop) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<char> page(chunk_.data() + i * postgres::kPageBytes, postgres::kPageBytes);
    const std::uint32_t block = first_block + static_cast<std::uint32_t>(i);
    const postgres::PageVerdict verdict =
        postgres::check_page({page.data(), page.size()}, block, pages_.backup_start);
    if (!postgres::is_bad(verdict)) continue;
    const std::uint64_t page_offset = offset + i * postgres::kPageBytes;
    const bool is_bad = TRY(is_bad_for_good(file, page_offset, page, block,
                                            copied.corrupt_block_count < kPatientPagesMax, stop));
    if (!is_bad) continue;
    ++copied.corrupt_block_count;
    if (copied.corrupt_blocks.size() < repository::kCorruptPagesStoredMax) {
      copied.corrupt_blocks.push_back(
          static_cast<std::uint32_t>(page_offset / postgres::kPageBytes));
    }
  }
  return {};
}

Result<bool> FileCopier::is_bad_for_good(files::File& file, std::uint64_t offset,
                                         std::span<char> page, std::uint32_t block, bool is_patient,
                                         std::stop_token stop) {
  for (int i = 0; i < (is_patient ? kRereadsMax : 1); ++i) {
    if (is_patient) TRY(clock_.wait_for(kRereadDelay, stop));
    const std::size_t count = TRY(file.read_at(offset, page));
    if (count < page.size()) {  // Truncated meanwhile: nothing here is left to be judged.
      std::memset(page.data() + count, 0, page.size() - count);
      return false;
    }
    const auto verdict =
        postgres::check_page({page.data(), page.size()}, block, pages_.backup_start);
    if (!postgres::is_bad(verdict)) return false;
  }
  return true;
}

}  // namespace cairn::engine
