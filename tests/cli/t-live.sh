#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/live/run with a program for a model: two strategies compared, and what
# prompts that tell say of a machine, a target and a search, and what never.
. "$(dirname "$0")/lib.sh"
live=$here/../live/run
export PIKE
seed=987654321
make_repo "$dir/example"
# Work that the first answer takes away; the second has nothing to say.
sed -i 's|#define AGAIN 0.*|#define AGAIN 40|' "$dir/example/kernels/scale.c"
sed -i -e 's/n=4000/n=40000/' -e 's/hidden = .*/hidden = n=7919/' \
	-e 's/stress = off/stress = heavy equal/' "$dir/example/.pike/config"
cat >>"$dir/example/.pike/config" <<'END'
[strategy "paper"]
	preset = pike-b
	samples = 1
[strategy "told"]
	preset = informed
	samples = 1
END
cat >"$dir/model" <<'END'
#!/bin/sh
prompt=$(cat)
case $prompt in
*'List up to'*) echo '- fewer passes' ;;
*'#define AGAIN 0'*) echo 'no code' ;;
*) printf '<<<<<<< SEARCH\n%s\n=======\n%s\n>>>>>>> REPLACE\n' \
	'#define AGAIN 40' '#define AGAIN 0' ;;
esac
END
chmod +x "$dir/model"

"$live" --example "$dir/example" >"$dir/out" 2>&1
is "without a model nothing is run" $? 0
is "and every figure says so" "$(grep -cE '^(pike-b|informed)( +not run){8}$' \
	"$dir/out")" 2
like "and how one is named" "$(<"$dir/out")" '--llm provider=openai'

"$live" --example "$dir/example" \
	--strategies informed,informed:lessons=false >"$dir/out" 2>&1
is "what lessons are worth is a comparison" \
	"$(tail -n +2 "$dir/out" | head -n 3 | tr -s ' ')" "$(printf '%s\n' \
		'informed not run not run not run not run not run not run not run not run' \
		'informed:lessons=false not run not run not run not run not run not run not run not run' \
		'informed:lessons=false over informed: not run')"
"$live" --example "$dir/example" --strategies informed:samples=1,informed:lessons=false:samples=1 \
	--seeds 1 --queries 2 --together --allow-weak "$LEVEL" \
	--llm provider=command --llm "command=$dir/model" --scripted \
	--keep "$dir/lessons" >"$dir/out" 2>"$dir/err"
is "which runs" "$?: $(grep -v ' after ' "$dir/err")" '0: '
for with in informed-samples-1-1:1 informed-lessons-false-samples-1-1:0; do
	is "${with%:*} has them or not" "$(git -C "$dir/lessons/${with%:*}" log \
		--format=%N --notes=pike/chat --all |
		grep -c 'What earlier candidates')" "${with#*:}"
done

"$live" --example "$dir/example" --strategies paper,told --seeds $seed \
	--queries 2 --allow-weak "$LEVEL" --llm provider=command \
	--llm "command=$dir/model" --scripted --keep "$dir/kept" \
	>"$dir/out" 2>"$dir/err"
is "with one two strategies are compared" "$?: $(grep -v ' after ' "$dir/err")" \
	'0: '
like "scripted figures are marked" "$(head -n 1 "$dir/out")" '^SCRIPTED: '
like "each has a row" "$(tr -s ' ' <"$dir/out")" \
	'^told 1 2 [0-9.]+x [0-9.]+ \[[0-9.]+, [0-9.]+\] [1-9][0-9]* [1-9][0-9]* 0.0000$'
like "and the two a difference" "$(<"$dir/out")" \
	'^told over paper: [+-][0-9.]+ a query \[[+-][0-9.]+, [+-][0-9.]+\]$'
# ln(lower bound) / queries, as far as five digits hold it.
is "the gain per query is that of what was confirmed" "$(tr -s ' ' <"$dir/out" |
	awk '$4 ~ /x$/ { x = $4; sub(/x/, "", x)
		d = log(x) / $3 - $5; print $1, (d < 2e-3 && d > -2e-3) }')" \
	"$(printf 'paper 1\ntold 1')"
is "a line a run is kept" "$(grep -c '"gain"' "$dir/kept/runs.jsonl")" 2

