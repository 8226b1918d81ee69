#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The git hooks of a server and of a clone, on real pushes by git.
. "$(dirname "$0")/lib.sh"
PATH=$(dirname "$PIKE"):$PATH
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
bare=$dir/server.git
evo=refs/heads/pike/evo/scale/cpu ladder=refs/pike/open/scale/cpu
results=refs/notes/pike/results
git init -q --bare "$bare"
git remote add origin "$bare"
git config pike.sync false # git pushes here

push() { # push REFSPEC...: sets err, status
	err=$(git push origin "$@" 2>&1)
	# shellcheck disable=SC2034 # read by status_is
	status=$?
}
taken() { # taken NAME REFSPEC...
	local name=$1
	shift
	push "$@"
	status_is "$name" 0
}
refused() { # refused NAME REGEX REFSPEC...: and nothing has moved
	local name=$1 why=$2 before
	shift 2
	before=$(refs_sum "$bare")
	push "$@"
	status_is "$name: refused" 1
	like "$name: why" "$err" "$why"
	is "$name: nothing has moved" "$(refs_sum "$bare")" "$before"
}
# A commit on the first parent, whose tree is that of a revision.
commit() { # commit TREE-ISH MESSAGE PARENT...
	local tree="$1^{tree}" message=$2 p args=()
	shift 2
	for p; do args+=(-p "$p"); done
	printf '%s\n' "$message" | git commit-tree "$tree" "${args[@]}"
}
# A tree like REV's, with one entry put in: --cacheinfo's MODE,ID,PATH.
tree_with() { # tree_with REV MODE,ID,PATH...
	local rev=$1 entry
	shift
	export GIT_INDEX_FILE=$dir/index
	git read-tree "$rev"
	for entry; do git update-index --add --cacheinfo "$entry"; done
	git write-tree
	rm -f "$dir/index"
	unset GIT_INDEX_FILE
}
blob() { git hash-object -w --stdin; }
candidate() { # candidate TREE PARENT: as a rung of one, on the ladder's end
	local c
	c=$(printf 'scale: another\n\nPike-Target: scale\n' |
		git commit-tree "$1" -p "$2")
	printf 'scale: rung of 1\n\nPike-Rung: 1\n' |
		git commit-tree "$top^{tree}" -p "$top" -p "$c"
}

# ---- installing ----

pike -C "$bare" init --hooks
status_is "a clone's hooks in a bare repository" 129
pike init --hooks=server
status_is "a server's hooks in a working tree" 129
pike init --hooks=other
status_is "hooks of no kind" 129
pike -C "$bare" init --hooks=server
status_is "init --hooks=server" 0
ok "pre-receive is there" test -x "$bare/hooks/pre-receive"
ok "update is there" test -x "$bare/hooks/update"
pike -C "$bare" init --hooks=server
like "a second time nothing is written" "$out" 'is there already: .*update'
printf '#!/bin/sh\nexit 0\n' >"$bare/hooks/update"
pike -C "$bare" init --hooks=server
like "somebody's own hook is left" "$out" 'left as it is: .*hooks/update'
like "and how to have both is told" "$out" 'add to it: pike-git hook update'
is "it is as it was" "$(wc -l <"$bare/hooks/update")" 2
rm "$bare/hooks/update"
git -C "$bare" config core.hooksPath "$dir/elsewhere"
pike -C "$bare" init --hooks=server --json
json "init --hooks --json" "$out"
ok "core.hooksPath counts" test -x "$dir/elsewhere/update"
git -C "$bare" config --unset core.hooksPath
pike -C "$bare" init --hooks=server

# ---- what a search has written is taken ----

taken "an ordinary branch, before anything is known" main
pike evolve --generations 2 "--allow-weak=$LEVEL"
status_is "a search" 0
old=$(git rev-parse "$evo^")
taken "a first generation" "$old:$evo"
taken "the search goes forward" "$evo" "$ladder" "$results"
is "all of it is there" "$(git -C "$bare" rev-parse $evo $ladder $results)" \
	"$(git rev-parse $evo $ladder $results)"
