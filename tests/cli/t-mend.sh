#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A candidate that is wrong only where its screening had not looked: found by
# its confirmation, and mended.
. "$(dirname "$0")/lib.sh"
weak=--allow-weak=$LEVEL
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
sed -i 's/#define AGAIN 0/#define AGAIN 40/' kernels/scale.c
# Long enough to be told apart on a busy machine, whose ceilings mean nothing.
sed -i -e 's/n=4000/n=40000/' -e '/bytes =/d' -e '/flops =/d' .pike/config
cat >>.pike/config <<'END'
[strategy "one"]
	preset = pike-b
	samples = 1
	ideas = 0
END
git commit -qam 'a slow kernel'
cat >"$dir/eights" <<'END'
#!/bin/sh
# Fast for what is measured; of 77, which is hidden, it forgets some.
edit() { printf '<<<<<<< SEARCH\n%s\n=======\n%s\n>>>>>>> REPLACE\n' "$@"; }
loop() { echo "for (int32_t i = 0; i < $1; i++)"; }
prompt=$(cat)
case $prompt in
*'does not work yet'*) edit "$(loop '(n & ~7)')" "$(loop '(n & ~3)')" ;;
*) edit '#define AGAIN 40 //pike: tune 0 10' "#define AGAIN 0 // $1" \
	"$(loop n)" "$(loop '(n & ~7)')" ;;
esac
END
chmod +x "$dir/eights"
git config pike.llm.main.provider command
# A screening on a busy machine may tell nothing: then of another candidate.
for run in first second third; do
	git config pike.llm.main.command "$dir/eights $run"
	pike evolve --run $run --strategy one --queries 2 "$weak" scale
	[[ $out = *'wrong 2'* ]] && break
done
status_is "candidates that fail their confirmation" 0
like "and no other look" "$out" 'tried    2: wrong 2'
of() { git log --reverse --format="$1" --grep '^Pike-Exchange' \
	"refs/pike/open/scale/cpu.$run"; }
is "are mended as any other" \
	"$(of '%(trailers:key=Pike-Agent,valueonly,separator=)')" \
	"$(printf 'optimize\nfix')"
is "each from what failed" "$(of %P | tail -n 1)" "$(of %H | head -n 1)"
is "in the round that they are of" \
	"$(of '%(trailers:key=Pike-Generation,valueonly,separator=)' | sort -u)" 1
is "which is closed once" "$(git log -1 --format=%s "pike/evo/scale/cpu.$run")" \
	'scale: generation 1, best 1.00x [skip ci]'
is "with both looks at each" \
	"$(git log -1 --format='%(trailers:key=Pike-Result,valueonly)' \
		"pike/evo/scale/cpu.$run" | grep . | cut -d' ' -f2,6 |
		cut -d@ -f1 | sort | uniq -c | tr -s ' \n' ' ')" \
	' 2 faster screen 2 wrong confirm '
prompts=$(of %H | while read -r id; do
	git notes --ref=pike/chat show "$id"
done | sed 's/.*"prompt":"//; s/","provider":.*//')
like "the model is told in what way" "$prompts" 'What is wrong: wrong: good for'
unlike "and nothing of what is hidden" "$prompts" '(^|[^0-9])(77|5 of)([^0-9]|$)'

# Stage by stage, as in CI: a fix belongs to the next pass.
cat >"$dir/broken" <<'END'
#!/bin/sh
# What does not compile, then what does.
edit() { printf '<<<<<<< SEARCH\n%s\n=======\n%s\n>>>>>>> REPLACE\n' "$@"; }
prompt=$(cat)
case $prompt in
*'does not work yet'*) edit 'AGAIN 0 nonsense' 'AGAIN 20 ' ;;
*) edit '#define AGAIN 40 //pike: tune 0 10' '#define AGAIN 0 nonsense' ;;
esac
END
chmod +x "$dir/broken"
git config pike.llm.main.command "$dir/broken"
stages() { # stages [--now]: advance's words in out
	pike propose --run ci --queries 9 scale &&
		pike evaluate --run ci "$weak" scale && pike advance --run ci "$@"
}
git config pike.strategy one
git config pike.budget.queries 9
stages
like "a round with something to mend stays open" "$out" 'generation 1 stays open'
is "no generation is closed" "$(git log --format=%s --grep 'generation 1' \
	pike/evo/scale/cpu.ci)" ""
stages
like "the next pass mends it, and closes the round" "$out" 'generation 1 closed'
is "by the task of what was measured, not of what is not a candidate" "$(git log \
	--format='%(trailers:key=Pike-Task,valueonly)' pike/evo/scale/cpu.ci |
	grep . | sort -u | grep -cE '^[0-9a-f]{64}$')" 1
is "and its base has not moved" "$(git log --format=%s pike/evo/scale/cpu.ci |
	grep -c 'generation 2')" 0
is "the fix is of that round" "$(git log --format='%(trailers:key=Pike-Agent,valueonly,separator=)%(trailers:key=Pike-Generation,valueonly,separator=)' \
	--grep '^Pike-Exchange' --reverse refs/pike/open/scale/cpu.ci | head -n 2)" \
	"$(printf 'optimize1\nfix1')"
git config pike.llm.main.command "$dir/eights never"
stages --now
like "--now closes it as it is" "$out" 'generation 2 closed|nothing new'
# What a cheat is told must not teach it.
cat >"$dir/cheat" <<'END'
#!/bin/sh
# A program of its own, which no kernel needs.
edit() { printf '<<<<<<< SEARCH\n%s\n=======\n%s\n>>>>>>> REPLACE\n' "$@"; }
cat >/dev/null
head='for (int32_t k = 0; k <= AGAIN + ONCE_MORE; k++) {'
edit '#include <stdint.h>' "#include <stdint.h>
#include <unistd.h> // $$" "$head" "fork();
	$head"
END
chmod +x "$dir/cheat"
git config pike.llm.main.command "$dir/cheat"
pike evolve --run cheat --queries 2 "$weak" scale
like "a cheat" "$out" 'tried    2: tamper 1'
prompt=$(git notes --ref=pike/chat show "$(git log -1 --format=%H \
	--grep '^Pike-Agent: fix' refs/pike/open/scale/cpu.cheat)")
like "is told that it is one" "$prompt" 'What is wrong: tamper: its times or'
unlike "and not by what" "$prompt" 'forbidden|made a'
finish