# ---- what the prompts say ----
prompts() { # prompts STRATEGY: one a line, oldest first
	cd "$dir/kept/$1-scale-$seed" || exit 1
	git log --reverse --format=%H --grep '^Pike-Exchange' \
		--glob='refs/pike/open/*' | while read -r id; do
		git notes --ref=pike/chat show "$id"
	done | sed 's/.*"prompt":"//; s/","provider":.*//'
}
paper=$(prompts paper) told=$(prompts told)
is "a brainstorm and two questions each" \
	"$(wc -l <<<"$paper") $(wc -l <<<"$told")" '3 3'
unlike "those of the paper tell nothing of it" "$paper" \
	'The machine|its floor|in numbers|must be:|was tried|yours|Measured'
# shellcheck disable=SC2016 # words of a prompt
for what in 'The machine:' 'cores that may be used' 'Measured here: a large copy' \
	'n=40000: 0.32 MB to move at least; [0-9.]+us at the copy bandwidth' \
	'the base takes [0-9.]+[um]s' 'The nearer ceiling is that of memory' \
	'class fp32: ' 'norm\(y - r\) <= 1e-05' '`x`: normal with mean 0' \
	'heavy: some outliers' 'equal: equal within each row' \
	'The reference, which says what is right' 'Caches are warm'; do
	is "all of the others tell '$what'" "$(grep -cE -e "$what" <<<"$told")" 3
done
unlike "and no kind that is off" "$told" 'sparse: '
is "each question has a direction" "$(grep -c 'direction is yours' <<<"$told")" 2
one=$(sed -n 2p <<<"$told") two=$(sed -n 3p <<<"$told")
like "the first has its idea" "$one" 'Work on this idea: fewer passes'
unlike "and nothing to look back at" "$one" 'What was tried'
like "the second has the times of what it starts from" "$two" \
	'Measured: [0-9.]+x \[.*n=40000: [0-9.]+[um]s, the base [0-9.]+[um]s'
like "and what was tried" "$two" \
	'This version, and what it was made from:.n- [^:]*: [0-9.]+x over the base'

# ---- and what they never say ----
unlike "no hidden size" "$told$paper" '7919'
unlike "no seed of the strategy" "$told$paper" "$seed"
cd "$dir/kept/told-scale-$seed" || exit 1
seeds=$(git log --format=%N --notes='pike/results*' --notes='pike/inbox*' --all |
	grep -oE '"seed(_sha256)?":"?[0-9a-f]+' | sed 's/.*[:"]//' | sort -u)
ok "the judge has seeds" test -n "$seeds"
is "and tells none" "$(grep -cF -e "$seeds" <<<"$told")" 0

# ---- of a GPU that is not here: a search that was run on one goes on ----
git init -q "$dir/gpu"
cd "$dir/gpu" || exit 1
git fetch -q --update-head-ok \
	"$here/../../examples/cuda-kernels/evolved/rmsnorm.bundle" '+refs/*:refs/*'
git reset -q --hard main
cat >>.pike/config <<'END'
[strategy "told"]
	preset = informed
	samples = 1
	ideas = 0
	history = 1000
END
printf '#!/bin/sh\ncat >/dev/null\necho no code\n' >"$dir/silent"
chmod +x "$dir/silent"
git config pike.lane nvidia-h200
git config pike.llm.main.provider command
git config pike.llm.main.command "$dir/silent"
pike propose --strategy told --queries 1 rmsnorm
status_is "another machine asks" 0
pike show --chat --json "$(git log --format=%H --grep '^Pike-Exchange' \
	--glob='refs/pike/open/*' | head -n 1)"
for what in 'Measured here: a large copy, [0-9]{4} GB/s' \
	'Measured here: a clock of 1[0-9]{3} MHz' \
	'rows=8192 cols=4096: 134.2 MB to move at least; 3[0-9.]+us at the copy' \
	'the base takes 8[0-9.]+us, of which that floor is 3[0-9] %' \
	'The nearer ceiling is that of memory.n' 'regs +spill +shared +blk/SM' \
	'- Step 1: a row stays in registers between sum and result: 2.[0-9]+x' \
	'class bf16: .*norm\(y - r\) <= 0.004' \
	'uniform from 0.5 to 1.5, positive' 'Before each call that is timed the L2' \
	'a value runs to the next' 'kernels/gpu.cuh.n```'; do
	like "it tells '$what'" "$out" "$what"
done
unlike "and of hidden sizes nothing" "$out" '4099|5120'
seeds=$(git log --format=%N --notes='pike/results*' --all |
	grep -oE '"seed":"[0-9a-f]+' | cut -d'"' -f4 | sort -u)
ok "there are seeds" test -n "$seeds"
is "and none of them is told" "$(grep -cF -e "$seeds" <<<"$out")" 0
finish
