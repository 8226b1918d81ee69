#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Searches that ask models: each preset on an example against a scripted
# server, judged by what git holds; budgets; what a resumed run does; two at
# once; any program as a model.
. "$(dirname "$0")/lib.sh"
weak=--allow-weak=$LEVEL
presets=$here/presets.py
lane=cpu

coproc model { exec "$here/../servers/model.py"; }
read -r port <&"${model[0]}"
url=http://127.0.0.1:$port
served() { curl -fs --noproxy '*' "$url/${1:-count}"; }
export FAKE_API_KEY=not-a-real-key

# ---- the presets of the paper, on the examples ----
# As they are but for the sizes, so that a call takes microseconds.
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
examples=$here/../../examples/cpu-kernels
cp "$examples"/kernels/* kernels
sed -n '/^\[target/,$p' "$examples/.pike/config" >>.pike/config
git add -A
git commit -qm 'the examples'
sed -i -e 's/case = m=.*/case = m=16 n=48 k=32/' \
	-e 's/case = rows=.*/case = rows=8 cols=64/' \
	-e 's/case = cin=.*/case = cin=4 cout=4 h=6 w=6/' \
	-e 's/case = len=.*/case = len=8 d=16/' .pike/config
mapfile -t targets < <(sed -n 's/^\[target "\(.*\)"\].*/\1/p' \
	"$examples/.pike/config")
is "the sizes are all that is changed" \
	"$(git diff --numstat | tr -s '\t' ' ')" \
	"${#targets[@]} ${#targets[@]} .pike/config"
git commit -qam 'smaller sizes'
for llm in main cheap; do
	git config "pike.llm.$llm.provider" openai
	git config "pike.llm.$llm.url" "$url/v1"
	git config "pike.llm.$llm.model" scripted
	git config "pike.llm.$llm.key" FAKE_API_KEY
done
git config pike.llm.main.price-in 1
git config pike.llm.main.price-out 10
git config pike.llm.cheap.price-in 1
git config pike.llm.cheap.price-out 2
# Its answers are slower than the base: nothing to confirm.
git config pike.budget.queries 43
paper=$("$PIKE" strategies --json | grep -o '"name":"pike-[^"]*' | cut -d'"' -f4)
is "all of them are listed" "$(wc -l <<<"$paper")" 11
n=0
for preset in $paper; do
	target=${targets[n++ % ${#targets[@]}]}
	served reset >/dev/null
	# Forty at once: more than that, so that some know what came of others.
	case $preset in
	pike-o | pike-o-no-efa | pike-o-mut) queries=70 ;;
	*) queries=43 ;;
	esac
	pike evolve --run "$preset" --strategy "$preset" --queries $queries \
		"$weak" "$target"
	status_is "evolve $preset on $target" 0
	like "$preset ends with its budget" "$out" \
		"ended    budget: $queries queries"
	ladder=refs/pike/open/$target/$lane.$preset
	is "$preset is what the paper says" \
		"$("$presets" "$ladder" "$preset" $queries)" ""
	asked=$(git log --format='%(trailers:key=Pike-Exchange,valueonly)' \
		"$ladder" | grep -c .)
	is "$preset: each exchange is a commit" "$asked" "$(served)"
done
is "each example was evolved" \
	"$(git for-each-ref --format='%(refname)' refs/heads/pike/evo |
		cut -d/ -f5 | sort -u)" "$(printf '%s\n' "${targets[@]}" | sort)"
is "by what works and what fails in each way" \
	"$(comm -23 <(printf '%s\n' build none slower unusable wrong) \
		<(git log --format='%(trailers:key=Pike-Result,valueonly)' \
			--glob=refs/heads/pike/evo | cut -d' ' -f2 | sort -u))" ""
target=${targets[0]}
served reset >/dev/null
pike evolve --run again --strategy pike-b "$weak" "$target"
first=$("$presets" --moves "refs/pike/open/$target/$lane.pike-b")
like "a generation was made" "$first" '^optimize 9 .* measured$'
is "the same seed and replies make the same generation" \
	"$("$presets" --moves "refs/pike/open/$target/$lane.again")" "$first"
ref=refs/pike/open/$target/$lane.pike-b

# ---- what is not of the paper ----
cat >>.pike/config <<'END'
[strategy "mine"]
	preset = pike-b
	samples = 4
	parents = 2
	selector = tournament
	fix-attempts = 1
	ideas = 0
