#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# -h, the manual, the completion, and wrong usage.
. "$(dirname "$0")/lib.sh"
cd "$dir" || exit 1

pike help --man
man=$out
commands=$(sed -n 's/^\.\\" begin //p' <<<"$man")
is "every public command is in the manual" "$(tr ' ' '\n' <<<"$commands" | sort)" \
	"$("$PIKE" -h | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p' |
		sort)"

section() { # the manual's text of a command, roff taken off
	sed -n "/^\\.\\\\\" begin $1\$/,/^\\.\\\\\" end $1\$/p" <<<"$man" |
		sed -e '/^\.nf$/d' -e '/^\.fi$/d' -e '/^\.\\"/d' \
			-e 's/^\\&//' -e 's/\\-/-/g' -e 's/\\(ga/`/g' \
			-e "s/\\\\(aq/'/g" -e 's/\\e/\\/g'
}
for c in $commands; do
	pike "$c" -h
	status_is "$c -h exits with 0" 0
	is "$c -h equals the manual" "$out" "$(section "$c")"
	is "$c --help is the same" "$("$PIKE" "$c" --help)" "$out"
	is "$c -h fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
	is "$c -h is silent on stderr" "$err" ""
	pike "$c" --no-such-option
	status_is "$c: an unknown option exits with 129" 129
	like "$c: and is named" "$err" "'--no-such-option'"
	is "$c: and stdout is empty" "$out" ""
done
if command -v groff >/dev/null; then
	is "the manual is good roff" "$(groff -man -Tutf8 -ww -z <<<"$man" 2>&1)" ""
fi
pike help --completion
ok "the completion is good bash" bash -n <<<"$out"
bash -c "$out
	COMP_WORDS=(pike-git evolve --can) COMP_CWORD=2
	compopt() { :; }
	_pike_git
	echo \"\${COMPREPLY[*]}\"" >"$dir/completed" 2>&1
is "the completion completes" "$(<"$dir/completed")" "--candidates="

pike -h
topics=$(sed -n '/^topics/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$out")
is "-h names the topics" "$(tr '\n' ' ' <<<"$topics")" \
	"cuda torch models search ci verdicts judge formats security "
# shellcheck disable=SC2016 # backquotes of Markdown
named=$(sed -n '/^## The manual/,/^## The rooms/s/^| \(`.*`\) |.*/\1/p' \
	"$here/../../README.md" | tr -d '`,' | tr ' ' '\n')
is "and the README the same" "$(sort <<<"$named")" "$(sort <<<"$topics")"
for topic in $topics; do
	pike help "$topic"
	status_is "help $topic exits with 0" 0
	ok "and is a page" test "$(wc -l <<<"$out")" -gt 20
	like "from its heading on" "$out" '^#'
done
pike help formats
trailers=$(grep -o 'Pike-[A-Z][a-z]*' <<<"$out" | sort -u)
is "formats tells of each trailer that is written" "$(grep -ohE \
	'"Pike-[A-Z][a-z]*' "$here"/../../lib/git/*.c | tr -d '"' | sort -u |
	comm -23 - <(echo "$trailers"))" ""
pike help nothing
status_is "no such topic exits with 129" 129
like "and what to do is said" "$err" 'pike-git -h.? names both'
pike -h
status_is "-h exits with 0" 0
is "-h fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
pike --version
like "--version" "$out" '^pike-git [0-9]+\.[0-9]+'
pike
status_is "no command exits with 129" 129
pike frobnicate
status_is "an unknown command exits with 129" 129
like "and is named" "$err" "'frobnicate'"
pike --frobnicate status
status_is "an unknown global option exits with 129" 129
pike -C "$dir/nowhere" status
status_is "-C to nowhere exits with 128" 128
pike evolve --generations many
status_is "a word for a number exits with 129" 129

mkdir "$dir/plain"
cd "$dir/plain" || exit 1
for c in init evolve propose evaluate advance bench log status gc config; do
	pike "$c"
	status_is "$c outside a repository exits with 128" 128
	one_line "$c says so in one line"
done
pike show HEAD
status_is "show outside a repository exits with 128" 128
pike verify HEAD
status_is "verify outside a repository exits with 128" 128
pike --json status
status_is "--json keeps the exit status" 128
json "and gives one document" "$out"
like "with the error in it" "$out" '"error":".+","status":128'
is "nothing was written" "$(ls -A)" ""

pike strategies
like "strategies lists tune" "$out" '^tune +[A-Za-z]'
pike strategies --json
json "strategies --json" "$out"
finish
