#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Several `evolve` processes on one repository at once: nothing lost, nothing
# measured twice.
#
#   tests/kill/many.sh [PROCESSES] [CANDIDATES] [DEVICES]
#
# With `each` for DEVICES every process has a device of its own, as with several
# GPUs: none sees another's lock on the processor.
# shellcheck disable=SC2319 # $? of conditions on purpose
set -u
n=${1:-2}
budget=${2:-9}
devices=${3:-one}
here=$(cd "$(dirname "$0")" && pwd)
pike=${PIKE:-$here/../../build/pike-git}
dir=$(mktemp -d "${TMPDIR:-/tmp}/pike-many.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export HOME=$dir/home GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME"
git config --global user.name tester
git config --global user.email tester@example.org
git config --global init.defaultBranch main
failed=0 passed=0
ok() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok - $2"
	fi
}
cp -r "$here/repo" "$dir/repo"
cd "$dir/repo" || exit 1
git init -q . && git add -A && git commit -qm 'a kernel' || exit 1
own=()
if [ "$devices" = each ]; then
	# shellcheck disable=SC2016 # expanded in there
	own=(unshare -m sh -c 'for d in /run/lock /dev/shm; do
		mount -t tmpfs none $d || exit; done; exec "$@"' sh)
	if ! "${own[@]}" true; then
		echo "1..0 # SKIP no mounts of one's own here: they need root"
		exit
	fi
fi
pids=()
for i in $(seq "$n"); do
	"${own[@]}" "$pike" evolve --candidates "$budget" --allow-weak=I1 kill \
		>"$dir/out.$i" 2>&1 &
	pids+=($!)
done
i=0
for pid in "${pids[@]}"; do
	i=$((i + 1))
	wait "$pid"
	status=$?
	ok $status "process $i ended with $status"
	[ $status -eq 0 ] || cat "$dir/out.$i"
done
git fsck --strict --no-dangling >"$dir/fsck" 2>&1
ok $? "fsck"
for ref in $(git for-each-ref --format='%(refname)' refs/notes/pike |
	grep -v '/lessons$'); do
	git ls-tree -r "$ref" | awk '{print $3}'
done | sort -u | git cat-file --batch | grep '^{' | sort -u >"$dir/lines"
screens=$(grep -c '"stage":"screen"' "$dir/lines")
twice=$(grep '"stage":"screen"' "$dir/lines" |
	sed -n 's/.*"source":"\([^"]*\)".*/\1/p' | sort | uniq -d)
[ -z "$twice" ]
ok $? "measured twice: $twice"
twice=$(grep '"stage":"confirm"' "$dir/lines" |
	sed -n 's/.*"champion":"\([^"]*\)".*"source":"\([^"]*\)".*/\1 \2/p' |
	sort | uniq -d)
[ -z "$twice" ]
ok $? "confirmed twice: $twice"
tried=$(git log --format='%(trailers:key=Pike-Agent,valueonly)' \
	refs/pike/open/kill/cpu | grep -c tune)
[ "$tried" -ge "$budget" ]
ok $? "$tried of $budget candidates"
[ "$screens" -eq "$tried" ]
ok $? "$screens results of $tried candidates"
echo "$n processes, $tried candidates, $screens screenings"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
