#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The real program, killed at fifty random moments: whatever is listed stays good, retries succeed, leftovers can be
# collected. The seed is printed; CAIRN_TEST_SEED repeats a run.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin_story kill_nine
use_filesystem_repository
cairn_env[CAIRN_GARBAGE_AGE]=1s
cairn_env[S3_MAX_PART_SIZE]=5242880
data=$work/data
seed=${CAIRN_TEST_SEED:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$((seed % 32768))
note "seed $seed"

# Runs the program and kills it after a random part of SECONDS; says whether it was still running.
kill_within() {
  local seconds=$1
  shift
  cairn "$@" >"$work/log/killed.log" 2>&1 &
  local child=$! pause
  pause=$(awk -v s="$seconds" -v r="$RANDOM" 'BEGIN { printf "%.3f", s * r / 32768 }')
  sleep "$pause"
  # The program itself, not the shells and `runuser` around it.
  if pkill -9 -f "^$work/bin/cairn $1"; then killed=$((killed + 1)); fi
  wait "$child" 2>/dev/null || true
}
killed=0

check_listed() {
  local name
  for name in $(cairn backup-list --json | jq -r '.[].backup_name'); do
    cairn backup-verify "$name" >"$work/log/verify.log" 2>&1 || {
      cat "$work/log/verify.log" >&2
      fail "$name is listed, but not good"
    }
  done
}

say "A cluster under load"
make_cluster "$data" 'max_wal_size = 128MB'
start_postgres "$data"
as_postgres "$pg_client_bin/pgbench" -i -q -s 8 >"$work/log/init.log" 2>&1 || fail "pgbench -i"
begin=$EPOCHREALTIME
cairn backup-push "$data" >"$work/log/push.log" 2>&1 || fail "backup-push"
duration=$(awk -v from="$begin" -v to="$EPOCHREALTIME" 'BEGIN { print to - from }')
note "a backup takes $duration s"
(while [ ! -e "$work/enough" ]; do
  as_postgres "$pg_client_bin/pgbench" -n -c 2 -T 5 -R 100 >/dev/null 2>&1 || sleep 0.5
done) &
background+=($!)

say "Fifty deaths"
for round in $(seq 50); do
  case $((round % 5)) in
    0 | 1) kill_within "$(awk -v d="$duration" 'BEGIN { print 2 * d }')" backup-push "$data" ;;
    2)
      kill_within 1.5 backup-fetch "$work/target" LATEST
      if [ -d "$work/target" ] && [ -e "$work/target/cairn_restore_incomplete" ] && [ -e "$work/target/postmaster.pid" ]; then
        fail "a restore that was killed looks like a cluster"
      fi
      # What a killed restore left is emptied by the next one; a finished one has to be made room for.
      [ -e "$work/target/cairn_restore_incomplete" ] || as_postgres rm -rf "$work/target"
      cairn backup-fetch "$work/target" LATEST >"$work/log/fetch.log" 2>&1 || fail "the restore after a killed one"
      "$pg_client_bin/pg_verifybackup" -n "$work/target" >"$work/log/verify.log" 2>&1 || fail "pg_verifybackup"
      as_postgres rm -rf "$work/target"
      ;;
    3) kill_within 0.3 delete retain FULL 2 --confirm ;;
    4) # Whatever is archiving right now.
      for _ in 1 2 3 4 5 6; do
        sql 'SELECT pg_switch_wal()' >/dev/null
        sleep 0.05
        if pkill -9 -f "^cairn wal-push"; then killed=$((killed + 1)); fi
      done
      ;;
  esac
  if [ $((round % 10)) = 0 ]; then
    check_listed
    note "$round rounds, $killed processes killed, $(cairn backup-list --json | jq length) backups listed and good"
  fi
done

touch "$work/enough"
wait "${background[@]}"
background=()

say "Afterwards"
cairn backup-push "$data" >"$work/log/push.log" 2>&1 || fail "the backup after all that"
archive_everything
check_listed
cairn wal-verify integrity >"$work/log/wal.log" 2>&1 || fail "wal-verify"
grep -q 'status: OK' "$work/log/wal.log" || { cat "$work/log/wal.log" >&2 && fail "the archive has gaps"; }
sleep 2
cairn delete garbage --confirm >"$work/log/garbage.log" 2>&1 || { cat "$work/log/garbage.log" >&2 && fail "delete garbage"; }
left=$(find "$work/repository/basebackups_005" -mindepth 1 -maxdepth 1 -type d | wc -l)
listed=$(cairn backup-list --json | jq length)
[ "$left" = "$listed" ] || fail "$left folders for $listed backups after collecting garbage"
[ -z "$(find "$work/repository" -name '*.tmp.*')" ] || fail "temporary files are left: $(find "$work/repository" -name '*.tmp.*' | head -n 3)"
check_listed
note "$killed processes killed; $listed backups are listed and good, the archive has no gap, no leftovers"
