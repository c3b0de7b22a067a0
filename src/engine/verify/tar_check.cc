// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/tar_check.h"

#include <optional>
#include <utility>
#include <vector>

#include "codec/digest.h"
#include "codec/tar.h"
#include "engine/member_source.h"
#include "engine/restore/member_path.h"
#include "postgres/backup_manifest.h"
#include "postgres/page.h"
#include "postgres/relation_file.h"

namespace cairn::engine {

namespace {

constexpr std::size_t kChunkBytes = 1024 * 1024;
// WAL-G's increments have this at their start instead of pages.
constexpr std::string_view kIncrementMagic = "wi1\x55";

class TarChecker {
 public:
  TarChecker(const TarCheck& check, RestoredFiles& files)
      : check_(check), files_(files), chunk_(kChunkBytes) {}

  Result<> member(codec::TarReader& tar, const codec::TarEntry& entry, std::stop_token stop) {
    const MemberPath path = TRY(parse_member_path(entry.name));
    if (entry.type == codec::TarType::Hardlink) {
      check_.report(fmt::format("{} is a hard link; backups never hold one", entry.name));
    }
    if (entry.type != codec::TarType::Regular) return {};
    const std::string in_pgdata = path.in_pgdata();
    const auto relation = postgres::relation_file_at(in_pgdata);
    const bool is_manifest = in_pgdata == postgres::kBackupManifestName;
    codec::Crc32c crc;
    std::uint64_t offset = 0;
    bool is_increment = false;
    MemberSource source(tar);
    while (const std::size_t count = TRY(read_full(source, chunk_))) {
      if (stop.stop_requested()) return cancelled("stopped while verifying");
      const std::string_view bytes(chunk_.data(), count);
      if (offset == 0 && !check_.is_whole) is_increment = bytes.starts_with(kIncrementMagic);
      crc.update(bytes);
      if (is_manifest && check_.manifest != nullptr) TRY(check_.manifest->write(bytes));
      if (relation && check_.has_page_checksums && !is_increment) {
        check_pages(bytes, offset, *relation, in_pgdata);
      }
      offset += count;
    }
    ++facts_.file_count;
    files_.add(in_pgdata, offset, crc.value());
    return {};
  }

  const TarFacts& facts() const { return facts_; }

 private:
  void check_pages(std::string_view bytes, std::uint64_t offset,
                   const postgres::RelationFile& relation, const std::string& in_pgdata) {
    for (std::size_t at = 0; at + postgres::kPageBytes <= bytes.size();
         at += postgres::kPageBytes) {
      const auto in_file = static_cast<std::uint32_t>((offset + at) / postgres::kPageBytes);
      const std::string_view page = bytes.substr(at, postgres::kPageBytes);
      const auto verdict =
          postgres::check_page(page, relation.first_block() + in_file, check_.backup_start);
      ++facts_.page_count;
      if (!postgres::is_bad(verdict) && !is_from_the_future(verdict, page)) continue;
      check_.report(fmt::format("block {} of {}: {}", in_file, in_pgdata,
                                postgres::page_verdict_name(verdict)));
    }
  }

  // No page was changed after the backup had ended: what claims so is garbage, and replay will not
  // make it good.
  bool is_from_the_future(postgres::PageVerdict verdict, std::string_view page) const {
    return verdict == postgres::PageVerdict::Changed && check_.backup_finish.is_valid() &&
           postgres::page_lsn(page) > check_.backup_finish;
  }

  const TarCheck& check_;
  RestoredFiles& files_;
  std::vector<char> chunk_;
  TarFacts facts_;
};

}  // namespace

Result<TarFacts> check_tar(Source& tar, const TarCheck& check, RestoredFiles& files,
                           std::stop_token stop) {
  codec::TarReader reader(tar);
  TarChecker checker(check, files);
  while (const std::optional<codec::TarEntry> entry = TRY(reader.next())) {
    TRY(checker.member(reader, *entry, stop).context(entry->name));
  }
  return checker.facts();
}

}  // namespace cairn::engine
