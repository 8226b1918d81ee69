#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench and verify: a slower kernel, a wrong one, one that does not compile.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
weak=--allow-weak=$LEVEL

change() { # change BRANCH SED-SCRIPT
	git checkout -q -b "$1" main
	sed -i "$2" kernels/scale.c
	git commit -qam "$1"
}
change broken 's/return/retrun/; s/y\[i\] =/y[i] = =/'
pike bench "$weak"
status_is "a revision that does not compile is a verdict" 0
like "build" "$out" 'build'
pike bench --compile-only --gate "$weak"
status_is "--compile-only --gate" 1
change wrong 's/1\.5f/1.25f/'
pike bench --quick --gate "$weak"
status_is "a wrong revision does not pass the gate" 1
like "wrong" "$out" '^screen: wrong'
like "its reason" "$out" '^reason: .'
change slow 's/y\[i\] = .*/for (volatile int32_t j = 0; j < 40; j++) y[i] = x[i] * 1.5f + x[i] * x[i];/'
decided slower bench --gate --profile "$weak"
status_is "a slower revision does not pass the gate" 1
like "slower" "$out" '^confirm: slower'
like "a profile that cannot be is unavailable" "$out" \
	'^profile: unavailable: for kernels on a GPU only$'
pike show HEAD
like "and shown so" "$out" '^sanitizers: unavailable: for kernels on a GPU'
pike bench --profile --quick "$weak"
status_is "a quick look has none" 129
pike verify HEAD "$weak"
status_is "no claim to verify" 128
like "says what to do" "$err" 'refs/notes/pike/results'
pike bench --compile-only --gate "$weak" main
status_is "the base compiles" 0
pike bench --quick --json "$weak" main
json "bench --json" "$out"
like "with the verdict" "$out" '"verdict":"(same|inconclusive|faster|slower)"'
pike bench --quick --json "$weak" slow broken wrong
json "bench of several revisions" "$out"
is "judges them in their order" "$(grep -o '"verdict":"[a-z]*"' <<<"$out" |
	cut -d'"' -f4 | tr '\n' ' ')" "slower build wrong "
git checkout -q main
echo '/* being worked on */' >>kernels/scale.c
pike bench --compile-only "$weak"
like "edits that are not committed are told of" "$err" \
	"'kernels/scale.c' has changes that are not committed"
git checkout -q kernels/scale.c
sed -i 's/$/\r/' kernels/scale.c
pike bench --compile-only "$weak"
unlike "line endings are no edit" "$err" "not committed"
git checkout -q kernels/scale.c
pike bench nowhere
status_is "bench of nothing" 128
pike bench "$weak" main nowhere
status_is "or of something and nothing" 128
is "measures neither" "$out" ""
pike bench --target nothing
status_is "bench of an unknown target" 129

# What has no kernel in the place of one is a verdict, and hides no other.
git checkout -q -b gone main
git rm -q kernels/scale.c
ln -s /etc/hostname kernels/other
git add -A && git commit -qm 'No kernel left'
pike bench --json --quick "$weak" gone main
status_is "a revision without the kernel" 0
json "bench --json of it" "$out"
is "is a verdict" "$(grep -o '"verdict": *"contract"' <<<"$out" | wc -l)" 1
like "with the reason" "$out" "there is no file 'kernels/scale.c'"
is "beside that of another" "$(grep -o '"verdict":' <<<"$out" | wc -l)" 2

# A true gain: claimed by bench, then verified.
git checkout -q main
sed -i 's/y\[i\] = .*/for (volatile int32_t j = 0; j < 40; j++) y[i] = x[i] * 1.5f + x[i] * x[i];/' kernels/scale.c
git commit -qam 'a slow base'
git checkout -q -b fast
sed -i 's/for (volatile.*j++) //' kernels/scale.c
git commit -qam 'a true gain'
decided faster bench --gate "$weak"
status_is "a faster revision passes the gate" 0
like "faster" "$out" '^confirm: faster'
if [ -n "$noise" ]; then
	skip "verify of a claim" "$noise"
	finish
	exit
fi
decided faster verify HEAD "$weak"
status_is "its claim is true here" 0
like "verify says so" "$out" 'the claim is true here'
git config pike.lane elsewhere
pike verify HEAD "$weak"
status_is "on another lane speed cannot be compared" 128
like "but correctness is judged" "$out" 'correct here'
finish
