#!/bin/bash
# A bash loop over a tree of markers, builtins only: `markers.sh [--apply] ROOT`.
apply=no
if [ "$1" = --apply ]; then
  apply=yes
  shift
fi
shopt -s globstar dotglob nullglob
for path in "$1"/**/.in_use/*; do
  pid=${path##*/}
  if ! kill -0 "$pid" 2>/dev/null; then
    if [ $apply = yes ]; then rm -- "$path"; else echo "$path"; fi
  fi
done
