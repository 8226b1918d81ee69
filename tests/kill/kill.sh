#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kill test: SIGKILL at random moments of `evolve`; each time the next run
# must leave a clean repository, lose no result, measure nothing twice, leave
# no process and no scratch file behind, and reach its budget. Every fifth
# round begins with a new repository: only a young search has something to
# confirm.
#
#   tests/kill/kill.sh [ROUNDS] [SEED]      default: 20 rounds, random seed
# shellcheck disable=SC1091,SC2319 # quiet.sh; $? of conditions on purpose
set -u
rounds=${1:-20}
RANDOM=${2:-$((RANDOM))}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../quiet.sh"
pike=${PIKE:-$here/../../build/pike-git}
dir=$(mktemp -d "${TMPDIR:-/tmp}/pike-kill.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export HOME=$dir/home GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME"
git config --global user.name tester
git config --global user.email tester@example.org
git config --global init.defaultBranch main
failed=0 passed=0 skipped=0

ok() { # ok CONDITION-STATUS NAME
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok - $2"
	fi
}

# Every result line in the repository: results and inboxes.
lines() {
	local ref
	for ref in $(git for-each-ref --format='%(refname)' refs/notes/pike); do
		case $ref in */chat | */lessons) continue ;; esac
		git ls-tree -r "$ref" | awk '{print $3}'
	done | sort -u | git cat-file --batch | grep '^{' | sort -u
}

field() { # field NAME < lines
	sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}


candidates() {
	git log --format='%(trailers:key=Pike-Agent,valueonly)' \
		refs/pike/open/kill/cpu 2>/dev/null | grep -c tune
}

mkdir "$dir/bin"
cp "$(dirname "$pike")"/pike-git "$(dirname "$pike")"/pike-sandbox \
	"$(dirname "$pike")"/pike-run-cpu "$dir/bin/" || exit 1
pike=$dir/bin/pike-git
fresh() {
	cd "$dir" && rm -rf repo && cp -r "$here/repo" repo && cd repo &&
		git init -q . && git add -A && git commit -qm 'a kernel'
}

# Programs of this test that still run, by where they were started from.
ours() {
	pgrep -f "^$dir/bin/"
	find /proc -maxdepth 2 -name exe -lname "$dir/bin/*" 2>/dev/null
}

quiet_process() { # no runner or sandbox of a killed process is left
	for _ in $(seq "$(limit 10)"); do
		[ -z "$(ours)" ] && return 0
		sleep 0.3
	done
	ours
	return 1
}

tried=0 confirmed=0
for round in $(seq "$rounds"); do
	if [ $((round % 5)) -eq 1 ]; then
		fresh || exit 1
	fi
	"$pike" evolve --candidates 100000 --allow-weak=I1 kill \
		>"$dir/out" 2>&1 &
	pid=$!
	sleep "$(awk -v r="$RANDOM" 'BEGIN{print 0.05 + 4.5 * r / 32768}')"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	quiet_process
	ok $? "round $round: no process left behind"
	lines | field id | sort >"$dir/before"
	budget=$(($(candidates) + 1))
	"$pike" evolve --candidates $budget --allow-weak=I1 kill \
		>"$dir/out" 2>&1
	status=$?
	ok $status "round $round: next run ended with $status"
	[ $status -eq 0 ] || cat "$dir/out"
	git fsck --strict --no-dangling >"$dir/fsck" 2>&1
	ok $? "round $round: fsck"
	lines >"$dir/lines"
	field id <"$dir/lines" | sort >"$dir/after"
	[ -z "$(comm -23 "$dir/before" "$dir/after")" ]
	ok $? "round $round: no recorded result is missing"
	twice=$(grep '"stage":"screen"' "$dir/lines" | field commit | sort |
		uniq -d)
	[ -z "$twice" ]
	ok $? "round $round: screened twice: $twice"
	often=$(grep '"stage":"confirm"' "$dir/lines" | field commit | sort |
		uniq -c | awk '$1 > 2')
	[ -z "$often" ]
	ok $? "round $round: confirmed more than twice: $often"
	[ "$(candidates)" -ge $budget ] &&
		[ "$(grep -c '"stage":"screen"' "$dir/lines")" -eq "$(candidates)" ]
	ok $? "round $round: budget $budget reached ($(candidates) tried)"
	git log --format='%(trailers:key=Pike-Result,valueonly)' \
		pike/evo/kill/cpu 2>/dev/null | sed 's/ .*//' | grep . |
		sort -u >"$dir/settled"
	git ls-tree -r refs/notes/pike/lessons 2>/dev/null | awk '{print $3}' |
		git cat-file --batch | grep '^{' | field commit | sort -u \
		>"$dir/taught"
	missed=$(comm -23 "$dir/settled" "$dir/taught")
	[ -s "$dir/settled" ] && [ -z "$missed" ]
	ok $? "round $round: settled without a lesson: $missed"
	left=$(find .git -name '*.lock' | grep -v '/pike\(-pack\)\?\.lock$')
	[ -z "$left" ]
	ok $? "round $round: left behind: $left"
	if [ $((round % 5)) -eq 0 ]; then
		find .git/objects -name 'tmp_*' -exec touch -d '2 minutes ago' {} +
		"$pike" gc >"$dir/out" 2>&1
		ok $? "round $round: gc"
		left=$(find .git/objects -name 'tmp_*' -o -name '*.tmp-*' \
			-o -name 'pack_git2_*')
		[ -z "$left" ]
		ok $? "round $round: left behind of objects: $left"
		git fsck --strict --no-dangling >"$dir/fsck" 2>&1
		ok $? "round $round: fsck after gc"
		tried=$((tried + $(candidates)))
		confirmed=$((confirmed + $(grep -c '"stage":"confirm"' \
			"$dir/lines")))
	fi
done
# Killed at moments of the clock: a busy machine may not come so far.
what="nothing was ever confirmed, so no confirmation was killed"
if [ "$rounds" -ge 5 ] && [ "$confirmed" -eq 0 ] && busy; then
	skipped=1
	echo "ok - $what # SKIP the machine is busy"
else
	[ "$rounds" -lt 5 ] || [ "$confirmed" -gt 0 ]
	ok $? "$what"
fi
echo "kill test: $rounds rounds, $tried candidates, $confirmed confirmations"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
