#!/bin/bash
# What a careful user would write with jq: ids that processes name are taken from the process table once, ISO dates are
# compared as text, one jq does the work. `careful.sh [--apply] FILE`.
set -euo pipefail
apply=no
if [ "$1" = --apply ]; then
  apply=yes
  shift
fi
file=$1
grace=$(date -u -d '10 minutes ago' +%FT%T)
ttl=$(date -u -d '7 days ago' +%FT%T)
held=$(ps -eo args= | grep -aoE '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' | sort -u | jq -Rn '[inputs | {(.): true}] | add // {}')
ghost='(.lastActivityAt // .registeredAt) as $at | $at < $grace and $at < $ttl and ($held[.threadId] | not)'
if [ $apply = no ]; then
  jq -r --argjson held "$held" --arg grace "$grace" --arg ttl "$ttl" "to_entries[] | select(.value | $ghost) | .key" "$file"
else
  next=$(mktemp "$file.XXXXXX")
  jq --argjson held "$held" --arg grace "$grace" --arg ttl "$ttl" "with_entries(select(.value | $ghost | not))" "$file" >"$next"
  mv "$next" "$file"
fi
