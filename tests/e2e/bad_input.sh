#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever is wrong, the message names the cause, the exit status is a failure, and nothing half-done stays.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin_story bad_input
use_filesystem_repository
data=$work/data
checks=0

# refused WHAT STATUS PATTERN COMMAND…: the command must end with this status and say something that matches.
refused() {
  local what=$1 expected=$2 pattern=$3 status=0
  shift 3
  "$@" >"$work/log/refused.log" 2>&1 || status=$?
  if [ "$status" != "$expected" ] || ! grep -Eq -- "$pattern" "$work/log/refused.log"; then
    cat "$work/log/refused.log" >&2
    fail "$what: expected status $expected and \"$pattern\", got status $status"
  fi
  ! grep -q 'very-secret' "$work/log/refused.log" || fail "$what: the message holds a secret"
  checks=$((checks + 1))
  note "$what"
  note "    $(grep -E -- "$pattern" "$work/log/refused.log" | tail -n 1 | sed 's/^[A-Z]*: [0-9/]* [0-9:.]* //' | cut -c1-220)"
}

# with NAME=VALUE… -- COMMAND…: the command with other settings.
with() {
  local -A saved=()
  local name status=0
  for name in "${!cairn_env[@]}"; do saved[$name]=${cairn_env[$name]}; done
  while [ "$1" != -- ]; do
    cairn_env[${1%%=*}]=${1#*=}
    shift
  done
  shift
  "$@" || status=$?
  cairn_env=()
  for name in "${!saved[@]}"; do cairn_env[$name]=${saved[$name]}; done
  return "$status"
}

say "A cluster and a backup"
make_cluster "$data"
start_postgres "$data"
sql 'CREATE TABLE events (n int); INSERT INTO events VALUES (1)'
cairn backup-push "$data" >"$work/log/push.log" 2>&1 || fail "backup-push"
backup=$(cairn backup-list --json | jq -r '.[0].backup_name')
folder=$work/repository/basebackups_005

say "Storage"
refused "no storage set" 1 'WALG_FILE_PREFIX.*WALG_S3_PREFIX|WALG_S3_PREFIX.*WALG_FILE_PREFIX' with WALG_FILE_PREFIX= -- cairn backup-list
refused "two storages set" 1 'WALG_FILE_PREFIX.*WALG_S3_PREFIX|WALG_S3_PREFIX.*WALG_FILE_PREFIX' with WALG_S3_PREFIX=s3://b/p -- cairn backup-list
refused "folder missing" 1 'does not exist' with WALG_FILE_PREFIX="$work/nowhere" -- cairn backup-list
refused "unknown compression" 1 'WALG_COMPRESSION_METHOD.*"zip"' with WALG_COMPRESSION_METHOD=zip -- cairn backup-push "$data"
refused "not a number" 1 'WALG_UPLOAD_CONCURRENCY.*"many"' with WALG_UPLOAD_CONCURRENCY=many -- cairn backup-push "$data"
refused "encryption we can not do" 1 'WALG_PGP_KEY' with WALG_PGP_KEY=very-secret -- cairn backup-push "$data"
refused "unknown setting is a warning" 0 'WALG_COMPRESION_METHOD' with WALG_COMPRESION_METHOD=lz4 -- cairn backup-list
refused "unknown verb" 1 "backup-pull" cairn backup-pull

say "S3"
with_s3() { with WALG_FILE_PREFIX= AWS_ACCESS_KEY_ID=AKTEST AWS_SECRET_ACCESS_KEY=very-secret AWS_S3_FORCE_PATH_STYLE=true S3_MAX_RETRIES=1 "$@"; }
refused "store unreachable" 1 '127.0.0.1:9' with_s3 WALG_S3_PREFIX=s3://bucket/p AWS_ENDPOINT=http://127.0.0.1:9 -- cairn backup-list
if [ -n "${CAIRN_TEST_S3_ENDPOINT:-}" ]; then
  endpoint=AWS_ENDPOINT=$CAIRN_TEST_S3_ENDPOINT
  refused "wrong key" 1 'InvalidAccessKeyId' with_s3 "WALG_S3_PREFIX=s3://${CAIRN_TEST_S3_BUCKET:?}/p" "$endpoint" AWS_ACCESS_KEY_ID=WRONG -- cairn backup-list
  refused "wrong secret" 1 'SignatureDoesNotMatch' with_s3 "WALG_S3_PREFIX=s3://$CAIRN_TEST_S3_BUCKET/p" "$endpoint" "AWS_ACCESS_KEY_ID=${CAIRN_TEST_S3_ACCESS_KEY:?}" -- cairn backup-list
  refused "bucket missing" 1 'no-such-bucket.*does not exist' with_s3 WALG_S3_PREFIX=s3://no-such-bucket/p "$endpoint" \
    "AWS_ACCESS_KEY_ID=$CAIRN_TEST_S3_ACCESS_KEY" "AWS_SECRET_ACCESS_KEY=${CAIRN_TEST_S3_SECRET_KEY:?}" -- cairn backup-list
else
  note "no S3 server here: wrong key, wrong secret and missing bucket are not tried"
fi

say "The cluster"
refused "PGDATA not given" 1 'PGDATA' cairn backup-push
refused "PGDATA missing" 1 'nowhere' cairn backup-push "$work/nowhere"
as_postgres mkdir "$work/no_cluster"
refused "PGDATA not a cluster" 1 'not a PostgreSQL data directory' cairn backup-push "$work/no_cluster"
make_cluster "$work/other"
refused "PGDATA of another system" 1 'is not the data directory of the server' cairn backup-push "$work/other"
refused "Postgres down" 1 '6999|socket' with PGPORT=6999 -- cairn backup-push "$data"
sql "CREATE ROLE nobody LOGIN"
refused "not allowed to back up" 1 'nobody|permission|pg_read' with PGUSER=nobody -- cairn backup-push "$data"
make_cluster "$work/silent" 'archive_mode = off' 'port = 5433'
start_postgres "$work/silent"
refused "archive_mode off" 1 'archive_mode is off' with PGPORT=5433 -- cairn backup-push "$work/silent"
stop_postgres "$work/silent"
make_cluster "$work/elsewhere" 'archive_command = true' 'port = 5433'
start_postgres "$work/elsewhere"
refused "another cluster in this repository" 1 'belongs to' with PGPORT=5433 -- cairn backup-push "$work/elsewhere"
as_postgres mkdir "$work/repository2"
refused "WAL archived somewhere else" 1 'WAL segment .* is not in the repository' with PGPORT=5433 WALG_FILE_PREFIX="$work/repository2" CAIRN_WAL_WAIT=1s -- cairn backup-push "$work/elsewhere"
[ -z "$(find "$work/repository2" -name '*sentinel*')" ] || fail "a backup without its WAL is listed"
[ -z "$(find "$work/repository2" -name 'part_*')" ] || fail "a failed backup left its parts"
refused "a segment of another cluster" 1 'system' cairn wal-push "$(as_postgres find "$work/elsewhere/pg_wal" -maxdepth 1 -name '0000*' | sort | head -n 1)"
stop_postgres "$work/elsewhere"
as_postgres truncate -s 1000 "$work/no_cluster/000000010000000000000001"
refused "a segment of the wrong size" 1 '1000' cairn wal-push "$work/no_cluster/000000010000000000000001"
refused "no WAL file at all" 1 'notes.txt' cairn wal-push "$data/notes.txt"
refused "WAL that is not archived" 74 '0000000100000000000000FF' cairn wal-fetch 0000000100000000000000FF "$work/fetched"
refused "WAL of an unreachable store" 128 '127.0.0.1:9' with_s3 WALG_S3_PREFIX=s3://b/p AWS_ENDPOINT=http://127.0.0.1:9 -- cairn wal-fetch 000000010000000000000001 "$work/fetched"
[ ! -e "$work/fetched" ] || fail "a failed wal-fetch left a file"

say "Restore"
as_postgres mkdir "$work/full"
as_postgres touch "$work/full/precious"
refused "target not empty" 1 'not empty.*precious' cairn backup-fetch "$work/full" LATEST
[ -e "$work/full/precious" ] || fail "the file in the target is gone"
refused "unknown backup" 1 'base_000000090000000000000001' cairn backup-fetch "$work/target" base_000000090000000000000001
refused "target before the backup" 1 'before the end of every backup' cairn restore "$work/target" --target-time '2001-01-01 00:00:00Z'
refused "wrong action" 1 'explode' cairn restore "$work/target" --target-action explode
refused "no such tablespace" 1 '99999' cairn backup-fetch "$work/target" LATEST --tablespace-mapping 99999=/somewhere
[ ! -e "$work/target/PG_VERSION" ] || fail "a refused restore wrote something"
if [ "$(id -u)" = 0 ] && mkdir "$work/small" && mount -t tmpfs -o size=8m,mode=0777 tmpfs "$work/small" 2>/dev/null; then
  refused "disk too small" 1 'bytes free' cairn backup-fetch "$work/small/target" LATEST
  umount "$work/small"
  mount -t tmpfs -o size=16m,mode=0777 tmpfs "$work/small"
  jq -c '.UncompressedSize = 1000' "$folder/${backup}_backup_stop_sentinel.json" >"$work/sentinel"
  cp "$folder/${backup}_backup_stop_sentinel.json" "$work/sentinel.saved"
  cp "$work/sentinel" "$folder/${backup}_backup_stop_sentinel.json"
  begin=$SECONDS
  refused "disk full while restoring" 1 'No space left' cairn backup-fetch "$work/small/target" LATEST
  [ $((SECONDS - begin)) -lt 20 ] || fail "a full disk should fail at once"
  [ -z "$(ls -A "$work/small/target")" ] || fail "the restore that failed left $(ls -A "$work/small/target")"
  umount "$work/small"
  cp "$work/sentinel.saved" "$folder/${backup}_backup_stop_sentinel.json"
else
  note "no rights to mount a small disk: full disks are not tried"
fi

say "Damage"
part=$folder/$backup/tar_partitions/part_001.tar.lz4
cp "$part" "$work/part.saved"
printf 'X' | dd of="$part" bs=1 seek=100000 conv=notrunc status=none
refused "corrupt part: verify" 1 'part_001' cairn backup-verify
refused "corrupt part: fetch" 1 'part_001' cairn backup-fetch "$work/target" LATEST
truncate -s 100000 "$part"
refused "truncated part: verify" 1 'part_001' cairn backup-verify
refused "truncated part: fetch" 1 'part_001' cairn backup-fetch "$work/target" LATEST
rm "$part"
refused "missing part: verify" 1 'part_001.* is missing' cairn backup-verify
refused "missing part: fetch" 1 'part_001.* is missing' cairn backup-fetch "$work/target" LATEST
[ ! -e "$work/target/PG_VERSION" ] || fail "a failed restore left files"
cp "$work/part.saved" "$part"
sentinel=$folder/${backup}_backup_stop_sentinel.json
cp "$sentinel" "$work/sentinel.saved"
head -c 100 "$work/sentinel.saved" >"$sentinel"
refused "truncated sentinel: fetch" 1 'sentinel' cairn backup-fetch "$work/target" LATEST
refused "truncated sentinel: delete" 1 "$backup" cairn delete everything FORCE --confirm
[ -e "$part" ] || fail "a delete in doubt deleted"
jq -c '.Version = 99' "$work/sentinel.saved" >"$sentinel"
refused "sentinel of the future" 1 'ersion.*99|99.*version' cairn backup-fetch "$work/target" LATEST
cp "$work/sentinel.saved" "$sentinel"
cairn backup-verify >"$work/log/verify.log" 2>&1 || fail "the mended backup should be good"
note "$checks refusals"