pike -C "$bare" status
like "and can be read there" "$out" 'scale'
git branch other main
taken "another branch" other
taken "and its deletion" :other
git tag v1
taken "a tag" v1
git notes --ref=mine add -m 'a note' main
taken "other notes" refs/notes/mine

# ---- forward only ----

refused "a rewind" 'only moves forward' "+$old:$evo"
refused "a deletion" 'is not deleted' ":$evo"
refused "a ladder's deletion" 'is not deleted' ":$ladder"
refused "a ladder's rewind" 'only moves forward' "+$old:$ladder"
tip=$(git rev-parse $evo) top=$(git rev-parse $ladder) base=$(git rev-parse main)
# git would call it a fast-forward: the old tip is its second parent.
forged=$(commit "$old" "$(git log -1 --format=%B "$tip")" "$old" "$tip")
refused "another way of first parents" 'only moves forward' "$forged:$evo"
refused "a target that is not declared" "no target 'none'" \
	"$evo:refs/heads/pike/evo/none/cpu"
refused "a lane that is not a name" 'a target and a lane' \
	"$evo:refs/heads/pike/evo/scale/cpu/more"
refused "no search at all" 'generation 0' "main:refs/heads/pike/evo/scale/x"

# ---- the target's files alone ----

text=$(sed 's/AGAIN 0/AGAIN 3/' kernels/scale.c | blob)
path=kernels/scale.c
good=$(candidate "$(tree_with main "100644,$text,$path")" main)
taken "a candidate" "$good:$ladder"
top=$good
other=$(echo other | blob)
bad=$(candidate "$(tree_with main "100644,$text,$path" \
	"100644,$other,Makefile")" main)
