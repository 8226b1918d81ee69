#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A coding CLI of npm's, with a model that is a script, works on a candidate.
. "$(dirname "$0")/lib.sh"
NPM=${NPM:-$here/../../build/npm}
case $NPM in /*) ;; *) NPM=$PWD/$NPM ;; esac
name=qwen
cli=$(readlink -f "$NPM")/node_modules/.bin/$name
case $("$PIKE" doctor 2>/dev/null) in
*I2*) ;;
*) skip_all 'an agent works in a sandbox of level I2 or not at all' ;;
esac
[ -x "$cli" ] ||
	skip_all 'npm install --prefix build/npm @qwen-code/qwen-code@0.15.10'
"$cli" --version >/dev/null 2>&1 ||
	skip_all "$name does not run on node $(node --version 2>&1)"
[ "${cli#/tmp/}" = "$cli" ] || skip_all 'build is below /tmp'
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
sed -i 's|#define AGAIN 0.*|#define AGAIN 40|' kernels/scale.c
cat >>.pike/config <<'END'
[strategy "one"]
	preset = pike-b
	samples = 1
	parents = 1
	fix-attempts = 0
	ideas = 0
END
git commit -qam 'work that can be left out'
mkfifo "$dir/in"
"$here/../servers/tools.py" 'I have left the work out.' \
	'pike-git try; echo status $?; ls .pike; cat kernels/scale_ref.c' \
	"sed -i 's/AGAIN 40/AGAIN 0/' kernels/scale.c; echo x >more.txt" \
	<"$dir/in" >"$dir/port" 2>"$dir/heard" &
exec {model}>"$dir/in"
for _ in $(seq 100); do
	[ ! -s "$dir/port" ] || break
	sleep 0.1
done
at=127.0.0.1:$(<"$dir/port")
export FAKE_API_KEY=no-key-0123456789 OPENAI_API_KEY=no-key-0123456789
git config pike.llm.main.provider cli
git config pike.llm.main.key OPENAI_API_KEY
git config pike.llm.main.hosts "$at"
git config pike.llm.main.timeout 300
git config pike.llm.main.command "$cli --yolo -o json --auth-type openai \
--model scripted --openai-base-url http://$at/v1"
pike propose --run coder --strategy one --queries 1 scale
status_is "a coding CLI of npm's" 0
commit=$(git log -1 --format=%H --grep '^Pike-Exchange' \
	refs/pike/open/scale/cpu.coder)
is "its last words are the subject" "$(git log -1 --format=%s "$commit")" \
	'scale: I have left the work out.'
is "one file changes" "$(git diff --numstat main "$commit" | tr '\t' ' ')" \
	'1 1 kernels/scale.c'
ok "to what it left" git grep -q 'AGAIN 0' "$commit" -- kernels/scale.c
is "its tokens are those of its model" "$(git log -1 \
	--format='%(trailers:key=Pike-Tokens,valueonly,separator=)' "$commit")" \
	'in=300 out=30'
is "its try is counted" "$(git log -1 \
	--format='%(trailers:key=Pike-Tries,valueonly,separator=)' "$commit")" 1
like "its model was told of it" "$(<"$dir/heard")" 'scale, against .*screen: '
like "nothing of .pike is there" "$(<"$dir/heard")" '.pike.: No such file'
like "what it touched besides is dropped" "$(git log -1 --format=%b "$commit")" \
	"'more.txt'"
exec {model}>&-
finish
