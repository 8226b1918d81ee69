# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What only a quiet machine can decide waits, tries again, and is then left
# out by name. Sourced by the test scripts; reads LIMIT_FACTOR.
#
# A test that is left out is the TAP line `ok N - NAME # SKIP REASON`, a whole
# program `1..0 # SKIP REASON`. tests/run counts both as skipped, never as
# passed. Only two things may lead there: the word `inconclusive` when its
# reason is noise, and an answer that comes too late on a busy machine.

# limit SECONDS: so many of two idle cores, as many as LIMIT_FACTOR makes of it.
limit() { echo $(($1 * ${LIMIT_FACTOR:-1})); }

# Something else runs: in a second and a half of this script's sleep others
# were running or ready to run in three of ten looks, or more of them in fewer.
busy() {
	others=0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.15
		read -r _ _ _ running _ </proc/loadavg || return 1
		# This script itself is one of them.
		others=$((others + ${running%%/*} - 1))
	done
	[ "$others" -ge 3 ]
}

# quieter: waits until nothing else runs, for 20 seconds at most.
quieter() {
	waited=0
	while busy && [ $waited -lt 12 ]; do
		waited=$((waited + 1))
	done
}

# undecided VERDICT REASON: prints why this is no failure of the program,
# though another verdict was expected; nothing when it is one.
undecided() {
	case $1 in
	inconclusive)
		case $2 in
		*quieter* | *interrupted* | *disturbed* | *noise*)
			echo "noise: $2" ;;
		*) ! busy || echo "the machine is busy: $2" ;;
		esac ;;
	timeout | '') ! busy || echo "too late on a busy machine: ${2:-no answer}" ;;
	esac
}

# A Python that has PyTorch, without importing it; PIKE_PYTHON comes first.
python_with_torch() {
	for p in ${PIKE_PYTHON-} python3 /usr/bin/python3; do
		! "$p" -I -c 'import importlib.util as u, sys
sys.exit(not u.find_spec("torch"))' 2>/dev/null || {
			echo "$p"
			return 0
		}
	done
	return 1
}
