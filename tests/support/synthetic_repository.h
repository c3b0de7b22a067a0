// SPDX-License-Identifier: Apache-2.0
// Small repositories made up for tests: backups of every kind and WAL, with tiny objects.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "object_store/memory/memory_store.h"
#include "postgres/wal_segment.h"
#include "repository/catalog.h"
#include "repository/names.h"
#include "tests/support/expect_ok.h"

namespace cairn::tests {

class SyntheticRepository {
 public:
  using BackupName = repository::BackupName;

  static constexpr postgres::WalSegmentSize kSize = postgres::WalSegmentSize::standard();

  SyntheticRepository(object_store::ObjectStore& store, ManualClock& clock)
      : store_(store), clock_(clock) {}

  static std::string segment(std::uint32_t timeline, std::uint64_t number) {
    return postgres::WalSegment{.timeline = {timeline}, .number = number}.name(kSize);
  }

  void put(const std::string& key, std::string_view text = "x") {
    ASSERT_OK(store_.put(object_store::ObjectKey(key), text, {}, {}));
  }

  void add_wal(std::uint32_t timeline, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) {
      put("wal_005/" + segment(timeline, number) + ".lz4");
    }
  }

  // A backup that starts and ends in segment `number`, an hour after the one before.
  BackupName add_full(std::uint32_t timeline, std::uint64_t number, bool is_permanent = false) {
    const BackupName name = BackupName::full(segment(timeline, number));
    add(name, sentinel_of(number), is_permanent);
    return name;
  }

  BackupName add_delta(std::uint32_t timeline, std::uint64_t number, const BackupName& parent,
                       bool is_permanent = false) {
    const BackupName name = BackupName::delta(segment(timeline, number), parent);
    repository::Sentinel sentinel = sentinel_of(number);
    const repository::Sentinel above = repository::load_sentinel(store_, parent, {}).value();
    sentinel.delta = repository::DeltaOrigin{.parent_lsn = above.start_lsn.value(),
                                             .parent = parent,
                                             .full = above.delta ? above.delta->full : parent,
                                             .count = above.delta ? above.delta->count + 1 : 1};
    add(name, sentinel, is_permanent);
    return name;
  }

  // What a backup leaves that died before its sentinel; nothing of it is younger than now.
  BackupName add_unfinished(const std::string& name) {
    const BackupName parsed = BackupName::parse(name).value();
    put(repository::part_key(parsed, 1, codec::Compression::Lz4).text());
    put(repository::part_key(parsed, 2, codec::Compression::Lz4).text());
    return parsed;
  }

  static std::vector<std::string> objects_of(const BackupName& name) {
    return {repository::sentinel_key(name).text(),
            repository::metadata_key(name).text(),
            repository::files_metadata_key(name).text(),
            repository::part_key(name, 1, codec::Compression::Lz4).text(),
            repository::control_tar_key(name, codec::Compression::Lz4).text(),
            repository::label_tar_key(name, codec::Compression::Lz4).text()};
  }

 private:
  static repository::Sentinel sentinel_of(std::uint64_t number) {
    repository::Sentinel sentinel;
    sentinel.start_lsn = postgres::Lsn{number * kSize.bytes() + 0x28};
    sentinel.finish_lsn = postgres::Lsn{number * kSize.bytes() + 0x100};
    sentinel.system_identifier = 7;
    return sentinel;
  }

  void add(const BackupName& name, repository::Sentinel sentinel, bool is_permanent) {
    clock_.advance(std::chrono::hours(1));
    sentinel.start_time = clock_.now() - std::chrono::minutes(5);
    sentinel.finish_time = clock_.now();
    repository::BackupMetadata metadata = repository::metadata_from(sentinel);
    metadata.is_permanent = is_permanent;
    for (const std::string& key : objects_of(name)) {
      if (key == repository::metadata_key(name).text()) {
        put(key, repository::encode_metadata(metadata));
      } else if (key != repository::sentinel_key(name).text()) {
        put(key);
      }
    }
    put(repository::sentinel_key(name).text(), repository::encode_sentinel(sentinel));
  }

  object_store::ObjectStore& store_;
  ManualClock& clock_;
};

inline std::set<std::string> keys_of(object_store::ObjectStore& store) {
  std::set<std::string> keys;
  const auto all = object_store::list_all(store, {}, 1'000'000, {});
  EXPECT_OK(all);
  for (const auto& object : all.value()) keys.insert(object.key);
  return keys;
}

// What is wrong with the listed backups: objects or parents that are missing, WAL that would make
// one consistent. Empty if every listed backup could be restored.
inline std::vector<std::string> incomplete_backups(object_store::ObjectStore& store) {
  const std::set<std::string> keys = keys_of(store);
  std::vector<std::string> problems;
  const auto backups = repository::list_backups(store, {});
  EXPECT_OK(backups);
  for (const repository::BackupEntry& entry : backups.value()) {
    const auto chain = repository::load_chain(store, entry.name, {});
    if (!chain.ok()) {
      problems.push_back(chain.error().message());
      continue;
    }
    for (const auto& link : chain.value()) {
      for (const std::string& key : SyntheticRepository::objects_of(link.name)) {
        if (!keys.contains(key)) problems.push_back(entry.name.text() + " needs " + key);
      }
    }
    const std::string wal = "wal_005/" + entry.name.parts()->start_segment + ".lz4";
    if (!keys.contains(wal)) problems.push_back(entry.name.text() + " needs " + wal);
  }
  return problems;
}

}  // namespace cairn::tests
