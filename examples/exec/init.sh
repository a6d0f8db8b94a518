#!/bin/sh
# Process 1 for a container without an init: waits for orphans, hands signals on and returns the command's status.
# Usage: init.sh clef-agent exec [OPTION…] -- COMMAND [ARG…]
exec 3<&0
"$@" <&3 3<&- &
command=$!
for name in TERM INT HUP QUIT USR1 USR2 WINCH CONT TSTP; do
	# shellcheck disable=SC2064
	trap "kill -$name $command" "$name"
done
# A signal ends the wait, but not what is waited for.
while :; do
	wait "$command"
	status=$?
	kill -0 "$command" 2>/dev/null || exit "$status"
done
