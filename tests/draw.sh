# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Which part of the cases a run has, where it has not all of them.

# All of them, or so many that the commit decides on.
drawn() { # drawn N: lines of stdin
	if [ "${DRAW:-all}" = all ]; then
		cat
		return
	fi
	while IFS= read -r line; do
		printf '%s %s\n' "$(sha256sum <<<"$DRAW $line" | cut -c 1-16)" "$line"
	done | sort | head -n "$1" | sed 's/^[^ ]* //'
}
