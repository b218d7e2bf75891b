#!/bin/sh
# Runs the tests as on a machine that booted two minutes ago, where each time since the boot is shorter than every grace
# period. A time namespace shifts what /proc/uptime and the monotonic clocks say; the machine's clocks stay as they are.
# Arguments go to vitest: `fresh-boot.sh --project host` runs one project.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- --project core --project sim --project host --project cli --project alone

refuse() {
  echo "fresh-boot: cannot run the tests as after a boot: $1" >&2
  exit 1
}

[ -r /proc/uptime ] || refuse "there is no /proc/uptime"
read -r up _ < /proc/uptime
offset=$((120 - ${up%.*}))
# A plain user needs a user namespace for the time namespace, and stays who it is in it.
[ "$(id -u)" = 0 ] && user='' || user='--user --map-current-user'
enter="unshare $user --time --boottime $offset --monotonic $offset --fork --kill-child"
why=$($enter true 2>&1) || refuse "$why"

exec $enter npx vitest run "$@"
