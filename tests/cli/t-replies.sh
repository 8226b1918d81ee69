#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of replies in forms that nobody asked for: the commit of each,
# its explanation, its cost. Nothing is measured.
. "$(dirname "$0")/lib.sh"
coproc model { exec "$here/../servers/quirks.py"; }
read -r port <&"${model[0]}"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
cat >>.pike/config <<'END'
[strategy "one"]
	preset = pike-b
	samples = 1
	parents = 1
	fix-attempts = 0
	ideas = 0
END
git commit -qam 'one question at a time'
git config pike.llm.main.provider openai
git config pike.llm.main.model quirky
git config pike.llm.main.price-in 1
git config pike.llm.main.price-out 10

ask() { # ask QUIRK [STRATEGY [QUERY]]: sets commit, what came of it
	git config pike.llm.main.url "http://127.0.0.1:$port/$1/v1${3:-}"
	pike propose --run "$1" --strategy "${2:-one}" --queries 1 scale
	commit=$(git log -1 --format=%H --grep '^Pike-Exchange' \
		"refs/pike/open/scale/cpu.$1")
}
subject() { git log -1 --format=%s "$commit"; }
trailer() { # trailer NAME
	git log -1 --format="%(trailers:key=Pike-$1,valueonly,separator=)" \
		"$commit"
}
changed() { git diff --numstat main "$commit" | tr '\t' ' '; }
exchange() { "$PIKE" show --json "$commit"; }

# ---- read for what they are ----
for quirk in thoughts parts diff stream 'done' refusal; do
	ask $quirk
	is "$quirk: the subject is the model's" "$(subject)" \
		'scale: Factors out x.'
	is "$quirk: one line changes" "$(changed)" '1 1 kernels/scale.c'
	ok "$quirk: to what the answer says" git grep -q '(1.5f + x\[i\])' \
		"$commit" -- kernels/scale.c
	is "$quirk: the path is no part of the text" "$(git log -1 \
		--format=%b "$commit" | grep -v '^Pike-' | tr -d '\n')" \
		'Factors out x.'
done
ask ideas pike-b
is "ideas: the answer's alone" "$(git log --format=%b \
	--grep '^Pike-Agent: brainstorm' refs/pike/open/scale/cpu.ideas |
	grep '^- ')" '- Unroll by eight.'
ask query one '?version=7'
is "a url keeps its query" "$(subject)" 'scale: Factors out x.'

# ---- no candidates, and why ----
no_candidate() { # no_candidate QUIRK WHY
	ask "$1"
	like "$1: no candidate" "$(subject)" "no candidate: .*$2"
	is "$1: no file changes" "$(changed)" ''
	like "$1: it is paid for" "$(trailer Cost)" '^0\.0'
}
no_candidate limit 'cut off at the limit of .*raise max-tokens'
no_candidate open 'cut off; raise max-tokens'
no_candidate unknown "ended with 'no idea'"
no_candidate broken "ended with 'error'"
no_candidate upstream 'upstream is gone'
like "upstream: the note has how it ended" "$(exchange)" '"ending":"broken"'
no_candidate torn 'its stream has no end'
no_candidate nothing 'nothing differs from the parent'

# ---- what it costs ----
ask free
like "free: tokens are estimated, and that is said" "$(trailer Tokens)" \
	'^in=[1-9][0-9]* out=[1-9][0-9]* estimated$'
like "free: to people" "$err" 'counts no tokens; they are estimated'
like "free: and in its note" "$(exchange)" '"counted":false'
pike show "$commit"
like "free: by show" "$out" 'tokens [0-9]+ in [0-9]+ out, estimated'
pike status --run free scale
like "free: by status" "$out" 'tokens of 1 replies are estimated'
pike propose --run free --strategy one --usd 0.0001 scale
is "free: a limit of money holds" "$(git log --format=%H \
	--grep '^Pike-Exchange' refs/pike/open/scale/cpu.free | wc -l)" 1
ask stream
is "whole: what is counted is not" "$(ask limit && trailer Tokens)" \
	'in=1000 out=1000'

# ---- asked again ----
ask flaky
like "flaky: it is said" "$err" "asked again after try 1: .*HTTP 503.*busy"
is "flaky: and counted" "$(trailer Asked)" 2
pike status --run flaky scale
like "flaky: by status" "$out" '^optimize +1 +1 +1 '
is "once is not a number" "$(ask limit && trailer Asked)" ''

# ---- files in another form ----
printf '\xef\xbb\xbf%s' "$(sed 's/$/\r/' kernels/scale.c)" >crlf
mv crlf kernels/scale.c
git -c core.autocrlf=false commit -qam 'lines of Windows, and no last one'
for quirk in edit hunk; do
	ask $quirk
	is "$quirk: its other lines stay" "$(changed)" '1 1 kernels/scale.c'
done
cat >"$dir/same" <<'END'
#!/bin/sh
# Says the file as it is, in lines of its own, and leaves somebody behind.
cat >/dev/null
printf 'Nothing to do.\n\nkernels/scale.c\n```c\n'
sed -e 's/\r$//' -e '1s/^...//' "$1"
printf '\n```\n'
sleep 60 &
END
chmod +x "$dir/same"
git config pike.llm.main.provider command
git config pike.llm.main.command "$dir/same $dir/repo/kernels/scale.c"
git config pike.llm.main.timeout 20
ask same
like "same: nothing differs" "$(subject)" 'nothing differs from the parent'
like "same: what a program leaves behind is not waited for" \
	"$(exchange)" '"secs":[01]\.'
is "same: nor asked again" "$(trailer Asked)" ''

# ---- of a PyTorch model, which has no function by name ----
cp -R "$here/../../examples/torch-models" "$dir/torch"
cd "$dir/torch" || exit 1
git init -q && git add -A && git commit -qm 'models'
git config pike.lane cpu
git config pike.llm.main.provider command
of_model() { # of_model NAME REPLY
	printf '#!/bin/sh\ncat >/dev/null\nprintf "%s"\n' "$2" >"$dir/$1"
	chmod +x "$dir/$1"
	git config pike.llm.main.command "$dir/$1"
	pike propose --run "$1" --strategy pike-b-no-iba --queries 1 swiglu
	status_is "$1: the program goes on" 0
	commit=$(git rev-parse "refs/pike/open/swiglu/cpu.$1^2")
}
of_model talk 'no code'
like "talk: is not a candidate" "$(subject)" 'no candidate: no code'
of_model block 'Fused.\n\140\140\140python\nclass ModelNew(Model):\n    pass\n\140\140\140\n'
is "block: code without a path is" "$(git show "$commit:models/swiglu_new.py")" \
	"$(printf 'class ModelNew(Model):\n    pass')"

eval "exec ${model[1]}>&-"
wait
finish
