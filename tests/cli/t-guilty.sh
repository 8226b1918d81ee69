#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gate for ordinary commits: which of several commits it was.
. "$(dirname "$0")/lib.sh"
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
weak=--allow-weak=$LEVEL
src=kernels/scale.c
commit() { git commit -qam "$1"; }
again() { sed -i "s/#define AGAIN [0-9]*/#define AGAIN $1/" $src; }

again 5
commit 'scale: it is slow'
git tag slow

# ---- which of eight ----
git checkout -q -b eight slow
for i in 1 2 3 4 5 6 7 8; do
	case $i in
	3) echo words >>README && git add README ;;
	5) again 60 ;;
	*) echo "/* $i */" >>$src ;;
	esac
	commit "step $i"
done
guilty=$(git rev-parse HEAD~3)
pike check "$weak" --json
status_is "eight commits" 1
like "the guilty one is found" "$out" "\"first_bad\":\"$guilty\""
like "with its subject" "$out" '"first_bad_subject":"step 5"'
like "by halves" "$(grep -c 'looking at' <<<"$err")" '^[23]$'

# One of them does not compile, and is none that can be told.
git checkout -q -b skips slow
for i in 1 2 3 4; do
	case $i in
	2) again 60 && echo 'int oops(' >>$src ;;
	3) sed -i '/oops/d' $src ;;
	*) echo "/* $i */" >>$src ;;
	esac
	commit "step $i"
done
pike check "$weak"
status_is "one that does not compile among them" 1
like "two cannot be told apart" "$(tr -s ' \n' ' ' <<<"$out")" 'one of 2 commits'
git checkout -q -b breaks slow
for i in 1 2 3 4; do
	[ $i -ne 3 ] || echo 'int oops(' >>$src
	echo "/* $i */" >>$src
	commit "step $i"
done
pike check "$weak" --bisect
like "--bisect finds the commit that broke it" "$out" '\(step 3\)'
finish