END
pike evolve --run mine --strategy mine --queries 12 "$weak" "$target"
status_is "a strategy of one's own" 0
is "has its own rounds" "$(git log --format='%(trailers:key=Pike-Slot,valueonly,separator=)' \
	"refs/pike/open/$target/$lane.mine" | sort -un | tail -n 1)" 3
git checkout -q .pike/config
pike evolve --run hybrid --strategy hybrid --queries 12 "$weak" scale
status_is "a hybrid" 0
by() { git log --format=%H --grep "^Pike-Agent: $1" \
	"refs/pike/open/scale/$lane.hybrid" | wc -l; }
ok "asks models, and tunes" test "$(by optimize)" -ge 10 -a "$(by tune)" -ge 1
git config pike.agent.optimize.llm 'main cheap'
pike evolve --run two --strategy pike-b-no-iba --queries 20 "$weak" "$target"
status_is "two models to choose from" 0
git config --remove-section pike.agent.optimize

pike doctor --json
like "doctor knows the models" "$out" '"check":"llm","found":"main: openai, model scripted, key in FAKE_API_KEY"'
(unset FAKE_API_KEY && pike doctor >/dev/null
	cat "$dir/out") >"$dir/doctor"
like "and whose key is not there" "$(tr -s ' \n' ' ' <"$dir/doctor")" \
	'warn llm main: the environment variable FAKE_API_KEY has no key'

# ---- what is kept of an exchange ----
one=$(git log --format=%H --grep '^Pike-Agent: fix' "$ref" | head -n 1)
chat=$(git notes --ref=pike/chat show "$one")
json "its chat note is one line" "$chat"
like "with prompt and reply" "$chat" '"prompt":".*"reply":"'
unlike "and no key" "$(git log --all -p --notes='*' | head -c 4000000)" \
	"$FAKE_API_KEY"
pike show --chat "$one"
like "show names the model" "$out" 'exchange   scripted-1, llm .main. \(openai\)'
like "and the reply" "$out" 'One error less'
none=$(git log --format=%H --grep 'no candidate' "$ref" | head -n 1)
is "an unusable reply changes no file" "$(git diff --stat "$none" "$none^")" ""
like "and says why" "$(git log -1 --format=%s "$none")" 'no candidate: '
pike status --run pike-b "$target"
like "status has the ledger" "$out" '^optimize +[0-9]+ +0 +[0-9]+ +[0-9]+000 +'
pike log --run pike-b --json --candidates "$target"
json "log --json --candidates" "$out"
like "has each of them" "$out" '"agent":"fix"'
ok "fsck" git fsck --strict --no-dangling

# ---- a replay ----
asked=$(served)
pike evolve --replay "pike/evo/$target/$lane.pike-b" --strategy pike-b "$weak" "$target"
status_is "evolve --replay" 0
like "costs nothing" "$out" '; 0.00 USD in all'
is "asks nobody" "$(served)" "$asked"
is "and is the same search again" \
	"$("$presets" --moves "refs/pike/open/$target/$lane.replay")" \
	"$("$presets" --moves "$ref")"
pike evolve --replay "pike/evo/$target/$lane.pike-b" --run other \
	--strategy pike-b-no-efa "$weak" "$target"
status_is "another strategy over the same exchanges" 0
like "ends when they are used up" "$out" "ended .*no recorded exchange of the agent 'optimize' is left"
is "mends nothing" "$(git log --format=%H --grep '^Pike-Agent: fix' \
	"refs/pike/open/$target/$lane.other" | wc -l)" 0
# On a machine that can measure nothing.
git config "pike.target.$target.compiler" no-such-compiler
pike evolve --run cannot --strategy pike-b "$weak" "$target"
unlike "without its compiler nothing can be measured" "$status" '^0$'
pike evolve --replay "pike/evo/$target/$lane.pike-b" --run bare \
	--strategy pike-b "$weak" "$target"
status_is "but it can replay" 0
is "the same search again" \
	"$("$presets" --moves "refs/pike/open/$target/$lane.bare")" \
	"$("$presets" --moves "$ref")"
