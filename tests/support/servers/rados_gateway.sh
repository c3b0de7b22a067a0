#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a real S3 server, Ceph's RADOS Gateway, on 127.0.0.1: one monitor, one OSD that keeps its data
# in memory, one gateway. Ready in about 15 s, about 150 MB. Signatures are checked for real.
#
#   rados_gateway.sh start DIRECTORY [PORT]   prints, as KEY=VALUE lines, how to reach it
#   rados_gateway.sh stop DIRECTORY           ends its processes and waits until they are gone
#
# DIRECTORY belongs to this one server; any number of them run side by side, each with a directory
# and a port of its own. Without PORT, free ones are found. Nothing is installed.
set -euo pipefail

readonly access_key=CAIRNTESTACCESSKEY
readonly secret_key=cairn/test+secret
readonly ready_seconds_max=90
readonly stop_seconds_max=20

fail() {
  echo "rados_gateway.sh: $*" >&2
  exit 1
}

require_programs() {
  local missing=()
  command -v radosgw >/dev/null && command -v radosgw-admin >/dev/null || missing+=(radosgw)
  command -v ceph-mon >/dev/null || missing+=(ceph-mon)
  command -v ceph-osd >/dev/null || missing+=(ceph-osd)
  command -v ceph >/dev/null && command -v ceph-authtool >/dev/null || missing+=(ceph-common)
  if ((${#missing[@]})); then
    fail "needs the Debian packages ${missing[*]}: apt-get install --no-install-recommends ${missing[*]}"
  fi
}

is_port_free() {
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below the range from which the kernel gives ports to clients. Two starts at the same moment may
# still choose the same; the loser's gateway then does not come up, and start tries again.
free_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    if is_port_free "$port"; then
      echo "$port"
      return
    fi
  done
  fail "no free port between 20000 and 32000"
}

write_configuration() {
  local state=$1 gateway_port=$2 monitor_port=$3
  cat >"$state/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = v2:127.0.0.1:$monitor_port
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = $state/keyring
run dir = $state/run
pid file = $state/run/\$name.pid
admin socket = $state/run/\$name.asok
log file = $state/run/\$name.log
auth allow insecure global id reclaim = false
# One copy of everything, on the only OSD there is.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
[mon.a]
mon data = $state/monitor
[osd.0]
osd data = $state/osd
osd objectstore = memstore
memstore device bytes = 8589934592
[client.rgw]
rgw data = $state/gateway
rgw frontends = beast endpoint=127.0.0.1:$gateway_port
rgw enable usage log = false
CONF
}

make_keys() {
  local state=$1
  ceph-authtool --create-keyring "$state/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool "$state/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  ceph-authtool "$state/keyring" --gen-key -n client.rgw --cap mon 'allow *' --cap osd 'allow *'
  ceph-authtool "$state/keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
}

start_monitor() {
  local state=$1 monitor_port=$2 fsid
  fsid=$(sed -n 's/^fsid = //p' "$state/ceph.conf")
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor_port]" "$state/monmap"
  ceph-mon --mkfs -i a --monmap "$state/monmap" --keyring "$state/keyring"
  ceph-mon -i a
}

start_osd() {
  local state=$1 uuid
  uuid=$(cat /proc/sys/kernel/random/uuid)
  ceph --connect-timeout 30 osd new "$uuid"
  ceph --connect-timeout 30 auth import -i "$state/keyring"
  ceph-osd -i 0 --mkfs --osd-uuid "$uuid"
  ceph-osd -i 0
}

wait_until_ready() {
  local port=$1
  for ((i = 0; i < ready_seconds_max * 2; i++)); do
    if curl --noproxy '*' -fs -o /dev/null "http://127.0.0.1:$port/"; then return; fi
    sleep 0.5
  done
  return 1
}

bring_up() {
  local state=$1 port=$2 monitor_port=$3
  mkdir -p "$state/monitor" "$state/osd" "$state/gateway" "$state/run"
  write_configuration "$state" "$port" "$monitor_port"
  export CEPH_CONF=$state/ceph.conf
  make_keys "$state" && start_monitor "$state" "$monitor_port" && start_osd "$state" &&
    radosgw -n client.rgw && wait_until_ready "$port" &&
    timeout 60 radosgw-admin -n client.rgw user create --uid=cairn --display-name=cairn \
      --access-key="$access_key" --secret-key="$secret_key"
}

# The process is ours only if it still runs with our configuration: ids are used again.
is_ours() {
  local pid=$1 state=$2
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "CEPH_CONF=$state/ceph.conf"
}

# A process that nobody has waited for yet keeps its number, but no thread and no socket.
has_ended() {
  local pid=$1 threads=("/proc/$1/task/"*)
  [[ ! -e /proc/$pid/stat ]] || { ((${#threads[@]} <= 1)) && grep -q ') [ZX] ' "/proc/$pid/stat"; }
}

end_processes() {
  local state=$1 file pid pids=()
  # The gateway first: it is the client of the others.
  for file in "$state"/run/client.rgw.pid "$state"/run/osd.0.pid "$state"/run/mon.a.pid; do
    [[ -s $file ]] || continue
    pid=$(<"$file")
    if is_ours "$pid" "$state"; then
      # Nothing here outlives the stop, so there is nothing to write back.
      kill -KILL "$pid" 2>/dev/null || true
      pids+=("$pid")
    fi
  done
  for pid in "${pids[@]}"; do
    for ((i = 0; i < stop_seconds_max * 10; i++)); do
      if has_ended "$pid" 2>/dev/null; then continue 2; fi
      sleep 0.1
    done
    fail "process $pid does not end"
  done
}

remove_state() {
  local state=$1
  rm -rf "$state/monitor" "$state/osd" "$state/gateway" "$state/run" "$state/keyring" \
    "$state/monmap" "$state/ceph.conf" "$state/start.log"
}

start() {
  local state port=${2:-} try chosen
  require_programs
  mkdir -p "$1"
  state=$(cd "$1" && pwd)
  [[ ! -e $state/ceph.conf ]] || fail "$state already has a server: stop it first"
  [[ -z $port ]] || is_port_free "$port" || fail "port $port is in use"
  for try in 1 2 3; do
    chosen=${port:-$(free_port)}
    if (bring_up "$state" "$chosen" "$(free_port)") >"$state/start.log" 2>&1; then
      echo "endpoint=http://127.0.0.1:$chosen"
      echo "access_key=$access_key"
      echo "secret_key=$secret_key"
      return
    fi
    end_processes "$state"
    ((try == 3)) || remove_state "$state"
  done
  tail -n 20 "$state/start.log" >&2
  fail "the gateway does not come up; logs are in $state/run and $state/start.log"
}

stop() {
  local state
  [[ -d $1 ]] || return 0
  state=$(cd "$1" && pwd)
  end_processes "$state"
  remove_state "$state"
}

case ${1:-} in
  start) [[ $# -ge 2 && $# -le 3 ]] || fail "usage: start DIRECTORY [PORT]"; start "$2" "${3:-}" ;;
  stop) [[ $# -eq 2 ]] || fail "usage: stop DIRECTORY"; stop "$2" ;;
  *) fail "usage: rados_gateway.sh start DIRECTORY [PORT] | stop DIRECTORY" ;;
esac
