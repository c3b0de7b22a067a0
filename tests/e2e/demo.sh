#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job, told as a story: a busy database is archived and backed up, lost, and brought back to a chosen
# moment, with proof that exactly the right rows are there.
#
# usage: demo.sh [--storage filesystem|s3] [--keep]      (./dev demo builds the program and calls this)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

storage=filesystem
while [ $# -gt 0 ]; do
  case "$1" in
    --storage)
      storage=${2:?--storage needs a name}
      shift
      ;;
    --keep) keep=yes ;;
    *) fail "unknown argument \"$1\"" ;;
  esac
  shift
done

begin_story demo
use_repository "$storage"
data=$work/data

# Inserts an event about ten times a second, each in a transaction of its own, and writes down what the
# database said it had committed: the truth that the restored rows are held against. Ends with the server.
write_events() {
  while [ -e "$work/socket" ] && sleep 0.1; do
    echo "INSERT INTO events DEFAULT VALUES RETURNING number, at;"
  done | sql >"$work/committed" 2>"$work/log/events.log"
}

# Accounts move money, so the four sums stay equal in every consistent state.
run_load() {
  as_postgres "$pg_client_bin/pgbench" -n -c 2 -R 150 -T 3600 >"$work/log/pgbench.log" 2>&1
}

last_event() { awk 'END { print $1 + 0 }' "$work/committed"; }
has_events() { [ "$(last_event)" -ge "$1" ]; }
seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'; }

case "$storage" in
  s3) where="${cairn_env[WALG_S3_PREFIX]} at ${cairn_env[AWS_ENDPOINT]}" ;;
  *) where=${cairn_env[WALG_FILE_PREFIX]} ;;
esac
say "A PostgreSQL with data checksums, archiving to $where"
make_cluster "$data" 'track_commit_timestamp = on' 'max_wal_size = 256MB'
start_postgres "$data"
note "$(sql 'SELECT version()')"
sql "CREATE TABLE events (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                          at timestamptz NOT NULL DEFAULT clock_timestamp())"
as_postgres "$pg_client_bin/pgbench" -i -q -s 10 >"$work/log/pgbench-init.log" 2>&1 || fail "pgbench -i"
note "$(sql "SELECT pg_size_pretty(sum(pg_database_size(oid))) FROM pg_database") of data"

say "Load: pgbench at 150 transactions a second, and ten events a second"
run_load &
background+=($!)
write_events &
background+=($!)
wait_for "events are written" 30 has_events 10
wait_for "a segment is archived" 120 is_archived 000000010000000000000001
note "$(sql 'SELECT archived_count FROM pg_stat_archiver') segments archived so far," \
  "$(sql 'SELECT failed_count FROM pg_stat_archiver') failures"

say "A base backup while the load goes on"
begin=$EPOCHREALTIME
cairn backup-push "$data"
backup_seconds=$(seconds_since "$begin")
note "took $backup_seconds s"

say "What the repository holds, and whether every byte of it is good"
cairn backup-list --detail
cairn backup-verify LATEST

say "A moment to come back to"
backed_up=$(last_event)
wait_for "more events are written" 60 has_events $((backed_up + 30))
# Between two events: after the one is committed and before the next begins. One connection writes them all,
# so the events up to this one, and no others, were committed then.
wanted=$(last_event)
wait_for "more events are written" 60 has_events $((wanted + 20))
moment=$(sql "SELECT to_char(committed + (next - committed) / 2, 'YYYY-MM-DD HH24:MI:SS.USOF')
  FROM (SELECT pg_xact_commit_timestamp(xmin) AS committed FROM events WHERE number = $wanted) AS a,
       (SELECT at AS next FROM events WHERE number = $wanted + 1) AS b")
note "$moment: event $wanted is committed, event $((wanted + 1)) is not"
segment=$(sql 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())')
# Nobody switches segments by hand before a disaster: archive_timeout does.
wait_for "archive_timeout ends $segment and it is archived" 120 is_archived "$segment"
note "$segment, which holds that moment, is in the archive"

say "Disaster: the server dies and its data directory is gone"
stop_postgres "$data" immediate
wait "${background[@]}" 2>/dev/null || true
background=()
rm -rf "$data"
note "the last event that PostgreSQL confirmed is $(last_event)"

say "Restore to $moment"
begin=$EPOCHREALTIME
cairn restore "$data" LATEST --target-time "$moment" --target-action promote --start --pg-bin "$pg_bin"
wait_for "the server is promoted" 120 is_promoted
restore_seconds=$(seconds_since "$begin")
note "took $restore_seconds s"

say "Proof"
awk -v last="$wanted" '$1 <= last' "$work/committed" >"$work/expected"
sql 'SELECT number, at FROM events ORDER BY number' >"$work/restored"
if ! cmp -s "$work/expected" "$work/restored"; then
  diff "$work/expected" "$work/restored" | head -n 20
  fail "the restored events are not those that were committed by $moment"
fi
rows=$(wc -l <"$work/restored")
lost=$(($(last_event) - wanted))
note "events: $rows rows, equal to the $wanted that were committed by then; none of the $lost later ones"
[ "$rows" = "$wanted" ] || fail "expected $wanted rows, found $rows"
[ "$(sql "SELECT count(*) FROM events WHERE at > '$moment'")" = 0 ] || fail "rows from after the moment"
sums=$(sql "SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM pgbench_branches),
                   (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(delta) FROM pgbench_history)")
[ "$(tr ' ' '\n' <<<"$sums" | sort -u | wc -l)" = 1 ] || fail "the sums of pgbench differ: $sums"
note "pgbench: the four sums agree (${sums%% *}) after" \
  "$(sql 'SELECT count(*) FROM pgbench_history') transactions"
as_postgres "$pg_client_bin/pg_amcheck" --install-missing --heapallindexed postgres || fail "pg_amcheck"
note "pg_amcheck: every table and index is sound"
sql 'INSERT INTO events DEFAULT VALUES'
archive_everything
note "the server writes again, and archives on the new timeline:" \
  "$(sql 'SELECT last_archived_wal FROM pg_stat_archiver')"

say "Done"
note "backup $backup_seconds s, restore with replay and promotion $restore_seconds s, all of it $SECONDS s"
