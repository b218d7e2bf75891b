#!/bin/bash
# What a hurried user would write with jq: every entry is held against the whole process table as text.
# `naive.sh [--apply] FILE`.
set -euo pipefail
apply=no
if [ "$1" = --apply ]; then
  apply=yes
  shift
fi
file=$1
ps -eo args= >"$file.ps"
ghost='((now - (.lastActivityAt | sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601)) > 604800) and (.threadId as $id | $ps | contains($id) | not)'
if [ $apply = no ]; then
  jq -r --rawfile ps "$file.ps" "to_entries[] | select(.value | $ghost) | .key" "$file"
else
  jq --rawfile ps "$file.ps" "with_entries(select(.value | $ghost | not))" "$file" >"$file.next"
  mv "$file.next" "$file"
fi
rm -f "$file.ps"