refused "another file" "changes 'Makefile'" "$bad:$ladder"
reverted=$(commit main 'scale: all is well' "$bad^2")
hidden=$(commit main 'scale: rung

Pike-Rung: 1' "$top" "$reverted")
refused "another file, taken back in the same push" "changes 'Makefile'" \
	"$hidden:$ladder"
git branch -q mine "$bad^2"
taken "the same commit on an ordinary branch" mine
refused "which makes it no better" "changes 'Makefile'" "$bad:$ladder"
refused "the reference" "scale_ref.c" \
	"$(candidate "$(tree_with main "100644,$other,kernels/scale_ref.c")" \
		main):$ladder"
refused "the configuration" ".pike/config" \
	"$(candidate "$(tree_with main "100644,$other,.pike/config")" \
		main):$ladder"
refused "a symbolic link" 'symbolic link' \
	"$(candidate "$(tree_with main "120000,$other,$path")" main):$ladder"
refused "an executable" 'executable' \
	"$(candidate "$(tree_with main "100755,$text,$path")" main):$ladder"
refused "a submodule" 'submodule' \
	"$(candidate "$(tree_with main "160000,$base,$path")" main):$ladder"
gone=$(GIT_INDEX_FILE=$dir/index sh -c "git read-tree main &&
	git update-index --force-remove $path && git write-tree")
rm -f "$dir/index"
refused "no file" "removes 'kernels/scale.c'" \
	"$(candidate "$gone" main):$ladder"
big=$(head -c 5000000 /dev/zero | tr '\0' ' ' | blob)
refused "5 MB" 'larger than 4 MiB' \
	"$(candidate "$(tree_with main "100644,$big,$path")" main):$ladder"
wrong=$(commit "$top" 'scale: rung of 3

Pike-Rung: 3' "$top" "$good^2")
refused "a rung of others" 'Pike-Rung' "$wrong:$ladder"
refused "a rung as a generation" 'not a generation' \
	"$(commit "$tip" 'scale: rung of 1

Pike-Rung: 1' "$tip" "$good^2"):$evo"

# ---- generations ----

message=$(git log -1 --format=%B "$tip")
number=$(sed -n 's/^Pike-Generation: //p' <<<"$message")
champion=$(sed -n 's/^Pike-Champion: //p' <<<"$message")
speedup=$(sed -n 's/^Pike-Speedup: //p' <<<"$message")
new=$(git rev-parse "$good^2")
line="Pike-Result: $new faster 1.5 1.6 1.7 confirm 1700000000-0123456789abcdef"
# As an honest one would be, with one sed script over it.
next() { # next [SED [TREE [PARENT...]]]
	local script=${1-} tree=${2:-$new}
	shift $(($# < 2 ? $# : 2))
	[ $# -gt 0 ] || set -- "$tip" "$good"
	commit "$tree" "$(sed -e '/^Pike-Result:/d' \
		-e "s/^Pike-Generation: .*/Pike-Generation: $((number + 1))/" \
		-e "s/^Pike-Champion: .*/$line\nPike-Champion: $new/" \
		-e 's/^Pike-Speedup: .*/Pike-Speedup: 1.5 1.6 1.7/' \
		<<<"$message" | sed -e "$script")" "$@"
}
refused "a champion that no result confirms" 'its champion' \
	"$(next '/^Pike-Result/d'):$evo"
refused "a champion that was screened alone" 'its champion' \
	"$(next "s/ confirm / screen@$champion /"):$evo"
refused "a champion that was not faster" 'its champion' \
	"$(next 's/ faster / slower /'):$evo"
refused "a speedup that no result says" 'its champion' \
	"$(next 's/^Pike-Speedup: .*/Pike-Speedup: 2 2.1 2.2/'):$evo"
refused "a tree that is not the champion's" 'its tree' \
	"$(next '' main):$evo"
refused "a champion that stays, with another tree" 'its tree' \
	"$(next "s/^Pike-Champion: .*/Pike-Champion: $champion/
		s/^Pike-Speedup: .*/Pike-Speedup: $speedup/"):$evo"
refused "a result of a commit from elsewhere" 'not a commit of this search' \
	"$(next "s/^Pike-Result: [0-9a-f]*/Pike-Result: $base/"):$evo"
for script in 's/ 1.5 1.6 1.7 confirm/ 1.7 1.6 1.5 confirm/' \
	's/ 1.5 1.6 1.7 confirm/ x y z confirm/' \
	's/ faster / fastest /' 's/ confirm / verify /' \
	's/^\(Pike-Result: .*\)$/\1 more/' 's/1700000000-/then-/'; do
	refused "a bad result line ($script)" 'not well formed' \
		"$(next "$script"):$evo"
done
refused "a number that does not follow" 'does not follow' \
	"$(next "s/^Pike-Generation: .*/Pike-Generation: 99/"):$evo"
refused "no number" 'is not a number' \
	"$(next "s/^Pike-Generation: .*/Pike-Generation: -1/"):$evo"
refused "no strategy" 'is missing' "$(next '/^Pike-Strategy/d'):$evo"
refused "another lane" "not the ref's" \
	"$(next 's/^Pike-Lane: .*/Pike-Lane: gpu/'):$evo"
refused "a champion that is said twice" 'is there twice' \
	"$(next "\$s/\$/\nPike-Champion: $base/"):$evo"
refused "a second parent that is not a ladder" 'not a ladder' \
	"$(next '' '' "$tip" "$base"):$evo"
refused "the branch as its own ladder" 'not a ladder' \
	"$(next '' '' "$tip" "$old"):$evo"
refused "three parents" 'two parents' \
	"$(next '' '' "$tip" "$good" "$new"):$evo"
first=$(commit main "$(git log -1 --format=%B "$old" | sed \
	-e '/^Pike-Result:/d' -e '/^Pike-Base:/d' \
	-e 's/^Pike-Generation: .*/Pike-Generation: 0/' \
	-e "s/^Pike-Champion: .*/Pike-Champion: $base/" \
	-e 's/^Pike-Speedup: .*/Pike-Speedup: 3 3 3/')
Pike-Base: $base" main)
refused "a beginning that is faster than itself" 'generation 0' \
	"$(commit "$first" "$(git log -1 --format=%B "$first" |
		sed 's/^Pike-Lane: .*/Pike-Lane: x/')" main):${evo%cpu}x"
git checkout -q -b unpushed main
git commit -q --allow-empty -m 'another base'
elsewhere=$(commit unpushed "$(git log -1 --format=%B "$first" |
	sed -e 's/^Pike-Lane: .*/Pike-Lane: x/' \
		-e 's/^Pike-Speedup: .*/Pike-Speedup: 1 1 1/' \
		-e "s/$base/$(git rev-parse unpushed)/")" unpushed)
git checkout -q main
refused "a base that the server does not have" 'push that first' \
	"$elsewhere:${evo%cpu}x"
refused "a ladder on a generation of no branch" 'push that along' \
	"$(commit "$tip" 'scale: rung of 1

Pike-Rung: 1' "$(next)" "$new"):$ladder"
taken "an honest generation" "$(next):$evo"

# ---- what steers ----

steer() { # steer TREE-ISH TRAILERS [PARENT...]: on the ladder
	local tree=$1 text=$2
	shift 2
	commit "$tree" "scale: pause by anna

$text" "$top" "$@"
}
top=$good
said=$(steer "$top" 'Pike-Steer: pause
Pike-By: anna
Pike-Comment: 12/1')
refused "a word that there is not" 'hint TEXT, pause' \
	"$(steer "$top" 'Pike-Steer: faster
Pike-By: anna'):$ladder"
refused "a hint without a text" 'hint TEXT, pause' \
	"$(steer "$top" 'Pike-Steer: hint
Pike-By: anna'):$ladder"
refused "nobody's word" 'Pike-By once' \
	"$(steer "$top" 'Pike-Steer: pause'):$ladder"
refused "two words" 'Pike-Steer' "$(steer "$top" 'Pike-Steer: pause
Pike-Steer: resume
Pike-By: anna'):$ladder"
refused "a word that is a rung" 'no rung' "$(steer "$top" 'Pike-Steer: pause
Pike-By: anna
Pike-Rung: 1'):$ladder"
refused "one with another tree" 'one parent, and its tree' \
	"$(steer "$good^2" 'Pike-Steer: pause
Pike-By: anna'):$ladder"
refused "one with a second parent" 'one parent' \
	"$(steer "$top" 'Pike-Steer: pause
Pike-By: anna' "$good^2"):$ladder"
refused "a comment that has no number" 'not ID/N' \
	"$(steer "$top" 'Pike-Steer: pause
Pike-By: anna
Pike-Comment: twelve'):$ladder"
refused "a text that is not clean" 'one clean line' \
	"$(steer "$top" "Pike-Steer: hint $(printf '\033[31m')
Pike-By: anna"):$ladder"
refused "10 KB" 'one clean line' \
	"$(steer "$top" "Pike-Steer: hint $(head -c 10000 /dev/zero | tr '\0' x)
Pike-By: anna"):$ladder"
refused "a word among a rung's candidates" 'steers nothing' \
	"$(commit "$top" 'scale: rung of 1

Pike-Rung: 1' "$top" "$said"):$ladder"
taken "a word as the program writes it" "$said:$ladder"
pike -C "$bare" status
like "which holds" "$out" '^scale on cpu: paused by anna'

# On a base that has moved on, which the server has to have.
tip=$(git rev-parse "$(git -C "$bare" rev-parse $evo)")
git commit -q --allow-empty -m 'the base moves on'
base=$(git rev-parse main)
epoch() { # epoch PARENT...: a generation that begins anew there
	commit main "$(sed -e '/^Pike-Result:/d' \
		-e "s/^Pike-Generation: .*/Pike-Generation: $((number + 2))/" \
		-e "s/^Pike-Champion: .*/Pike-Champion: $base/" \
		-e 's/^Pike-Speedup: .*/Pike-Speedup: 1 1 1/' <<<"$message")
Pike-Base: $base" "$@"
}
refused "a new base that is not there" 'push that first' \
	"$(epoch "$tip" "$base"):$evo"
taken "the base" main
refused "a new base that is not a parent" 'its last parent' \
	"$(epoch "$tip"):$evo"
refused "one that is not a ladder" 'not a ladder' \
	"$(epoch "$tip" "$base^" "$base"):$evo"
fresh=$(epoch "$tip" "$base")

# ---- notes ----

note() { # note FILE COMMIT PARENT...: results of a commit, as a notes commit
	local id tree
	id=$(blob <"$1")
	tree=$(printf '100644 blob %s\t%s\n' "$id" "$2" | git mktree)
	printf 'notes\n' | git commit-tree "$tree" "${@:3}"
}
some=$(git notes --ref=$results list | awk '{ print $2; exit }')
git notes --ref=$results show "$some" >"$dir/lines"
is "the pushed notes are results" "$(grep -c '"stage"' "$dir/lines")" \
	"$(grep -c . "$dir/lines")"
sed -n '1s/"id":"[^"]*"/"id":"another"/p' "$dir/lines" >"$dir/more"
ok "another line is one" grep -q another "$dir/more"

add() { # add TEXT-FILE COMMIT: notes with this text for a commit, as git adds
	git update-ref refs/notes/scratch "$results"
	git notes --ref=scratch add -f -F "$1" "$2" 2>/dev/null
	git rev-parse refs/notes/scratch
}
cat "$dir/lines" "$dir/more" >"$dir/both"
refused "a line that is gone" 'loses a line' "$(add "$dir/more" "$some"):$results"
refused "a note that is gone" 'loses a line' \
	"$(git update-ref refs/notes/scratch $results
		git notes --ref=scratch remove "$some" 2>/dev/null
		git rev-parse refs/notes/scratch):$results"
taken=$(add "$dir/both" "$some")
lost=$(git commit-tree "$results^{tree}" -p "$taken" -m notes)
refused "a line that comes and goes" 'loses a line' "$lost:$results"
echo 'no JSON' | cat "$dir/lines" - >"$dir/text"
refused "no JSON" 'not JSON' "$(add "$dir/text" "$some"):$results"
echo '{"v":1}' | cat "$dir/lines" - >"$dir/text"
refused "no result" 'not a result line' "$(add "$dir/text" "$some"):$results"
long=$(printf '%070000d' 0)
sed "s/\"another\"/\"$long\"/" "$dir/more" | cat "$dir/lines" - >"$dir/text"
refused "more than 64 KiB" '64 KiB' "$(add "$dir/text" "$some"):$results"
refused "another commit's line" 'another commit' \
	"$(add "$dir/more" "$base"):$results"
refused "what is not a note" 'is not a note' \
	"$(git commit-tree "$(tree_with "$results" "100644,$other,README")" \
		-p $results -m notes):$results"
refused "a link as a note" 'is not a note' \
	"$(git commit-tree "$(tree_with "$results" "120000,$other,$base")" \
		-p $results -m notes):$results"
refused "notes anew" 'only moves forward' \
	"+$(note "$dir/both" "$some"):$results"
refused "no notes" 'is not deleted' ":$results"
taken "one line more, in another layout" "$taken:$results"
inbox=refs/notes/pike/inbox/job-1
sed 's/another/third/' "$dir/more" >"$dir/third"
taken "an inbox" "$(note "$dir/third" "$some"):$inbox"
refused "an inbox that nobody has folded" 'not yet in' ":$inbox"
cat "$dir/both" "$dir/third" >"$dir/all"
git update-ref $results "$taken"
folded=$(add "$dir/all" "$some")
taken "an inbox that is folded in the same push" "$folded:$results" ":$inbox"
git update-ref $results "$folded"
refused "an inbox of no name" 'not named by a job' \
	"$(note "$dir/third" "$some"):refs/notes/pike/inbox/a/b"
refused "a chat that is none" 'the note of' \
	"$(note "$dir/third" "$some"):refs/notes/pike/chat"

# ---- who has measured it ----

ssh-keygen -q -t ed25519 -N '' -C runner -f "$dir/key"
ssh-keygen -q -t ed25519 -N '' -C other -f "$dir/foreign"
printf 'runner@example.org %s\n' "$(<"$dir/key.pub")" >.pike/runners
git add .pike/runners
git commit -qm 'the runners'
taken "the runners' keys" main
git config gpg.format ssh
signed() { # signed KEY TREE: a note's commit on the results
	git -c user.signingkey="$1" commit-tree -S "$2^{tree}" -p $results -m notes
}
sed 's/another/fourth/' "$dir/more" | cat "$dir/all" - >"$dir/text"
plain=$(add "$dir/text" "$some")
refused "not signed" 'is not signed' "$plain:$results"
refused "signed by another" 'is not signed' \
	"$(signed "$dir/foreign" "$plain"):$results"
refused "not signed below one that is" 'is not signed' \
	"$(git -c user.signingkey="$dir/key" commit-tree -S "$plain^{tree}" \
		-p "$plain" -m notes):$results"
refused "an inbox that is not signed" 'is not signed' \
	"$(note "$dir/third" "$some"):$inbox"
taken "signed by a runner" "$(signed "$dir/key" "$plain"):$results"

# ---- each hook alone, and a server without the program ----

rm "$bare/hooks/pre-receive"
refused "update alone" 'is not deleted' ":$evo"
pike -C "$bare" init --hooks=server
rm "$bare/hooks/update"
refused "pre-receive alone" 'is not deleted' ":$evo"
cat >"$dir/nowhere" <<-'END'
	#!/bin/sh
	PATH=/usr/bin:/bin exec git-receive-pack "$@"
END
chmod +x "$dir/nowhere"
err=$(git push --receive-pack="$dir/nowhere" origin ":$evo" 2>&1)
status=$?
status_is "a server without the program" 1
like "says so" "$err" "no pike-git in the server's PATH"
ok "and lets other branches go on" \
	git push -q --receive-pack="$dir/nowhere" origin main:refs/heads/more

# ---- a clone's ----

git clone -q "$bare" "$dir/clone"
cd "$dir/clone" || exit 1
pike init --hooks
status_is "init --hooks" 0
for h in pre-push post-merge post-checkout; do
	ok "$h is there" test -x ".git/hooks/$h"
done
git config user.name other
text=$(git checkout -q -b step 2>&1)
is "a clone without searches hears nothing" "$text" ''
git fetch -q origin 'refs/heads/pike/*:refs/heads/pike/*'
text=$(git checkout -q main 2>&1)
like "that a faster version is known" "$text" \
	'faster version is confirmed of scale \(1\.60x on cpu\)'
is "on one line" "$(wc -l <<<"$text")" 1
text=$(git checkout -q main -- kernels 2>&1)
is "nothing for a file" "$text" ''
git checkout -q "$(git rev-parse pike/evo/scale/cpu)" -- kernels
git commit -qm 'the faster one'
text=$(git checkout -q -b same 2>&1)
like "that results are missing" "$text" 'results of the searches are not here'
git fetch -q origin 'refs/notes/pike/*:refs/notes/pike/*'
text=$(git checkout -q -b again 2>&1)
is "nothing where the champion is here" "$text" ''
git checkout -q -b behind origin/main 2>/dev/null
git commit -q --allow-empty -m more
git checkout -q main
git reset -q --hard origin/main
text=$(git merge -q behind 2>&1)
like "a merge hears of it, too" "$text" 'faster version'
echo 'broken' >.pike/config
ok "a broken configuration stops no push" git push -q origin behind
git checkout -q .pike/config
text=$(PATH=/usr/bin:/bin git push origin behind:without 2>&1)
like "a push without the program goes on" "$text" 'new branch'
like "and says so" "$text" 'no pike-git in PATH'

# What a push takes along, where the program can.
if "$PIKE" sync -h >/dev/null 2>&1; then
	git config pike.sync false
	git checkout -q -b mended origin/main
	sed -i 's/AGAIN 0/AGAIN 4/' kernels/scale.c
	git commit -qam 'mended'
	git fetch -q origin 'refs/pike/*:refs/pike/*'
	pike propose --from mended
	ours=$(git rev-parse $ladder)
	text=$(git push -q origin mended 2>&1)
	is "a push takes the ladder along" \
		"$(git -C "$bare" rev-parse $ladder) $text" "$ours "
	git notes --ref=$results add -f -m bad HEAD 2>/dev/null
	text=$(git push origin HEAD:refs/heads/mended-2 2>&1)
	like "one that is refused stops no push" "$text" 'new branch'
	like "and is told" "$text" 'were not sent along: .*'
else
	skip "what a push takes along" 'this program has no sync'
fi

cd "$dir/repo" || exit 1
taken "a new base" "$fresh:$evo"
ok "fsck" git -C "$bare" fsck --strict --no-dangling
finish
