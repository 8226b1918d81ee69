#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The README's first target, typed as it stands there.
# shellcheck disable=SC1091,SC2154,SC2001 # lib.sh, what its `pike` sets, sed
. "$(dirname "$0")/lib.sh"
readme=$here/../../README.md

# block N: the N-th block of the section on a kernel.
block() {
	awk -v n="$1" '/^## / { on = /First door/ }
		on && /^```/ { inside = !inside; k += inside; next }
		on && inside && k == n' "$readme"
}

mkdir -p "$dir/first/.pike" && cd "$dir/first" && git init -q
block 1 >.pike/config
cat >scale.c <<'END'
#define UNROLL 1 //pike: tune 1 2 4 8
void scale(const float *x, float *y, int n)
{
	int i = 0;

	for (; i + UNROLL <= n; i += UNROLL)
		for (int k = 0; k < UNROLL; k++)
			y[i + k] = 3 * x[i + k];
	for (; i < n; i++)
		y[i] = 3 * x[i];
}
END
cat >scale_ref.c <<'END'
void scale(const real *x, real *y, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = 3 * x[i];
}
END
git add -A && git commit -qm 'A first target'

block 2 >commands
while read -r program rest; do
	rest=$(sed 's| *#.*||' <<<"$rest")
	[ "$program" = pike-git ] || {
		fail "$program" 'not a command of pike-git'
		continue
	}
	# shellcheck disable=SC2086 # words on purpose
	set -- $rest
	case $1 in
	evolve) set -- "$@" --candidates 2 --allow-weak="$LEVEL" ;;
	esac
	pike "$@"
	# `doctor` also says so where something else is missing here.
	[ "$1" = doctor ] && [ "$status" -eq 1 ] && status=0
	is "$rest" "$status" 0
	[ "$1" = doctor ] &&
		unlike 'doctor misses nothing that the first target needs' \
			"$out" 'asks models|not a setting|declares no target'
	[ "$1" = log ] && like 'the log has a generation' "$out" '^ +1 '
done <commands
is 'the section has three commands' "$(wc -l <commands)" 3
finish
