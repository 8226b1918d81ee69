#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C: ends soon, exits with 130, loses nothing.
. "$(dirname "$0")/lib.sh"

for sig in INT TERM; do
	make_repo "$dir/$sig"
	cd "$dir/$sig" || exit 1
	# A shell without job control starts background work with SIGINT
	# ignored; the program must still hear it.
	"$PIKE" evolve --candidates 4 "--allow-weak=$LEVEL" >"$dir/out" \
		2>"$dir/err" </dev/null &
	pid=$!
	for _ in $(seq 600); do
		git rev-parse -q --verify refs/pike/open/scale/cpu >/dev/null &&
			break
		kill -0 $pid 2>/dev/null || break
		sleep 0.1
	done
	kill -$sig $pid 2>/dev/null
	wait $pid
	is "SIG$sig: exits with 130" $? 130
	ok "SIG$sig: fsck" git fsck --strict --no-dangling
done
pike evolve --candidates 2 "--allow-weak=$LEVEL"
status_is "the next run goes on" 0
ok "fsck" git fsck --strict --no-dangling
"$PIKE" -h | head -n 1 >/dev/null
is "a closed pipe is not a crash" "$((PIPESTATUS[0] < 129))" 1
"$PIKE" help --man >/dev/full 2>"$dir/err"
is "a full disk is an error" $? 128
like "that is told" "$(<"$dir/err")" 'cannot write to stdout'
finish
