// SPDX-License-Identifier: Apache-2.0
#include "repository/list_output.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "repository/names.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/walg_repository.h"

namespace cairn::repository {
namespace {

using object_store::MemoryStore;

const std::string kFixtures = std::string(CAIRN_SOURCE_DIR) + "/tests/fixtures/walg/";

std::string golden(const std::string& name) {
  return tests::with_microseconds(tests::read_text_file(kFixtures + name).value());
}

class ListOutputTest : public testing::Test {
 protected:
  // The archive keeps whole seconds, and the list shows the rest: taken from what WAL-G printed.
  void load(const std::string& fixture) {
    ASSERT_OK(tests::load_repository(kFixtures + fixture, store));
    const std::string folder = fixture.substr(0, fixture.find('/'));
    const auto list = JsonValue::parse(golden(folder + "/backup-list.json"), {}).value();
    for (const JsonValue& backup : list.items()) {
      const auto name = BackupName::parse(backup.find("backup_name")->text()).value();
      store.set_modified(sentinel_key(name), parse_rfc3339(backup.find("time")->text()).value());
    }
  }
  void forget_all() {
    const auto all = object_store::list_all(store, {}, 10'000, {}).value();
    for (const auto& object : all) {
      ASSERT_OK(store.remove(object_store::ObjectKey(object.key), {}));
    }
  }
  std::string listed(const ListFormat& format) {
    const auto listing = load_backup_listing(store, format.has_details, {});
    EXPECT_OK(listing);
    EXPECT_TRUE(listing.value().warnings.empty());
    return format_backup_list(listing.value().backups, format);
  }

  ManualClock clock{WallTime{}};
  MemoryStore store{clock};
};

TEST_F(ListOutputTest, PrintsWhatWalGPrintsByteForByte) {
  for (const std::string fixture : {"delta/repo.tar", "lz4/repo.tar", "deletion/repo.tar.gz"}) {
    SCOPED_TRACE(fixture);
    forget_all();
    load(fixture);
    const std::string folder = fixture.substr(0, fixture.find('/') + 1);
    EXPECT_EQ(listed({.is_json = true}), golden(folder + "backup-list.json"));
    EXPECT_EQ(listed({.is_json = true, .is_pretty = true}),
              golden(folder + "backup-list-pretty.json"));
    EXPECT_EQ(listed({.is_json = true, .has_details = true}),
              golden(folder + "backup-list-detail.json"));
    EXPECT_EQ(listed({}), golden(folder + "backup-list.txt"));
    EXPECT_EQ(listed({.is_pretty = true}), golden(folder + "backup-list-pretty.txt"));
    EXPECT_EQ(listed({.has_details = true}), golden(folder + "backup-list-detail.txt"));
    EXPECT_EQ(listed({.is_pretty = true, .has_details = true}),
              golden(folder + "backup-list-detail-pretty.txt"));
  }
}

TEST_F(ListOutputTest, PrintsAnEmptyList) {
  EXPECT_EQ(listed({.is_json = true}), "[]\n");
  EXPECT_EQ(listed({.is_json = true, .is_pretty = true, .has_details = true}), "[]\n");
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({.is_pretty = true}), "");
}

TEST_F(ListOutputTest, ShowsCorruptPagesLastAndOnlyWhereThereAreSome) {
  std::vector<ListedBackup> backups = {
      {.entry = {.name = BackupName::full("000000010000000000000001")},
       .metadata = BackupMetadata{.hostname = "a"}},
      {.entry = {.name = BackupName::full("000000010000000000000002")},
       .metadata = BackupMetadata{.hostname = "b"}}};
  EXPECT_EQ(format_backup_list(backups, {.has_details = true}).find("corrupt"), std::string::npos);
  backups[1].metadata->corrupt_page_count = 3;
  const std::string text = format_backup_list(backups, {.has_details = true});
  EXPECT_TRUE(text.substr(0, text.find('\n')).ends_with("is_permanent corrupt_pages")) << text;
  EXPECT_TRUE(text.ends_with("false        3\n")) << text;
  const std::string json = format_backup_list(backups, {.is_json = true, .has_details = true});
  EXPECT_EQ(json.find("corrupt_pages"), json.rfind("corrupt_pages"));
  EXPECT_TRUE(json.ends_with(R"("corrupt_pages":3}])"
                             "\n"))
      << json;
}

TEST_F(ListOutputTest, ShowsTheSentinelWhereMetadataIsMissing) {
  load("lz4/repo.tar");
  const BackupName name = list_backups(store, {}).value().front().name;
  const std::string before = listed({.is_json = true, .has_details = true});
  ASSERT_OK(store.remove(metadata_key(name), {}));
  const auto listing = load_backup_listing(store, true, {});
  ASSERT_OK(listing);
  ASSERT_EQ(listing.value().warnings.size(), 1U);
  EXPECT_NE(listing.value().warnings[0].find(name.text()), std::string::npos);
  EXPECT_EQ(format_backup_list(listing.value().backups, {.is_json = true, .has_details = true}),
            before);
}

TEST_F(ListOutputTest, FailsWhenItCannotKnow) {
  load("lz4/repo.tar");
  tests::FaultyStore faulty(store);
  faulty.add_fault({.operation = object_store::Operation::Open, .key_pattern = "metadata.json"});
  EXPECT_EQ(tests::outcome(load_backup_listing(faulty, true, {})), "Unavailable");
  const BackupName name = list_backups(store, {}).value().front().name;
  ASSERT_OK(store.put(metadata_key(name), "{", {}, {}));
  const auto damaged = load_backup_listing(store, true, {});
  ASSERT_EQ(tests::outcome(damaged), "Corrupt");
  EXPECT_NE(damaged.error().message().find(name.text()), std::string::npos);
  EXPECT_OK(load_backup_listing(store, false, {}));
}

TEST_F(ListOutputTest, OrdersByStartTimeWhereAllBackupsHaveOne) {
  const auto put = [&](std::string_view segment, std::string_view start_time) {
    const BackupName name = BackupName::full(segment);
    ASSERT_OK(
        store.put(metadata_key(name), fmt::format(R"({{"start_time":"{}"}})", start_time), {}, {}));
    ASSERT_OK(store.put(sentinel_key(name), "{}", {}, {}));
    clock.advance(std::chrono::seconds(1));
  };
  put("000000010000000000000001", "2026-01-02T00:00:00Z");
  put("000000010000000000000002", "2026-01-01T00:00:00Z");
  const auto order = [&] {
    std::string names;
    const auto listing = load_backup_listing(store, true, {}).value();
    for (const ListedBackup& backup : listing.backups) names += backup.entry.name.text().back();
    return names;
  };
  EXPECT_EQ(order(), "21");
  put("000000010000000000000003", "0001-01-01T00:00:00Z");
  EXPECT_EQ(order(), "123");
}

// What StackGres does with the list: strip the brackets, split records and fields, drop quotes.
TEST_F(ListOutputTest, SurvivesStackGresParsing) {
  load("deletion/repo.tar.gz");
  std::string list = listed({.is_json = true, .has_details = true});
  ASSERT_EQ(list.find(' '), std::string::npos);
  ASSERT_EQ(list.find('\n'), list.size() - 1);
  const auto second_field = [](std::string_view record) {
    const std::size_t first = record.find(',');
    return record.substr(first + 1, 7);
  };
  std::size_t records = 0;
  for (std::size_t at = list.find("{\"backup_name\""); at != list.npos;
       at = list.find("{\"backup_name\"", at + 1)) {
    EXPECT_EQ(second_field(std::string_view(list).substr(at)), "\"time\":");
    ++records;
  }
  EXPECT_EQ(records, 9U);
  EXPECT_NE(list.find("\"is_permanent\":true"), std::string::npos);
}

}  // namespace
}  // namespace cairn::repository
