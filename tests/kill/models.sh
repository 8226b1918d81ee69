#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kill test of a search that asks models: SIGKILL at random moments while
# questions are on their way; each time no more is lost than what was in
# flight, nothing that was stored is asked again, and in the end the search is
# what its preset promises.
#
#   tests/kill/models.sh [ROUNDS] [SEED]      default: 5 rounds, random seed
# dir, here, out, count and failed are lib.sh's.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/../cli/lib.sh"
rounds=${1:-5}
RANDOM=${2:-$((RANDOM))}
budget=100
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
coproc model { exec "$here/../servers/model.py"; }
read -r port <&"${model[0]}"
url=http://127.0.0.1:$port
served() { curl -fs --noproxy '*' "$url/${1:-count}"; }
served delay/0.03 >/dev/null
git config pike.llm.main.provider openai
git config pike.llm.main.url "$url/v1"
git config pike.llm.main.price-in 1
git config pike.llm.main.price-out 2
git config pike.budget.queries $budget
git config pike.strategy pike-b
ladder=refs/pike/open/scale/cpu
stored() {
	git log --format='%(trailers:key=Pike-Exchange,valueonly)' $ladder \
		2>/dev/null | grep -c .
}
lost=0 before=0
for ((i = 0; i < rounds; i++)); do
	"$PIKE" evolve -q "--allow-weak=$LEVEL" scale >"$dir/out" 2>&1 &
	pid=$!
	# In the midst of questions: some have been answered, some not.
	until=$((before + RANDOM % 14))
	while [ "$(served)" -le $until ] && kill -0 $pid 2>/dev/null; do
		sleep 0.01
	done
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	# What the server still has in hand it counts when it has answered.
	sleep 0.5
	now=$(served) have=$(stored)
	# A note without a rung is adopted by the next run.
	pending=$(git for-each-ref --format='%(refname)' \
		'refs/notes/pike/inbox/chat-*' | while read -r ref; do
		git ls-tree -r --name-only "$ref" | tr -d /; done |
		while read -r id; do
			git merge-base --is-ancestor "$id" $ladder ||
				echo "$id"
		done | sort -u | wc -l)
	gone=$((now - have - pending - lost))
	ok "round $i: of $((now - before)) answers only what was in flight is lost ($gone)" \
		test "$gone" -ge 0 -a "$gone" -le 10
	lost=$((lost + gone)) before=$now
	ok "round $i: fsck" git fsck --strict --no-dangling
done
pike evolve "--allow-weak=$LEVEL" scale
status_is "the last run ends" 0
like "with its budget" "$out" "ended    budget: $budget queries"
is "every answer is stored or was lost on the way" "$(served)" \
	$(($(stored) + lost))
is "each slot is what its round promises" \
	"$("$here/presets.py" $ladder pike-b $budget | grep -v cost)" ""
is "nothing is left behind" "$(git for-each-ref refs/notes/pike/inbox)" ""
ok "fsck" git fsck --strict --no-dangling
eval "exec ${model[1]}>&-"
wait
finish
