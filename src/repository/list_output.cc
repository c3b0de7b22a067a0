// SPDX-License-Identifier: Apache-2.0
#include "repository/list_output.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "repository/json_go.h"
#include "repository/text_table.h"

namespace cairn::repository {
namespace {

namespace chrono = std::chrono;

constexpr std::string_view kStorageName = "default";  // the only one until failover storages exist

std::string_view wal_file_name(const BackupName& name) {
  return first_segment_name(name.text()).value_or(kNoSegmentName);
}

std::string plain_time(WallTime time) {
  if (time == kGoZeroTime) return "-";
  return format_rfc3339(chrono::floor<chrono::seconds>(time));
}

// RFC 850: "Sunday, 22-Nov-26 07:51:37 UTC".
std::string long_time(WallTime time) {
  if (time == kGoZeroTime) return "-";
  static constexpr std::array<std::string_view, 7> kDays = {
      "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss clock{chrono::floor<chrono::seconds>(time) - day};
  return fmt::format("{}, {:02}-{}-{:02} {:02}:{:02}:{:02} UTC",
                     kDays[chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()) % 100, clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

using TimeFormat = std::string (*)(WallTime);

void append_detail_cells(const BackupMetadata& metadata, TimeFormat format_time,
                         std::vector<std::string>& row) {
  row.push_back(format_time(metadata.start_time));
  row.push_back(format_time(metadata.finish_time));
  row.push_back(metadata.hostname);
  row.push_back(metadata.data_directory);
  row.push_back(std::to_string(metadata.pg_version));
  row.push_back(metadata.start_lsn.text());
  row.push_back(metadata.finish_lsn.text());
  row.push_back(metadata.is_permanent ? "true" : "false");
}

std::vector<std::string> header_of(const ListFormat& format, bool has_corrupt_pages) {
  std::vector<std::string> header =
      format.is_pretty
          ? std::vector<std::string>{"#", "Backup name", "Modified", "WAL file name",
                                     "Storage name"}
          : std::vector<std::string>{"backup_name", "modified", "wal_file_name", "storage_name"};
  const std::vector<std::string> details =
      format.is_pretty
          ? std::vector<std::string>{"Start time", "Finish time", "Hostname",   "Datadir",
                                     "PG version", "Start LSN",   "Finish LSN", "Permanent"}
          : std::vector<std::string>{"start_time", "finish_time", "hostname",   "data_dir",
                                     "pg_version", "start_lsn",   "finish_lsn", "is_permanent"};
  if (format.has_details) header.insert(header.end(), details.begin(), details.end());
  if (has_corrupt_pages) header.push_back(format.is_pretty ? "Corrupt pages" : "corrupt_pages");
  return header;
}

std::string format_text(std::span<const ListedBackup> backups, const ListFormat& format) {
  if (backups.empty()) return "";
  const bool has_corrupt_pages =
      format.has_details && std::ranges::any_of(backups, [](const ListedBackup& backup) {
        return backup.metadata && backup.metadata->corrupt_page_count > 0;
      });
  const TimeFormat format_time = format.is_pretty ? long_time : plain_time;
  TextTable table{.header = header_of(format, has_corrupt_pages)};
  for (const ListedBackup& backup : backups) {
    std::vector<std::string> row;
    if (format.is_pretty) row.push_back(std::to_string(table.rows.size()));
    row.push_back(backup.entry.name.text());
    row.push_back(format_time(backup.entry.modified));
    row.emplace_back(wal_file_name(backup.entry.name));
    row.emplace_back(kStorageName);
    if (format.has_details) {
      const BackupMetadata metadata = backup.metadata.value_or(BackupMetadata{});
      append_detail_cells(metadata, format_time, row);
      if (has_corrupt_pages) row.push_back(std::to_string(metadata.corrupt_page_count));
    }
    table.rows.push_back(std::move(row));
  }
  if (!format.is_pretty) return format_plain_table(table);
  table.right_aligned = {0};
  return format_ruled_table(table);
}

Result<BackupMetadata> metadata_or_sentinel(object_store::ObjectStore& store,
                                            const BackupName& name,
                                            std::vector<std::string>& warnings,
                                            std::stop_token stop) {
  std::optional<BackupMetadata> metadata = TRY(find_metadata(store, name, stop));
  if (metadata) return *std::move(metadata);
  warnings.push_back(
      fmt::format("backup {} has no metadata.json: showing what its sentinel says", name.text()));
  return metadata_from(TRY(load_sentinel(store, name, stop)));
}

// By start time if all backups have one, else by the time of the sentinels.
void sort_detailed(std::vector<ListedBackup>& backups) {
  const bool all_have_one = std::ranges::all_of(backups, [](const ListedBackup& backup) {
    return backup.metadata->start_time != kGoZeroTime;
  });
  if (!all_have_one) return;
  std::ranges::sort(backups, {}, [](const ListedBackup& backup) {
    return std::tie(backup.metadata->start_time, backup.entry.modified, backup.entry.name);
  });
}

}  // namespace

Result<BackupListing> load_backup_listing(object_store::ObjectStore& store, bool has_details,
                                          std::stop_token stop) {
  BackupListing listing;
  for (BackupEntry& entry : TRY(list_backups(store, stop))) {
    ListedBackup backup{.entry = std::move(entry)};
    if (has_details) {
      backup.metadata = TRY(metadata_or_sentinel(store, backup.entry.name, listing.warnings, stop));
    }
    listing.backups.push_back(std::move(backup));
  }
  if (has_details) sort_detailed(listing.backups);
  return listing;
}

void write_listed_backup(const ListedBackup& backup, JsonWriter& json) {
  json.begin_object();
  json.key("backup_name").string(backup.entry.name.text());
  json.key("time").time(backup.entry.modified);
  json.key("wal_file_name").string(wal_file_name(backup.entry.name));
  json.key("storage_name").string(kStorageName);
  if (backup.metadata) write_metadata_members(*backup.metadata, json);
  json.end_object();
}

std::string format_backup_list(std::span<const ListedBackup> backups, const ListFormat& format) {
  if (!format.is_json) return format_text(backups, format);
  JsonWriter json(format.is_pretty ? 4 : 0);
  json.begin_array();
  for (const ListedBackup& backup : backups) write_listed_backup(backup, json);
  json.end_array();
  return json.take() + "\n";
}

}  // namespace cairn::repository
