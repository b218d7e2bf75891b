#!/bin/sh
# A SessionEnd hook of Claude Code: reaps what other registries say of a session as soon as its process is gone.
#
# In ~/.claude/settings.json:
#
#   { "hooks": { "SessionEnd": [ { "hooks": [ { "type": "command", "command": "/usr/share/sessreap/hooks/claude-session-end.sh" } ] } ] } }
#
# Claude runs it while it is still there itself, and waits for it. So it only starts what waits for the end.
session=$(sed -n 's/.*"session_id" *: *"\([0-9A-Za-z-]*\)".*/\1/p')
[ -n "$session" ] || exit 0
agent=$PPID
# A hook is run by a shell of Claude's, which ends with the hook.
case $(cat "/proc/$agent/comm" 2>/dev/null) in sh | bash | dash | zsh) agent=$(sed 's/.*) . //; s/ .*//' "/proc/$agent/stat") ;; esac
export session agent
setsid sh -c '
  tries=0
  while [ -e "/proc/$agent" ] && ! grep -q "^State:.[ZX]" "/proc/$agent/status" && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
  exec sessreap reap "$session" --all
' </dev/null >/dev/null 2>&1 &
