#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures backup and restore of a generated cluster, Cairn beside pgBackRest, and archiving segment by segment.
#
# usage: run.sh [--gigabytes N] [--segments N] [--keep] [backup] [wal]      (./dev bench builds and calls this)
#
# One line per measurement: what, wall seconds, CPU seconds, peak MiB of the largest process, stored MiB. Under root,
# the page cache is dropped before each. Figures of different runs on a shared machine do not compare; those of
# one run do.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/../tests/e2e source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tests/e2e/lib.sh"

gigabytes=1
segments=200
parts=()
while [ $# -gt 0 ]; do
  case "$1" in
    --gigabytes) gigabytes=${2:?} && shift ;;
    --segments) segments=${2:?} && shift ;;
    --keep) keep=yes ;;
    backup | wal) parts+=("$1") ;;
    *) fail "unknown argument \"$1\"" ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(backup wal)

begin_story bench
data=$work/data

drop_caches() {
  sync
  [ "$(id -u)" != 0 ] || echo 3 2>/dev/null >/proc/sys/vm/drop_caches || true
}

row() { printf '%-34s %9s %9s %9s %9s\n' "$@"; }

# measure NAME FOLDER COMMAND…: runs it as the server's user; FOLDER is what its result takes on disk.
measure() {
  local name=$1 folder=$2 wall user system peak
  shift 2
  drop_caches
  as_postgres /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$@" >"$work/log/measured.log" 2>&1 || fail "$name"
  read -r wall user system peak < <(tail -n 1 "$work/time")
  row "$name" "$wall" "$(awk -v u="$user" -v s="$system" 'BEGIN { printf "%.1f", u + s }')" \
    "$((peak / 1024))" "$(du -sm "$folder" | cut -f1)"
}

archive_with() {
  sql "ALTER SYSTEM SET archive_command = '$1'"
  sql 'SELECT pg_reload_conf()' >/dev/null
}

make_data() {
  say "A cluster of about $gigabytes GB"
  make_cluster "$data" 'max_wal_size = 4GB' 'autovacuum = off' 'fsync = off'
  start_postgres "$data"
  archive_with "test ! -d $work/wal || cp %p $work/wal/%f"
  as_postgres mkdir "$work/wal"
  # A scale of one is about 15 MB of tables and indexes, and as much WAL.
  as_postgres "$pg_client_bin/pgbench" -i -q -s $((gigabytes * 66)) >"$work/log/pgbench-init.log" 2>&1 || fail "pgbench -i"
  sql 'CHECKPOINT'
  archive_everything
  note "$(du -sm --exclude=pg_wal "$data" | cut -f1) MiB of files, $(find "$work/wal" -type f | wc -l) segments"
}

bench_cairn() {
  local method=$1
  cairn_env=([WALG_FILE_PREFIX]="$work/repository-$method" [WALG_COMPRESSION_METHOD]="$method")
  as_postgres mkdir "$work/repository-$method"
  archive_with "WALG_FILE_PREFIX=$work/repository-$method WALG_COMPRESSION_METHOD=$method cairn wal-push %p"
  measure "cairn backup ($method)" "$work/repository-$method" "$work/bin/cairn" backup-push "$data"
  measure "cairn restore ($method)" "$work/restored" "$work/bin/cairn" backup-fetch "$work/restored" LATEST
  rm -rf "$work/restored" "$work/repository-$method"
}

bench_pgbackrest() {
  command -v pgbackrest >/dev/null || { note "pgBackRest is not here"; return; }
  local method=$1 level=$2
  local -a command=(pgbackrest --config="$work/pgbackrest.conf" --stanza=bench)
  as_postgres mkdir -p "$work/pgbackrest" "$work/lock"
  as_postgres tee "$work/pgbackrest.conf" >/dev/null <<CONF
[global]
repo1-path=$work/pgbackrest
log-path=$work/log
lock-path=$work/lock
spool-path=$work/lock
process-max=2
compress-type=$method
compress-level=$level
log-level-console=error
[bench]
pg1-path=$data
pg1-socket-path=$work/socket
pg1-user=postgres
CONF
  as_postgres "${command[@]}" stanza-create >"$work/log/pgbackrest.log" 2>&1 || fail "stanza-create"
  archive_with "${command[*]} archive-push %p"
  measure "pgBackRest backup ($method -$level)" "$work/pgbackrest" "${command[@]}" --type=full --start-fast backup
  as_postgres mkdir -m 700 "$work/restored"
  measure "pgBackRest restore ($method -$level)" "$work/restored" \
    "${command[@]}" --pg1-path="$work/restored" restore
  rm -rf "$work/restored" "$work/pgbackrest"
}

# Times each call by itself, a process per segment as PostgreSQL would start it: what, p50 and p99 in milliseconds.
bench_wal() {
  cairn_env=([WALG_FILE_PREFIX]="$work/repository-wal")
  as_postgres mkdir "$work/repository-wal" "$work/fetched"
  cat >"$work/wal.sh" <<'SH'
verb=$1 from=$2 to=$3 count=$4
ls "$from" | grep -xE '[0-9A-F]{24}' | head -n "$count" | while read -r segment; do
  begin=${EPOCHREALTIME/./}
  case $verb in
    wal-push) cairn wal-push "$from/$segment" 2>>"$HOME/log/wal.log" || exit 1 ;;
    wal-fetch) cairn wal-fetch "$segment" "$to/$segment" 2>>"$HOME/log/wal.log" || exit 1 ;;
  esac
  echo $((${EPOCHREALTIME/./} - begin))
done
SH
  local verb
  printf '%-34s %9s %9s %9s\n' "archiving, one by one" "count" "p50 ms" "p99 ms"
  for verb in wal-push wal-fetch; do
    as_postgres bash "$work/wal.sh" "$verb" "$work/wal" "$work/fetched" "$segments" | sort -n >"$work/$verb.times"
    awk -v name="cairn $verb" '{ t[NR] = $1 / 1000 } END {
      printf "%-34s %9d %9.1f %9.1f\n", name, NR, t[int((NR + 1) / 2)], t[int(NR * 0.99 + 0.5)] }' "$work/$verb.times"
  done
  local segment
  while read -r segment; do
    cmp -s "$work/wal/$segment" "$work/fetched/$segment" || fail "$segment came back different"
  done < <(find "$work/fetched" -maxdepth 1 -type f -printf '%f\n')
}

make_data
for part in "${parts[@]}"; do
  case "$part" in
    backup)
      say "Backup and restore"
      row "" "wall s" "CPU s" "peak MiB" "MiB"
      bench_cairn lz4
      bench_cairn zstd
      bench_pgbackrest lz4 1
      bench_pgbackrest zst 3
      ;;
    wal)
      say "WAL"
      archive_with true
      bench_wal
      ;;
  esac
done
