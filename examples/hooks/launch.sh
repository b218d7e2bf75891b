#!/bin/sh
# An exit hook for launchers: runs an agent, and reaps its registration when it ends.
#
#   launch.sh KEY COMMAND...
#
# KEY is what `sessreap reap` takes: the name or the session under which the agent is registered. `sessreap exec` does this and
# more for a session that is known beforehand.
#
# The agent has the terminal, its input and its signals. Ctrl-C and the terminal's end reach the agent and this script, and the
# script outlives them. It hands no signal on: a SIGTERM for this script alone has no effect, so send it to the agent or to the group.
key=$1
shift
trap : INT QUIT TERM HUP
"$@"
status=$?
sessreap reap "$key" </dev/null >/dev/null 2>&1
exit "$status"
