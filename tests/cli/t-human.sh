#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a person has written, put on a search as a candidate; the tuner goes on
# from there.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
weak=--allow-weak=$LEVEL
candidate() { sed -n 's/.* candidate \([0-9a-f]\{40\}\).*/\1/p' <<<"$1"; }

# A base that is slow, so that a person's step must win.
sed -i 's/y\[i\] = .*/for (volatile int32_t j = 0; j < 40; j++) y[i] = x[i] * 1.5f + x[i] * x[i];/' kernels/scale.c
git commit -qam 'a slow base'
git checkout -q -b step
sed -i 's/for (volatile.*j++) //' kernels/scale.c
git commit -qam 'scale: no loop that does nothing

Why: it did nothing.
Pike-Agent: somebody'
git checkout -q main
before=$(tree_sum .)

pike propose --from step
status_is "propose --from" 0
like "names the candidate" "$out" '^scale: candidate [0-9a-f]{40}$'
id=$(candidate "$out")
is "nothing of the working tree is touched" "$(tree_sum .)" "$before"
is "its subject is the commit's" "$(git log -1 --format=%s "$id")" \
	'scale: no loop that does nothing'
is "its origin is a trailer" "$(git log -1 \
	--format='%(trailers:key=Pike-Agent,valueonly)' "$id" | grep .)" human
like "its text is kept" "$(git log -1 --format=%b "$id")" 'it did nothing'
is "its parent is the base" "$(git rev-parse "$id^")" "$(git rev-parse main)"
is "its files are the step's" "$(git diff --stat "$id" step)" ""
pike propose --from step scale
status_is "the same again" 0
like "is the same candidate" "$out" "^scale: candidate $id, tried before"
pike propose --from step --json
json "propose --from --json" "$out"
like "with the candidate" "$out" "\"candidate\":\"$id\""

pike evolve --generations 1 "$weak"
status_is "evolve" 0
like "the person's candidate is the champion" "$out" "champion $id"
pike show "$id"
like "show says who made it" "$out" 'human'
# The tuner proceeds from it.
pike propose
like "the tuner goes on" "$out" '[1-9] candidates made'
child=$(git rev-list --parents --glob='refs/pike/open/*' | grep " $id" | head -n 1)
like "from the person's candidate" "$child" "$id"

pike propose --from main
status_is "what changes nothing" 128
one_line "is one error"
pike propose --from main scale
status_is "what changes nothing of a target" 128
like "says so" "$err" "are the base's at 'main'"
git checkout -q -b meddler step
sed -i 's/1\.5/1.25/' kernels/scale_ref.c
git commit -qam 'another truth'
git checkout -q main
pike propose --from meddler
status_is "what changes the reference" 128
like "names it" "$err" "changes 'kernels/scale_ref.c'"
pike propose --from nowhere
status_is "what is not there" 128
ok "fsck" git fsck --strict --no-dangling
finish
