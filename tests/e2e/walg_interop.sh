#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# WAL-G restores our backups and we restore WAL-G's, for every compression, out of one archive that both filled.
#
# Needs a WAL-G of 3.0.8 or newer as `wal-g` on PATH (or CAIRN_TEST_WALG); skipped without. CAIRN_TEST_INTEROP=small
# leaves out the relation of more than 1 GiB.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
walg_binary=${CAIRN_TEST_WALG:-$(command -v wal-g || true)}
[ -x "$walg_binary" ] || skip "no wal-g on PATH"
begin_story walg_interop
use_filesystem_repository
as_postgres cp "$walg_binary" "$work/bin/wal-g" 2>/dev/null || { cp "$walg_binary" "$work/bin/wal-g" && chmod 755 "$work/bin/wal-g"; }
data=$work/data
walg() { as_postgres "$work/bin/wal-g" "$@"; }
note "$(walg --version | head -n 1)"
row_number=0
declare -a backups=() # "MAKER METHOD NAME"

# Every odd segment is archived by us, every even one by WAL-G, with the method in $work/method.
as_postgres tee "$work/bin/archive" >/dev/null <<'SCRIPT'
#!/bin/bash
test -e "$HOME/archiving" || exit 1
export WALG_COMPRESSION_METHOD
WALG_COMPRESSION_METHOD=$(cat "$HOME/method")
case "$1" in
  *[13579BDF]) exec cairn wal-push "$1" ;;
  *) exec wal-g wal-push "$1" ;;
esac
SCRIPT
as_postgres chmod 755 "$work/bin/archive"

set_method() {
  cairn_env[WALG_COMPRESSION_METHOD]=$1
  as_postgres tee "$work/method" <<<"$1" >/dev/null
}

add_rows() {
  row_number=$((row_number + 1))
  sql "INSERT INTO events SELECT $row_number, md5(g::text) FROM generate_series(1, 2000) g;
       UPDATE in_space SET b = b || 'x' WHERE a % 7 = $row_number % 7;
       DELETE FROM in_space WHERE a % 1000 = $row_number"
}

# The digest of all databases, without what differs by design: where the tablespace lies, and pg_dump's own token.
digest() {
  as_postgres "$pg_client_bin/pg_dumpall" | sed -e "s|$work/restored_space|$work/space|" -e '/^\\\(un\)\?restrict /d' | sha256sum
}

newest_backup() { walg backup-list --json 2>/dev/null | jq -r 'sort_by(.time)[-1].backup_name'; }

take_backup() {
  local maker=$1 method=$2
  set_method "$method"
  add_rows
  case "$maker" in
    cairn) cairn backup-push "$data" >"$work/log/push.log" 2>&1 || fail "cairn backup-push, $method" ;;
    wal-g) walg backup-push "$data" >"$work/log/push.log" 2>&1 || fail "wal-g backup-push, $method" ;;
  esac
  sleep 1.1
  backups+=("$maker $method $(newest_backup)")
  note "$maker, $method: $(newest_backup)"
}

# Restores a backup with the other tool, recovers with that tool's wal-fetch, and compares everything.
restore_with() {
  local tool=$1 name=$2 target=$work/restored oid
  set_method lz4 # Readers must find out themselves how things are compressed.
  as_postgres mkdir "$target"
  oid=$(basename "$(find "$data/pg_tblspc" -mindepth 1 -maxdepth 1)")
  as_postgres tee "$work/spec.json" >/dev/null <<<"{\"base_prefix\":\"$target\",\"tablespaces\":[\"$oid\"],\"$oid\":{\"loc\":\"$work/restored_space\",\"link\":\"pg_tblspc/$oid\"}}"
  case "$tool" in
    cairn) cairn backup-fetch "$target" "$name" --restore-spec "$work/spec.json" >"$work/log/fetch.log" 2>&1 || fail "cairn backup-fetch $name" ;;
    wal-g) walg backup-fetch "$target" "$name" --restore-spec "$work/spec.json" >"$work/log/fetch.log" 2>&1 || fail "wal-g backup-fetch $name" ;;
  esac
  as_postgres chmod 700 "$target"
  as_postgres tee -a "$target/postgresql.auto.conf" >/dev/null <<<"restore_command = '$tool wal-fetch %f %p'"
  as_postgres touch "$target/recovery.signal"
  start_postgres "$target"
  wait_for "$name is recovered" 600 is_promoted
  [ "$(digest)" = "$original" ] || fail "$name restored by $tool is not what was backed up"
  as_postgres "$pg_client_bin/pg_amcheck" --all --heapallindexed >"$work/log/amcheck.log" 2>&1 || fail "pg_amcheck of $name"
  stop_postgres "$target" immediate
  as_postgres rm -rf "$target" "$work/restored_space"
}

