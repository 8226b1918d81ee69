#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# evolve end to end on a tiny target, and every command that reads it.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
branch=refs/heads/pike/evo/scale/cpu

echo 'work in progress' >>kernels/scale_ref.c
echo new >untracked
git add untracked
before=$(tree_sum .)
pike status
status_is "status before the first search" 0
like "says so" "$out" 'no search yet'
pike log
like "log too" "$out" 'no search yet'

pike evolve --candidates 2 "--allow-weak=$LEVEL" scale
status_is "evolve" 0
is "a dirty working tree is not touched" "$(tree_sum .)" "$before"
like "the summary names the target" "$out" '^scale on cpu: '
like "why it ended" "$out" 'ended +budget: 2 candidates'
like "how to browse" "$out" 'git log --oneline --first-parent -20 pike/evo/scale/cpu'
like "and its family tree" "$out" 'pike-git log --tree scale'
is "the summary fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
ok "the branch is there" git rev-parse -q --verify $branch
ok "fsck" git fsck --strict --no-dangling
is "generation 0 and one more" \
	"$(git rev-list --first-parent --count $branch)" 3
like "the subject" "$(git log -1 --format=%s $branch)" '^scale: generation 1, best '
trailers=$(git log -1 --format='%(trailers:key=Pike-Result,valueonly)' $branch)
# A candidate that went on to be confirmed has a second line.
is "a result trailer for each candidate" \
	"$(cut -d' ' -f1 <<<"$trailers" | sort -u | grep -c .)" 2
like "notes are readable with git alone" \
	"$(git log --notes=pike/results --format=%N refs/pike/open/scale/cpu)" \
	'"stage":"screen"'
for line in $trailers; do
	[ ${#line} -eq 40 ] && candidate=$line
done

pike log
like "log" "$out" '^ *1  .* 2  '
is "log fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
pike log --json
json "log --json" "$out"
pike status
like "status" "$out" '^scale +cpu +1 +2 +0 '
pike --json status
json "status --json" "$out"
like "status --json counts" "$out" '"candidates":2'
pike show "$candidate"
status_is "show" 0
like "show: verdict" "$out" '^screen: [a-z]+'
like "show: what was not checked, in one line" "$out" '^not checked: '
like "show: lineage" "$out" 'the base'
is "show fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
pike show --json "$candidate"
json "show --json" "$out"
pike show no-such-revision
status_is "show of nothing" 128
pike show HEAD
like "show of a commit without a result" "$out" 'no result yet'
pike show pike/evo/scale/cpu
like "show of a generation: what it settled" "$out" "^ +${candidate:0:12} "
like "and the champion" "$out" '^champion +[0-9a-f]{40}$'
unlike "which is nothing to be measured" "$out" 'no result yet'
pike show --json pike/evo/scale/cpu
json "show --json of a generation" "$out"

# Stage by stage.
pike propose --candidates 3 scale
status_is "propose" 0
like "one more" "$out" '1 candidates made, 1 to measure'
pike evaluate --shard 1/2 --stage screen "--allow-weak=$LEVEL"
status_is "evaluate one shard" 0
pike evaluate --shard 2/2 --stage screen --out "$dir/results.bundle" \
	"--allow-weak=$LEVEL"
status_is "evaluate the other" 0
like "all are measured" "$out" '0 to measure'
ok "the bundle is one" git bundle list-heads "$dir/results.bundle"
pike evaluate "--allow-weak=$LEVEL"
pike advance
status_is "advance" 0
like "closes the generation" "$out" 'generation 2 closed'
pike advance
like "nothing is closed twice" "$out" 'no generation to close'
pike evaluate --shard 3/2
status_is "a shard that cannot be" 129
pike evaluate --stage verify
status_is "a stage that cannot be" 129

# The rest is more of the same, and valgrind is slow.
[ "${VALGRIND:-0}" = 0 ] || {
	finish
	exit
}
# It goes on, and does nothing twice.
lines() {
	git log --notes=pike/results --format=%N refs/pike/open/scale/cpu |
		grep -c '"stage":"screen"'
}
n=$(lines)
pike evolve --candidates 3 "--allow-weak=$LEVEL"
status_is "evolve at its limit ends at once" 0
is "and measures nothing" "$(lines)" "$n"
pike evolve --json --candidates 3 "--allow-weak=$LEVEL"
json "evolve --json" "$out"
pike evolve --run second --generations 1 --candidates 1 "--allow-weak=$LEVEL"
status_is "a run of its own" 0
ok "has its own branch" git rev-parse -q --verify $branch.second
# The first candidate of both runs is the same: measured once, told twice.
shared=$(git log --notes=pike/results --format=%N --glob=refs/pike/open/ |
	grep '"stage":"screen"' |
	sed 's/.*"cases":\(\[[^]]*\]\).*"source":"\([0-9a-f]*\)".*/\2 \1/' |
	sort | uniq -c | sort -rn | head -n 1)
like "results are shared by content" "$shared" '^ *2 [0-9a-f]{40} \[\{"'
pike gc
status_is "gc" 0
ok "fsck after gc" git fsck --strict --no-dangling
pike gc --drop scale/cpu.second
status_is "gc --drop" 0
ok "only that branch is gone" git rev-parse -q --verify $branch
is "it is gone" "$(git rev-parse -q --verify $branch.second)" ""
pike gc --drop nothing
status_is "gc --drop of nothing" 129
finish
