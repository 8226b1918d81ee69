#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# try: the working files against the champion, committed or not; nothing is
# stored.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
weak=--allow-weak=$LEVEL

pike try "$weak"
status_is "nothing edited" 0
like "is said, and nothing is judged" "$out" "working files are the champions'"
sed -i 's/AGAIN 0/AGAIN 40/' kernels/scale.c
git commit -qam 'work that can be left out'
sed -i 's/AGAIN 40/AGAIN 0/' kernels/scale.c
before=$(refs_sum .) tree=$(tree_sum .) objects=$(git count-objects -v)
decided faster try "$weak"
status_is "an edit that nobody has committed" 0
like "is faster than the base" "$out" '^screen: faster'
like "which is named" "$out" "^scale, against $(git rev-parse --short=12 main)"
is "no ref has moved" "$(refs_sum .)" "$before"
is "the working tree is as it was" "$(tree_sum .)" "$tree"
is "and no object is new" "$(git count-objects -v)" "$objects"
sed -i 's/return/retrun/; s/y\[i\] =/y[i] = =/' kernels/scale.c
pike try "$weak" scale
status_is "what does not compile is a verdict" 0
like "with it" "$out" '^screen: build|^[a-z]+: build'
like "and the compiler's words" "$out" 'error: expected expression'
git checkout -q kernels/scale.c
sed -i 's/1\.5f/1.25f/' kernels/scale.c
pike try --json "$weak"
json "as JSON" "$out"
like "a wrong one" "$out" '"verdict":"wrong"'
like "with its reason" "$out" '"reason":"case '
unlike "and no hidden case" "$out" 'n=77'

# Against what a search has found.
git checkout -q kernels/scale.c
pike evolve scale --generations 1 --candidates 3 "$weak"
champion=$(git log -1 --first-parent pike/evo/scale/cpu \
	--format='%(trailers:key=Pike-Champion,valueonly)')
git show "$champion:kernels/scale.c" >kernels/scale.c
pike try "$weak"
like "the champion's own files need no judge" "$out" "are the champions'"
sed -i 's/for (int32_t i/for (volatile int32_t i/' kernels/scale.c
pike try --compile-only "$weak"
status_is "compiled only" 0
like "against the champion" "$out" "^scale, against ${champion:0:12}"
rm kernels/scale.c
ln -s /etc/hostname kernels/scale.c
pike try "$weak"
status_is "a link is not a file of a candidate" 128
like "says which" "$err" "kernels/scale.c"
pike try nothing
status_is "a target that is none" 129
git clone -q --bare . "$dir/bare"
cd "$dir/bare" || exit 1
pike try
status_is "a bare repository has no working files" 129
like "and says what to do instead" "$err" 'pike-git bench REV'
finish