say "A cluster with a tablespace, odd names and empty things"
as_postgres touch "$work/archiving"
set_method lz4
make_cluster "$data" "archive_command = 'archive %p'" 'max_wal_size = 4GB' 'autovacuum = off' 'fsync = off'
as_postgres mkdir "$work/space"
start_postgres "$data"
long_name="ein_sehr_langer_Dateiname_$(printf 'ä%.0s' $(seq 60))_$(printf 'x%.0s' $(seq 90)).txt"
as_postgres tee "$data/$long_name" >/dev/null <<<'a file with a long name'
as_postgres touch "$data/empty_file"
as_postgres mkdir "$data/empty_directory"
sql "CREATE TABLESPACE extra LOCATION '$work/space'"
sql 'CREATE EXTENSION amcheck; CREATE TABLE events (n int, t text); CREATE INDEX ON events (n);
     CREATE TABLE in_space TABLESPACE extra AS SELECT a, md5(a::text) AS b FROM generate_series(1, 20000) a;
     CREATE TABLE "größe" (é text); CREATE UNLOGGED TABLE gone (n int); CREATE TABLE empty_table (n int)'

say "Backups by both, with every method"
for method in lzma brotli none; do
  take_backup cairn "$method"
  take_backup wal-g "$method"
done
if [ "${CAIRN_TEST_INTEROP:-}" != small ]; then
  sql "CREATE TABLE big AS SELECT g, repeat(md5(g::text), 30) AS filler FROM generate_series(1, 1250000) g"
  note "a relation of $(sql "SELECT pg_size_pretty(pg_relation_size('big'))")"
fi
for method in zstd lz4; do
  take_backup cairn "$method"
  take_backup wal-g "$method"
done

say "A chain of three deltas by WAL-G"
cairn_env[WALG_DELTA_MAX_STEPS]=6
sql 'CREATE TABLE dropped AS SELECT g FROM generate_series(1, 10000) g'
take_backup wal-g lz4
sql 'DROP TABLE dropped'
[ "${CAIRN_TEST_INTEROP:-}" = small ] || sql "UPDATE big SET filler = 'changed' WHERE g > 1249000"
take_backup wal-g zstd
sql 'TRUNCATE empty_table; INSERT INTO empty_table SELECT g FROM generate_series(1, 5000) g'
take_backup wal-g lz4
unset 'cairn_env[WALG_DELTA_MAX_STEPS]'
case "${backups[-1]}" in *_D_*) ;; *) fail "the last backup is no delta: ${backups[-1]}" ;; esac
add_rows
archive_everything
original=$(digest)
stop_postgres "$data"
as_postgres rm "$work/archiving"
note "$(find "$work/repository/wal_005" -type f | sed 's/.*[0-9A-F]//' | sort | uniq -c | tr '\n' ' ')in the archive"

say "Each restored by the other"
for backup in "${backups[@]}"; do
  read -r maker method name <<<"$backup"
  begin=$SECONDS
  case "$maker" in
    cairn) restore_with wal-g "$name" ;;
    wal-g) restore_with cairn "$name" ;;
  esac
  note "$name ($maker, $method) is equal, and sound ($((SECONDS - begin)) s)"
done
# And ours by ourselves, the one with everything in it.
restore_with cairn "$(printf '%s\n' "${backups[@]}" | awk '$1 == "cairn" { name = $3 } END { print name }')"

say "One list, whoever prints it"
# File times of a folder have nanoseconds, of which we keep the microseconds.
microseconds() { sed -E 's/(\.[0-9]{6})[0-9]*Z/\1Z/g; s/(\.[0-9]*[1-9])0+Z/\1Z/g; s/\.0+Z/Z/g'; }
cairn backup-list --detail --json | microseconds >"$work/list.cairn"
walg backup-list --detail --json 2>/dev/null | microseconds >"$work/list.walg"
cmp "$work/list.cairn" "$work/list.walg" || fail "backup-list --detail --json differs: $(diff "$work/list.cairn" "$work/list.walg")"
cairn backup-list --json | microseconds >"$work/list.cairn"
walg backup-list --json 2>/dev/null | microseconds >"$work/list.walg"
cmp "$work/list.cairn" "$work/list.walg" || fail "backup-list --json differs"
note "backup-list --json, with and without --detail: the same bytes"
# How StackGres's scripts take the list apart: no JSON parser, only text.
parsed=$(cairn backup-list --detail --json | tr -d '[]' | sed 's/},{/}|{/g' | tr '|' '\n' |
  grep '"backup_name"' | sort -r -t , -k 2 |
  while IFS= read -r line; do printf '%s\n' "$line" | tr -d '{}"' | tr ',' '\n' | grep '^backup_name:' | cut -d : -f 2-; done)
[ "$(printf '%s\n' "$parsed" | wc -l)" = "${#backups[@]}" ] || fail "parsed as StackGres does, the list has other backups"
[ "$(printf '%s\n' "$parsed" | head -n 1)" = "$(awk '{ print $3 }' <<<"${backups[-1]}")" ] || fail "parsed as StackGres does, the newest is another"
note "${#backups[@]} backups, the newest first, when parsed as StackGres does"
