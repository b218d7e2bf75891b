#!/bin/sh
# An exit hook for launchers: runs an agent, and reaps its registration when it ends.
#
#   launch.sh KEY COMMAND...
#
# KEY is what `sessreap reap` takes: the name or the session under which the agent is registered. `sessreap exec` does this and
# more for a session that is known beforehand.
key=$1
shift
"$@" &
agent=$!
trap 'kill -TERM "$agent" 2>/dev/null' TERM HUP
trap : INT
status=129
while :; do
  wait "$agent"
  status=$?
  kill -0 "$agent" 2>/dev/null || break
done
sessreap reap "$key" >/dev/null 2>&1
exit "$status"
