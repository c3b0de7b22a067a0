// SPDX-License-Identifier: Apache-2.0
#include "postgres/server.h"

#include <algorithm>
#include <limits>

#include "postgres/number_text.h"

namespace cairn::postgres {
namespace {

// pg_backup_start() and pg_backup_stop() had other names and parameters before.
constexpr int kMajorVersionOfNewBackupNames = 15;
constexpr std::size_t kLabelBytesMax = 1024;

// The timeline of a primary is asked from where it writes: its control file learns of a promotion
// only at the next checkpoint.
constexpr std::string_view kFactsSql = R"(
SELECT s.system_identifier, s.catalog_version_no, i.bytes_per_wal_segment, i.database_block_size,
       i.data_page_checksum_version, pg_is_in_recovery(),
       CASE WHEN pg_is_in_recovery() THEN c.timeline_id::bigint
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
       current_setting('data_directory'), current_setting('archive_mode'),
       current_setting('archive_command'), current_setting('archive_library', true),
       current_setting('is_superuser')
  FROM pg_control_system() s, pg_control_init() i, pg_control_checkpoint() c)";

constexpr std::string_view kTablespacesSql =
    "SELECT oid, pg_tablespace_location(oid) FROM pg_tablespace "
    "WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY oid";

// Reads the columns of one row, in order.
class RowReader {
 public:
  explicit RowReader(const Row& row) : row_(row) {}

  // NULL and a missing column are empty.
  std::string text() {
    const std::size_t column = column_++;
    return column < row_.size() ? row_[column].value_or("") : "";
  }
  Result<std::uint64_t> number(std::uint64_t value_max) {
    const std::string value = text();
    if (const auto number = parse_unsigned(value, 10, value_max)) return *number;
    return internal_error("PostgreSQL answered \"{}\" in column {} instead of a number", value,
                          column_);
  }
  Result<std::uint32_t> number32() {
    return static_cast<std::uint32_t>(TRY(number(std::numeric_limits<std::uint32_t>::max())));
  }
  // SQL has no unsigned numbers: the upper half of them appears as negative.
  Result<std::uint64_t> number_of_bigint() {
    std::string value = text();
    const bool is_negative = value.starts_with('-');
    if (is_negative) value.erase(0, 1);
    const auto number = parse_unsigned(value, 10);
    if (!number) return internal_error("PostgreSQL answered \"{}\" instead of a number", value);
    return is_negative ? ~*number + 1 : *number;
  }
  bool boolean() { return text() == "t"; }
  // 0/0 stands for NULL: a standby that has replayed nothing yet.
  Result<Lsn> lsn() {
    const std::string value = text();
    if (value.empty()) return Lsn{};
    return parse_lsn(value);
  }

 private:
  const Row& row_;
  std::size_t column_ = 0;
};

Result<Row> one_row(PostgresSession& session, const Statement& statement, std::stop_token stop) {
  Rows rows = TRY(session.query(statement, std::move(stop)));
  if (rows.size() != 1) {
    return internal_error("PostgreSQL answered {} rows instead of one to: {}", rows.size(),
                          statement.sql);
  }
  return std::move(rows.front());
}

// Adds to a Denied what an administrator has to grant.
template <class T>
Result<T> with_way_out(Result<T> result, std::string_view grant) {
  if (result.ok() || result.error().code() != ErrorCode::Denied) return result;
  return denied("{}; the role needs: {}", result.error().message(), grant);
}

Result<ServerVersion> server_version(PostgresSession& session, std::stop_token stop) {
  const Row row = TRY(
      one_row(session, {.sql = "SELECT current_setting('server_version_num')"}, std::move(stop)));
  RowReader columns(row);
  const ServerVersion version{static_cast<int>(TRY(columns.number(9'999'999)))};
  if (!version.is_supported()) {
    return invalid_argument("the server is PostgreSQL {}; {} to {} are supported", version.major(),
                            kMajorVersionMin, kMajorVersionMax);
  }
  return version;
}

Result<ServerFacts> read_facts(const Row& row) {
  RowReader columns(row);
  ServerFacts facts;
  facts.system_identifier = TRY(columns.number_of_bigint());
  facts.catalog_version = TRY(columns.number32());
  const std::uint32_t segment_bytes = TRY(columns.number32());
  facts.wal_segment_size = TRY(WalSegmentSize::of(segment_bytes));
  facts.page_bytes = TRY(columns.number32());
  facts.has_data_checksums = TRY(columns.number32()) != 0;
  facts.is_in_recovery = columns.boolean();
  facts.timeline = {TRY(columns.number32())};
  facts.current_lsn = TRY(columns.lsn());
  facts.data_directory = columns.text();
  facts.archive_mode = columns.text();
  facts.archive_command = columns.text();
  facts.archive_library = columns.text();
  facts.is_superuser = columns.text() == "on";
  return facts;
}

Result<> check_label(std::string_view label) {
  const bool has_control_characters = std::any_of(
      label.begin(), label.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!label.empty() && label.size() <= kLabelBytesMax && !has_control_characters) return {};
  return invalid_argument("a backup's label has 1 to {} bytes and no control characters",
                          kLabelBytesMax);
}

bool has_new_backup_names(const ServerFacts& facts) {
  return facts.version.major() >= kMajorVersionOfNewBackupNames;
}

std::string_view backup_grant(const ServerFacts& facts) {
  return has_new_backup_names(facts)
             ? "GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean)"
             : "GRANT EXECUTE ON FUNCTION pg_start_backup(text, boolean, boolean), "
               "pg_stop_backup(boolean, boolean)";
}

}  // namespace

