# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every story needs: a place to work, a real PostgreSQL in it, and the words to tell what happens.
# Source it, call `begin_story NAME`, and everything ends with the script.
#
# Servers listen on a unix socket only, so stories never fight over a port. PostgreSQL refuses to run as
# root, so under root its programs (and cairn beside them) run as the user postgres.

set -euo pipefail

pg_bin=${CAIRN_TEST_PG_BIN:-/usr/lib/postgresql/15/bin}
# The client programs; a newer server from elsewhere may come without any.
pg_client_bin=${CAIRN_TEST_PG_CLIENT_BIN:-/usr/lib/postgresql/15/bin}
story=
work=
keep=no
declare -A cairn_env=() # settings of the repository, for cairn and for archive_command

say() { printf '\n\033[1m== %s\033[0m  (%ss)\n' "$*" "$SECONDS"; }
note() { printf '   %s\n' "$*"; }

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# Ends the story as not told, with the reason as the last line.
skip() {
  echo "$*"
  exit 77
}

# ---------------------------------------------------------------- a place to work

# Makes $work, a short path that the server's user owns, with the program in it: the checkout itself may lie
# where that user cannot look.
begin_story() {
  story=$1
  local binary=${CAIRN_BINARY:-build/release/bin/cairn}
  [ -x "$binary" ] || fail "there is no program at $binary; run ./dev build"
  [ -x "$pg_bin/postgres" ] || skip "no PostgreSQL in $pg_bin"
  if [ "$(id -u)" = 0 ] && ! id -u postgres >/dev/null 2>&1; then
    skip "running as root, and there is no user postgres to run the server as"
  fi
  trap end_story EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  work=$(mktemp -d "/tmp/cairn-$story.XXXXXX")
  mkdir "$work/bin" "$work/log" "$work/socket"
  cp "$binary" "$work/bin/cairn"
  [ "$(id -u)" != 0 ] || chown -R postgres "$work"
  if ! as_postgres test -x "$pg_bin/postgres"; then
    cp -r "${pg_bin%/bin}" "$work/postgresql"
    pg_bin=$work/postgresql/bin
  fi
}

background=() # process ids of load; load talks to a server, so it ends when the servers do

# Runs what ends the story: whatever it started stops, and what it made goes.
end_story() {
  local status=$? pidfile
  trap - EXIT INT TERM
  [ -n "$work" ] || exit "$status"
  for pidfile in "$work"/*/postmaster.pid; do
    [ -f "$pidfile" ] || continue
    as_postgres "$pg_bin/pg_ctl" -D "${pidfile%/*}" -m immediate -w stop >/dev/null 2>&1 || true
  done
  [ ${#background[@]} = 0 ] || wait "${background[@]}" 2>/dev/null || true
  if [ "$status" != 0 ] && [ "$status" != 77 ]; then show_logs; fi
  awk -v below="$work/" 'index($2, below) == 1 { print $2 }' /proc/mounts | xargs -r umount -l
  if [ "$keep" = yes ]; then
    note "Kept: $work"
  else
    rm -rf "$work"
  fi
  exit "$status"
}

show_logs() {
  local file
  for file in "$work"/log/*.log; do
    [ -s "$file" ] || continue
    printf -- '--- the end of %s\n' "$file" >&2
    tail -n 15 "$file" >&2
  done
}

# ---------------------------------------------------------------- running things

# A command as the server's user, in $work, with the repository's settings and nothing of ours.
as_postgres() {
  local -a environment=(PATH="$work/bin:$pg_bin:$pg_client_bin:/usr/bin:/bin" HOME="$work" LC_ALL=C.UTF-8
    PGHOST="$work/socket" PGUSER=postgres PGDATABASE=postgres PGTZ=UTC TZ=UTC)
  local name
  for name in "${!cairn_env[@]}"; do environment+=("$name=${cairn_env[$name]}"); done
  if [ "$(id -u)" = 0 ]; then
    (cd "$work" && exec runuser -u postgres -- env -i "${environment[@]}" "$@")
  else
    (cd "$work" && exec env -i "${environment[@]}" "$@")
  fi
}

cairn() { as_postgres "$work/bin/cairn" "$@"; }

# Runs the SQL of the first argument, or of standard input without one, and prints bare values.
sql() {
  local -a command=()
  [ $# = 0 ] || command=(-c "$1")
  as_postgres "$pg_client_bin/psql" -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 "${command[@]}"
}

# Waits up to SECONDS until a command succeeds.
wait_for() {
  local what=$1 seconds=$2 deadline
  shift 2
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || fail "waited $seconds s in vain until $what"
    sleep 0.2
  done
}

# ---------------------------------------------------------------- the repository

# A repository of its own for this story; fills cairn_env.
use_filesystem_repository() {
  as_postgres mkdir -p "$work/repository"
  cairn_env=([WALG_FILE_PREFIX]="$work/repository")
}

use_s3_repository() {
  [ -n "${CAIRN_TEST_S3_ENDPOINT:-}" ] || skip "no S3 server: CAIRN_TEST_S3_ENDPOINT is not set"
  cairn_env=(
    [WALG_S3_PREFIX]="s3://${CAIRN_TEST_S3_BUCKET:?}/$story-$$"
    [AWS_ENDPOINT]="$CAIRN_TEST_S3_ENDPOINT"
    [AWS_ACCESS_KEY_ID]="${CAIRN_TEST_S3_ACCESS_KEY:?}"
    [AWS_SECRET_ACCESS_KEY]="${CAIRN_TEST_S3_SECRET_KEY:?}"
    [AWS_REGION]="${CAIRN_TEST_S3_REGION:-us-east-1}"
    [AWS_S3_FORCE_PATH_STYLE]=true
  )
}

use_repository() {
  case "$1" in
    filesystem) use_filesystem_repository ;;
    s3) use_s3_repository ;;
    *) fail "there is no storage \"$1\": filesystem or s3" ;;
  esac
}

# ---------------------------------------------------------------- PostgreSQL

# make_cluster DIRECTORY [LINE…]: initdb with checksums and archiving to the repository; further lines for
# postgresql.conf.
make_cluster() {
  local data=$1
  shift
  as_postgres "$pg_bin/initdb" -D "$data" --data-checksums -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
    >"$work/log/initdb.log" 2>&1 || fail "initdb"
  as_postgres tee -a "$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$work/socket'
shared_buffers = 64MB
timezone = 'UTC'
log_min_messages = info
log_checkpoints = off
archive_mode = on
archive_timeout = 5s
archive_command = 'cairn wal-push %p'
$(printf '%s\n' "$@")
CONF
}

# The server inherits the settings of the repository, and so do archive_command and restore_command.
start_postgres() {
  local data=$1
  as_postgres "$pg_bin/pg_ctl" -D "$data" -l "$work/log/postgres-${data##*/}.log" -w -t 120 start >/dev/null ||
    fail "PostgreSQL did not start in $data"
}

stop_postgres() { as_postgres "$pg_bin/pg_ctl" -D "$1" -m "${2:-fast}" -w -t 120 stop >/dev/null; }

is_promoted() { [ "$(sql 'SELECT pg_is_in_recovery()')" = f ]; }

# True once every segment up to the given one is in the archive.
is_archived() { [ "$(sql "SELECT coalesce(last_archived_wal >= '$1', false) FROM pg_stat_archiver")" = t ]; }

# Ends the current segment and waits until it is archived.
archive_everything() {
  local segment
  segment=$(sql 'SELECT pg_walfile_name(pg_switch_wal())')
  wait_for "$segment is archived" 120 is_archived "$segment"
}
