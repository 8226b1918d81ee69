#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Repositories of all kinds: mirror clone, bare, linked worktree, detached
# HEAD, with safe.directory in the way, shallow.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
weak=--allow-weak=$LEVEL
lines() {
	git log --notes=pike/results --format=%N refs/pike/open/scale/cpu |
		grep -c '"stage":"screen"'
}
git checkout -q --detach
pike evolve --candidates 1 "$weak"
status_is "on a detached HEAD" 0
is "HEAD is where it was" "$(git rev-parse HEAD)" "$(git rev-parse main)"
git checkout -q main

git clone -q --mirror . "$dir/mirror.git"
cd "$dir/mirror.git" || exit 1
is "a mirror clone brings the results" "$(lines)" 1
pike evolve --candidates 2 "$weak"
status_is "it goes on in a mirror clone, which is bare" 0
is "without measuring again" "$(lines)" 2
ok "fsck" git fsck --strict --no-dangling
pike status
like "status in a bare repository" "$out" '^scale +cpu +2 +2 '

cd "$dir/repo" || exit 1
git worktree add -q "$dir/tree" main 2>/dev/null ||
	git worktree add -q --detach "$dir/tree" main
cd "$dir/tree" || exit 1
echo dirty >>kernels/scale.c
before=$(tree_sum .)
pike evolve --candidates 2 "$weak"
status_is "in a linked worktree" 0
is "which is not touched" "$(tree_sum .)" "$before"
ok "its branch is the repository's" git -C "$dir/repo" rev-parse -q \
	--verify refs/heads/pike/evo/scale/cpu
is "nothing is left in .git" "$(find "$dir/repo/.git" -name '*.lock' \
	! -name pike.lock)" ""

mkdir -p "$dir/repo/deep/er"
cd "$dir/repo/deep/er" || exit 1
pike status
like "from a subfolder" "$out" '^scale '

git clone -q --depth 1 "file://$dir/repo" "$dir/shallow" 2>/dev/null
git -C "$dir/shallow" config pike.sync false
pike -C "$dir/shallow" evolve --candidates 2 "$weak"
status_is "a shallow clone is refused where nothing may be fetched" 128
like "with the remedy" "$err" 'unshallow'
git -C "$dir/shallow" config --unset pike.sync
refs=$(git -C "$dir/shallow" for-each-ref refs/heads refs/remotes refs/tags)
pike -C "$dir/shallow" evolve --candidates 2 "$weak"
status_is "else it gets its history, and evolve goes on" 0
is "it is shallow no more" \
	"$(git -C "$dir/shallow" rev-parse --is-shallow-repository)" false
is "none of its own refs has moved" \
	"$(git -C "$dir/shallow" for-each-ref refs/heads refs/remotes \
		refs/tags | grep -v refs/heads/pike/)" "$refs"
git -C "$dir/shallow" remote set-url origin "$dir/nowhere"
git -C "$dir/shallow" rev-parse HEAD >"$dir/shallow/.git/shallow"
pike -C "$dir/shallow" evolve "$weak"
status_is "where the remote is not there" 128
one_line "that is told"

git -C "$dir/repo" config uploadpack.allowFilter true
git -C "$dir/repo" config uploadpack.allowAnySHA1InWant true
for filter in blob:none tree:0; do
	git clone -q --no-checkout --filter=$filter "file://$dir/repo" \
		"$dir/part" 2>/dev/null
	pike -C "$dir/part" sync --fetch
	status_is "$filter: sync in a partial clone" 0
	pike -C "$dir/part" evolve --candidates 2 "$weak"
	status_is "$filter: evolve goes on" 0
	like "$filter: without measuring again" "$out" ' 0 screened'
	pike -C "$dir/part" log --candidates scale
	is "$filter: the log is the same" "$out" \
		"$(cd "$dir/repo" && "$PIKE" log --candidates scale)"
	rm -rf "$dir/part"
done

if [ "$(id -u)" -eq 0 ]; then
	cp -r "$dir/repo" "$dir/foreign"
	chown -R 12345 "$dir/foreign"
	pike -C "$dir/foreign" status
	status_is "another user's repository is refused" 128
	like "with the remedy" "$err" 'safe\.directory'
	git config --global --add safe.directory "$dir/foreign"
	pike -C "$dir/foreign" status
	status_is "and read once it is declared safe" 0
fi

git init -q "$dir/unborn"
pike -C "$dir/unborn" evolve
status_is "a repository without a commit" 129
one_line "in one line"
finish