git config --unset "pike.target.$target.compiler"
# A recording that lacks the results of some, and of all other searches.
git init -q "$dir/less"
cp .git/config "$dir/less/.git/config"
cd "$dir/less" || exit 1
evo=refs/heads/pike/evo/$target/$lane.pike-b
git fetch -q --update-head-ok "$dir/repo" main:main "$evo:$evo" \
	refs/notes/pike/results:refs/notes/pike/results \
	refs/notes/pike/chat:refs/notes/pike/chat
git reset -q --hard
git notes --ref=pike/results prune
git log --format='%H %N' --notes=pike/results "$evo" |
	sed -n 's/^\([0-9a-f]*\) {.*"verdict":"slower".*/\1/p' |
	git notes --ref=pike/results remove --stdin >/dev/null 2>&1
pike evolve --replay "$evo" --run fewer --strategy pike-b "$weak" "$target"
status_is "a recording that lacks some results is replayed" 0
left=$(sed -n 's/.*replayed: \([0-9]*\) unmeasured.*/\1/p' <<<"$out")
ok "those are unmeasured" test "${left:-0}" -gt 0
is "and counted" "$left" \
	"$(git log --format=%N --notes='pike/results*' --notes='pike/inbox*' \
		"refs/pike/open/$target/$lane.fewer" | grep -c 'unmeasured: ')"
cd "$dir/repo" || exit 1
pike evolve --replay main --run none --strategy pike-b "$weak" "$target"
status_is "where nothing is recorded" 128
like "it says so" "$err" "no exchanges with models are recorded below 'main'"

# ---- prompts of one's own ----
pike init --prompts
status_is "init --prompts" 0
is "copies all of them" "$(ls .pike/prompts)" "$(ls "$PIKE_TEMPLATES/prompts")"
pike init --prompts
like "never over one that is there" "$out" 'optimize.md is there already'
echo 'Say {{target}} in {{nothing}}.' >.pike/prompts/optimize.md
git add -A
git commit -qm 'prompts of our own'
pike evolve --run own --strategy pike-b-no-iba --queries 10 "$weak" "$target"
status_is "a field that there is not" 129
like "is told with its line" "$err" 'optimize:1: .*nothing'
git rm -rqf .pike/prompts
git commit -qm 'no prompts of our own'

# ---- budgets ----
pike evolve --run usd --strategy pike-b-no-iba --usd 0.02 "$weak" "$target"
like "money ends it" "$out" 'ended    budget: 0.02 USD'
# 0.002 USD each, ten at a time.
asked=$(git log --format=%H --grep '^Pike-Exchange' \
	"refs/pike/open/$target/$lane.usd" | wc -l)
ok "beyond it is only what was in flight" test "$asked" -ge 10 -a "$asked" -le 20
pike evolve --run usd --strategy pike-b-no-iba --usd 0.02 "$weak" "$target"
is "nothing more is asked later" "$(git log --format=%H \
	--grep '^Pike-Exchange' "refs/pike/open/$target/$lane.usd" | wc -l)" "$asked"

# ---- two at once ----
git worktree add -q "$dir/other"
served reset >/dev/null
served delay/0.05 >/dev/null
together() { # together ARGS...: in two worktrees; sets out and err of both
	local first
	"$PIKE" "$@" >"$dir/out" 2>"$dir/err" &
	first=$!
	"$PIKE" -C "$dir/other" "$@" >"$dir/out2" 2>"$dir/err2"
	status=$?
	wait $first && [ $status -eq 0 ]
	status=$?
	out=$(cat "$dir/out" "$dir/out2") err=$(cat "$dir/err" "$dir/err2")
}
together evolve --run both --strategy pike-b --queries 20 "$weak" "$target"
status_is "two evolve one search" 0
is "nothing is asked beyond the budget" "$(served)" 21
is "nor twice" \
	"$("$presets" "refs/pike/open/$target/$lane.both" pike-b 20)" ""
is "both end with it" "$(grep -c 'ended    budget: 20 queries' <<<"$out")" 2
like "one is told what the other does" "$err" \
	"another process \([0-9]+\) has been asking models for '$target/$lane.both' for [0-9]"
served reset >/dev/null
together propose --run both2 --strategy pike-b --queries 10 "$target"
status_is "two propose for one search" 0
is "each slot is asked for once" "$(served)" 11
is "by one of them" "$(grep -oE '[0-9]+ candidates made' <<<"$out" | sort)" \
	"$(printf '0 candidates made\n11 candidates made')"