Result<ServerFacts> server_facts(PostgresSession& session, std::stop_token stop) {
  const ServerVersion version = TRY(server_version(session, stop));
  const Row row =
      TRY(with_way_out(one_row(session, {.sql = std::string(kFactsSql)}, stop),
                       "membership in pg_read_all_settings (GRANT pg_monitor is enough)"));
  ServerFacts facts = TRY(read_facts(row));
  facts.version = version;
  for (const Row& tablespace : TRY(session.query({.sql = std::string(kTablespacesSql)}, stop))) {
    RowReader columns(tablespace);
    const std::uint32_t oid = TRY(columns.number32());
    facts.tablespaces.push_back({oid, columns.text()});
  }
  return facts;
}

Result<> ping(PostgresSession& session, std::stop_token stop) {
  TRY(session.query({.sql = "SELECT 1"}, std::move(stop)).context("ping"));
  return {};
}

Result<BackupStart> start_backup(PostgresSession& session, const ServerFacts& facts,
                                 std::string_view label, bool is_fast,
                                 std::chrono::milliseconds deadline, std::stop_token stop) {
  TRY(check_label(label));
  const Statement start{.sql = has_new_backup_names(facts)
                                   ? "SELECT pg_backup_start($1, $2::boolean)"
                                   : "SELECT pg_start_backup($1, $2::boolean, false)",
                        .parameters = {std::string(label), is_fast ? "true" : "false"},
                        .deadline = deadline};
  const Row started =
      TRY(with_way_out(one_row(session, start, stop), backup_grant(facts)).context("start backup"));
  BackupStart result;
  result.lsn = TRY(RowReader(started).lsn());
  if (!result.lsn.is_valid()) return internal_error("PostgreSQL started a backup nowhere");
  // The backup begins with the checkpoint that the control file now names.
  const Row where = TRY(
      one_row(session,
              {.sql = "SELECT pg_is_in_recovery(), timeline_id FROM pg_control_checkpoint()"}, stop)
          .context("start backup"));
  RowReader columns(where);
  result.is_in_recovery = columns.boolean();
  result.timeline = {TRY(columns.number32())};
  return result;
}

Result<BackupStop> stop_backup(PostgresSession& session, const ServerFacts& facts,
                               bool wait_for_archive, std::chrono::milliseconds deadline,
                               std::stop_token stop) {
  const Statement statement{
      .sql = has_new_backup_names(facts)
                 ? "SELECT lsn, labelfile, spcmapfile FROM pg_backup_stop($1::boolean)"
                 : "SELECT lsn, labelfile, spcmapfile FROM pg_stop_backup(false, $1::boolean)",
      .parameters = {wait_for_archive ? "true" : "false"},
      .deadline = deadline};
  const Row row =
      TRY(with_way_out(one_row(session, statement, std::move(stop)), backup_grant(facts))
              .context("stop backup"));
  RowReader columns(row);
  BackupStop result;
  result.lsn = TRY(columns.lsn());
  result.backup_label = columns.text();
  result.tablespace_map = columns.text();
  if (!result.lsn.is_valid() || result.backup_label.empty()) {
    return internal_error("PostgreSQL stopped the backup without a position or a backup_label");
  }
  return result;
}

}  // namespace cairn::postgres
