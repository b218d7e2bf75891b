#!/bin/sh
# What an agent may run outside of its sandbox (sessreap.rules): one word, and no option. A rule for `sessreap` itself would allow
# each longer command, too, such as `sessreap -q --config FILE`; and FILE may name a release command, which is any program.
# For the same reason the agent must not be able to write to this file, or to a directory of its PATH.
case "$#:${1-}" in
1:list) exec sessreap list --json ;;
1:sweep) exec sessreap -q ;;
esac
echo "usage: agent.sh list | sweep" >&2
exit 2