served delay/0 >/dev/null

# ---- stages ----
served reset >/dev/null
pike propose --run staged --strategy pike-b --queries 10 "$target"
status_is "propose asks" 0
like "and says so" "$out" '11 candidates made'
is "all of the round and no more" "$(served)" 11
pike evaluate --run staged "$weak" "$target"
status_is "evaluate needs no model" 0
unset FAKE_API_KEY
pike propose --run staged --strategy pike-b --queries 20 "$target"
status_is "without its key" 128
like "the variable is named" "$err" 'FAKE_API_KEY'

# ---- a model that is not there ----
export FAKE_API_KEY=x
git config pike.llm.main.url http://127.0.0.1:1/v1
git config pike.llm.main.timeout 1
pike evolve --run down --strategy pike-b "$weak" "$target"
status_is "a server that is not there" 128
is "is one error" "$(grep -c 'error: ' <<<"$err")" 1
like "that names it" "$err" "error: llm 'main'.*Failed to connect"
git config --unset pike.llm.main.timeout

# ---- any program ----
cat >"$dir/model" <<'END'
#!/bin/sh
# A model of ten lines: it reads the prompt and says what to change.
prompt=$(cat)
case $prompt in
*'List up to'*) echo '- a comment' ;;
*) echo 'kernels/scale.c'
	echo '<<<<<<< SEARCH'
	echo '#define ONCE_MORE 0'
	echo '======='
	echo '#define ONCE_MORE 5'
	echo '>>>>>>> REPLACE' ;;
esac
END
chmod +x "$dir/model"
git config pike.llm.main.provider command
git config pike.llm.main.command "$dir/model"
pike evolve --run program --strategy pike-b --queries 10 "$weak" scale
status_is "a program as a model" 0
is "its candidates are there" "$(git log --format=%H \
	--grep '^Pike-Agent: optimize' "refs/pike/open/scale/$lane.program" |
	wc -l)" 10
# ---- Ctrl-C ----
printf '#!/bin/sh\necho >>"%s"\nexec sleep 60\n' "$dir/asked" >"$dir/slow"
chmod +x "$dir/slow"
git config pike.llm.main.command "$dir/slow"
"$PIKE" evolve --run slow --strategy pike-b-no-iba "$weak" scale >"$dir/out" 2>&1 &
slow=$!
while [ "$(wc -l 2>/dev/null <"$dir/asked")" != 10 ]; do sleep 0.1; done
kill -INT $slow
wait $slow
is "Ctrl-C" $? 130
interrupted=$(git log --format=%H --grep 'no candidate: the run was interrupted' \
	"refs/pike/open/scale/$lane.slow" | wc -l)
is "what was asked is recorded" "$interrupted" 10
ok "no program of it is left" test -z "$(pgrep -f "sleep 60")"
git config pike.llm.main.command "$dir/model"
pike evolve --run slow --strategy pike-b-no-iba --queries 20 "$weak" scale
status_is "the next run" 0
is "asks for the same slots again" "$(git log --format='%(trailers:key=Pike-Slot,valueonly,separator=)' \
	--grep 'Pike-Generation: 1$' "refs/pike/open/scale/$lane.slow" |
	grep -c '^[0-9]$')" 20

# A tracked file alone starts no program.
git config --remove-section pike.llm.main
printf '[llm "main"]\n\tprovider = command\n\tcommand = ./evil\n' >>.pike/config
pike evolve --run evil --strategy pike-b "$weak" scale
status_is "a program of a tracked file" 129
like "needs trust" "$err" 'config --trust'

# ---- the example with recorded replies ----
mkdir "$dir/recorded"
cp -R "$here/../../examples/recorded/." "$dir/recorded"
cd "$dir/recorded" || exit 1
git init -q && git add -A && git commit -qm 'A kernel as one writes it first'
pike propose rmsnorm
status_is "the example of recorded replies" 0
is "ideas, and a candidate for each slot" "$(git log \
	--format='%(trailers:key=Pike-Agent,valueonly,separator=)' \
	--glob='refs/pike/open/*' | grep . | sort | uniq -c | tr -s ' \n' ' ')" \
	' 1 brainstorm 4 optimize '
is "all of use" "$(git log --format=%s --glob='refs/pike/open/*' |
	grep -c 'no candidate')" 0

eval "exec ${model[1]}>&-"
wait
finish
