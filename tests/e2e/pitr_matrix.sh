#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every recovery target, inclusive and exclusive, and across a timeline switch: the restored rows are the expected ones.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin_story pitr_matrix
use_filesystem_repository
data=$work/data
checks=0

# Adds one row in a transaction of its own; afterwards xid, lsn and time are those of its commit.
add_row() {
  read -r xid < <(sql "WITH added AS (INSERT INTO events VALUES ($1) RETURNING 1) SELECT txid_current() FROM added")
  time=$(sql "SELECT to_char(pg_xact_commit_timestamp('$xid'::xid), 'YYYY-MM-DD HH24:MI:SS.USOF')")
  # The end of the commit record: the next record begins here.
  lsn=$(sql 'SELECT pg_current_wal_insert_lsn()')
}

# expect WHAT ROWS OPTION…: restores with these options and compares the numbers in the table.
expect() {
  local what=$1 rows=$2 found
  shift 2
  cairn restore "$work/restored" "$@" --start --pg-bin "$pg_bin" >"$work/log/restore.log" 2>&1 || {
    cat "$work/log/restore.log" >&2
    fail "$what: the restore failed"
  }
  found=$(sql "SELECT coalesce(string_agg(n::text, ',' ORDER BY n), 'none') FROM events")
  [ "$found" = "$rows" ] || fail "$what: expected rows $rows, found $found"
  stop_postgres "$work/restored" immediate
  as_postgres rm -rf "$work/restored"
  checks=$((checks + 1))
  note "$what: $rows"
}

# refused WHAT TEXT OPTION…: the restore must fail and say TEXT.
refused() {
  local what=$1 text=$2
  shift 2
  if cairn restore "$work/restored" "$@" --start --pg-bin "$pg_bin" >"$work/log/restore.log" 2>&1; then
    fail "$what: the restore should have failed"
  fi
  grep -q -- "$text" "$work/log/restore.log" || {
    cat "$work/log/restore.log" >&2
    fail "$what: no \"$text\" in its message"
  }
  as_postgres rm -rf "$work/restored"
  checks=$((checks + 1))
  note "$what: refused: $(grep -o 'ERROR.*' "$work/log/restore.log" | tail -n 1 | cut -d' ' -f4- | cut -c1-150)"
}

say "A cluster whose every step is known: $("$pg_bin/postgres" --version)"
# The servers restored for a look must not add their timelines to the archive.
make_cluster "$data" 'track_commit_timestamp = on' \
  "archive_command = 'test -e $work/archiving && cairn wal-push %p'"
as_postgres touch "$work/archiving"
start_postgres "$data"
sql 'CREATE TABLE events (n int PRIMARY KEY)'
add_row 1
early=$time
cairn backup-push "$data" >"$work/log/backup.log" 2>&1 || fail "backup-push"
sleep 0.1
add_row 2
xid2=$xid time2=$time lsn2=$lsn
sql "SELECT pg_create_restore_point('between_2_and_3')" >/dev/null
sleep 0.1
add_row 3
xid3=$xid time3=$time lsn3=$lsn
sleep 0.1
add_row 4
archive_everything
stop_postgres "$data"
as_postgres rm "$work/archiving"

say "Targets on the first timeline"
expect "time of 3, inclusive" 1,2,3 --target-time "$time3"
expect "time of 3, exclusive" 1,2 --target-time "$time3" --target-exclusive
expect "time of 2, in another zone" 1,2 --target-time "$(date -u -d "$time2" '+%Y-%m-%dT%H:%M:%S.%6NZ')"
expect "xid of 3, inclusive" 1,2,3 --target-xid "$xid3"
expect "xid of 3, exclusive" 1,2 --target-xid "$xid3" --target-exclusive
expect "xid of 2, inclusive" 1,2 --target-xid "$xid2"
# The target names where a record begins: what begins at the end of 2 is already after it.
expect "lsn after 2, exclusive" 1,2 --target-lsn "$lsn2" --target-exclusive
expect "lsn after 3, exclusive" 1,2,3 --target-lsn "$lsn3" --target-exclusive
expect "lsn after 3, inclusive" 1,2,3 --target-lsn "$lsn3"
expect "restore point" 1,2 --target-name between_2_and_3
expect "immediate" 1 --target-immediate
expect "everything archived" 1,2,3,4

say "Targets that can not be reached"
refused "time before the backup" 'lies before the end of every backup' --target-time "$early"
refused "time without zone" 'zone' --target-time '2026-01-01 00:00:00'
refused "time after the archive" 'before configured recovery target was reached' --target-time '2099-01-01 00:00:00Z'
refused "unknown restore point" 'before configured recovery target was reached' --target-name nowhere
refused "two targets" 'only one of' --target-xid 1 --target-lsn 0/1

say "Across a timeline switch"
# From the state after 2, history goes on differently: 2 is followed by 30 on the second timeline.
cairn restore "$work/second" --target-name between_2_and_3 --start --pg-bin "$pg_bin" >"$work/log/second.log" 2>&1 ||
  fail "the restore for the second timeline"
wait_for "the second server is promoted" 60 is_promoted
as_postgres touch "$work/archiving"
add_row 30
time30=$time xid30=$xid
sleep 0.1
add_row 40
archive_everything
stop_postgres "$work/second"
as_postgres rm -rf "$work/second" "$work/archiving"
expect "latest timeline, everything" 1,2,30,40
expect "time of 30 on the second timeline" 1,2,30 --target-time "$time30"
expect "xid of 30, exclusive, on the second timeline" 1,2 --target-xid "$xid30" --target-exclusive
expect "timeline 2 by number" 1,2,30,40 --target-timeline 2
expect "the first timeline, by number" 1,2,3,4 --target-timeline 1
expect "the backup's own timeline" 1,2,3,4 --target-timeline current
expect "time of 3 on the first timeline" 1,2,3 --target-timeline 1 --target-time "$time3"

say "What to do there"
cairn restore "$work/restored" --target-xid "$xid2" --target-timeline 1 --target-action pause --start \
  --pg-bin "$pg_bin" >"$work/log/restore.log" 2>&1 || fail "the restore with pause"
[ "$(sql 'SELECT pg_is_wal_replay_paused()')" = t ] || fail "the server is not paused"
[ "$(sql 'SELECT max(n) FROM events')" = 2 ] || fail "paused at the wrong place"
stop_postgres "$work/restored" immediate
as_postgres rm -rf "$work/restored"
cairn restore "$work/restored" --target-xid "$xid2" --target-timeline 1 --target-action shutdown --start \
  --pg-bin "$pg_bin" >"$work/log/restore.log" 2>&1 || fail "the restore with shutdown"
[ ! -e "$work/restored/postmaster.pid" ] || fail "the server did not shut down"
checks=$((checks + 2))
note "$checks targets"
