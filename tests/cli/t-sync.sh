#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One search, several machines: clones of a repository that real servers hold,
# over smart HTTP with a password and over ssh with a key.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../servers/git.sh"
http_start || skip_all "no HTTP server of git: needs nginx and fcgiwrap"
make_repo "$dir/repo"
# Six settings, of which that of the base is the worst by far.
sed -i -e 's/^#define AGAIN.*/#define AGAIN 30 \/\/pike: tune 0 15 30/' \
	-e 's/^#define ONCE_MORE.*/#define ONCE_MORE 20 \/\/pike: tune 0 20/' \
	"$dir/repo/kernels/scale.c"
sed -i 's/generation-size = 3/generation-size = 5/' "$dir/repo/.pike/config"
git -C "$dir/repo" commit -qam 'slowly'
serve r.git "$dir/repo"
weak=--allow-weak=$LEVEL
branch=refs/heads/pike/evo/scale/cpu
token=$(printf 'pike:s3cret' | base64)

# clone NAME: with the token in a header, as a checkout in CI leaves it.
clone() {
	git -c "http.extraheader=AUTHORIZATION: basic $token" \
		clone -q "$http_url/r.git" "$dir/$1"
	git -C "$dir/$1" config "http.$http_url/.extraheader" \
		"AUTHORIZATION: basic $token"
}
on_server() { git -C "$served/r.git" "$@"; }
# Candidates, and the lines of their screenings, that the server has.
candidates() {
	on_server log --format='%H %(trailers:key=Pike-Agent,valueonly)' \
		refs/pike/open/scale/cpu | sed -n 's/ tune$//p' | sort
}
notes_of() { # notes_of COMMIT: all lines, of results and inboxes
	local ref
	for ref in $(on_server for-each-ref --format='%(refname)' \
		refs/notes/pike/results refs/notes/pike/inbox); do
		on_server notes "--ref=$ref" show "$1" 2>/dev/null
	done | sort -u
}
screens() { notes_of "$1" | grep -c '"stage":"screen"'; }
part_of() { # part_of COMMIT: which of four shards
	local i=$((16#${1:33} % 4))
	echo $((i == 0 ? 4 : i))
}

# ---- one proposes ----
clone maker
cd "$dir/maker" || exit 1
cat >"$served/r.git/hooks/pre-receive" <<'END'
#!/bin/sh
cat >/dev/null
test -e passed || { >passed; echo 'not today'; exit 1; }
END
chmod +x "$served/r.git/hooks/pre-receive"
pike propose
status_is "propose, though a hook refuses the first push" 0
ok "the hook did" test -e "$served/r.git/passed"
is "all candidates are on the server" "$(candidates | wc -l)" 5
ok "and its branch" on_server rev-parse -q --verify $branch
is "the clone's token is nowhere in what was said" \
	"$(grep -c "$token\|s3cret" <<<"$out$err")" 0
n=$(wc -l <"$served/r.git/pushes.log")
pike propose
is "proposed again, nothing is pushed" "$(wc -l <"$served/r.git/pushes.log")" "$n"

# ---- four measure, in clones of their own ----
# One is killed, one is slow, one pushes when the others are folded.
for i in 1 2 3 4; do
	clone "shard$i"
done
victim=$(part_of "$(candidates | head -n 1)")
late=$(for c in $(candidates); do part_of "$c"; done | grep -vx "$victim" |
	head -n 1)
shard() { # shard I OPTION...
	local i=$1
	shift
	PIKE_RUNNER=runner-$i "$PIKE" -C "$dir/shard$i" "$@" evaluate \
		--shard "$i/4" "$weak" >"$dir/shard$i.out" 2>&1 </dev/null
}
jobs_of=()
for i in 1 2 3 4; do
	[ "$i" != "$late" ] || git -C "$dir/shard$i" config pike.sync false
	[ "$i" != "$late" ] || git -C "$dir/shard$i" fetch -q \
		origin "+$branch:$branch" '+refs/pike/open/*:refs/pike/open/*'
	if [ "$i" = "$victim" ]; then
		PIKE_RUNNER=runner-$i setsid "$PIKE" -C "$dir/shard$i" evaluate \
			--shard "$i/4" "$weak" >/dev/null 2>&1 </dev/null &
		killed=$!
	else
		(
			[ $(((i + 1) % 4)) != "$victim" ] || sleep 1
			shard "$i"
		) &
		jobs_of+=($!)
	fi
done
sleep 0.4
{ kill -KILL -- "-$killed" && wait "$killed"; } 2>/dev/null
for i in "${jobs_of[@]}"; do
	wait "$i"
	is "a shard ends well" "$?" 0
done
missing=''
for c in $(candidates); do
	case $(part_of "$c") in "$victim" | "$late") continue ;; esac
	[ "$(screens "$c")" = 1 ] || missing="$missing $c"
done
is "what the others have measured is on the server" "$missing" ""

# ---- a third folds ----
clone third
pike -C "$dir/third" advance
status_is "advance" 0
gen1=$(on_server rev-parse -q --verify $branch)

# ---- the late one, and the killed one once more ----
git -C "$dir/shard$late" config --unset pike.sync
pike -C "$dir/shard$late" sync --push
status_is "the late one pushes" 0
like "says what" "$out" 'refs/notes/pike/inbox/'
shard "$victim"
is "the killed one does the rest" "$?" 0
is "each candidate is screened once" "$(for c in $(candidates); do
	screens "$c"
done | sort | uniq -c | tr -s ' ')" ' 5 1'
pike -C "$dir/third" advance
status_is "advance, with what is late" 0
gen2=$(on_server rev-parse -q --verify $branch)
ok "a generation more" test "$gen1" != "$gen2"
is "all are listed once" "$(on_server log --first-parent --format=%B $branch |
	grep '^Pike-Result: .* screen@' | cut -d' ' -f2 | sort | uniq -c |
	tr -s ' ' | cut -d' ' -f2 | sort | uniq -c | tr -s ' ')" ' 5 1'

# ---- the next pass confirms, and the one after it what came too late ----
for pass in 3 4; do
	jobs_of=()
	for i in 1 2 3 4; do
		shard $i &
		jobs_of+=($!)
	done
	wait "${jobs_of[@]}"
	pike -C "$dir/third" advance
	status_is "advance, pass $pass" 0
done
is "the inboxes are folded" "$(on_server for-each-ref refs/notes/pike/inbox)" ""

# ---- a newcomer ----
clone fresh
cd "$dir/fresh" || exit 1
pike sync --fetch --json
json "sync --json" "$out"
pike status --json
mine=$(sed -n 's/.*"champion":"\([0-9a-f]*\)".*/\1/p' <<<"$out")
pike -C "$dir/third" status --json
is "a fresh clone has the same champion" "$mine" \
	"$(sed -n 's/.*"champion":"\([0-9a-f]*\)".*/\1/p' <<<"$out")"
if [ "$mine" = "$(git rev-parse main)" ]; then
	skip "the champion is a candidate" "no confirmation was decided"
else
	like "the champion is a candidate" "$(candidates)" "^$mine$"
	like "the best of them" "$(git show "$mine:kernels/scale.c")" \
		'AGAIN 0 '
	like "confirmed by one of the runners" "$(notes_of "$mine")" \
		'"by":"runner-[1-4]".*"stage":"confirm"'
fi
pike evolve --candidates 5 "$weak"
status_is "evolve goes on here, and has nothing to do" 0
is "nothing was measured twice" "$(for c in $(candidates); do
	screens "$c"
done | sort | uniq -c | tr -s ' ')" ' 5 1'

# ---- it is offered: by two at once, of which a hook refuses the first ----
coproc forge { exec python3 "$here/../servers/forge.py"; }
read -r port <&"${forge[0]}"
api=http://127.0.0.1:$port
requests() { # requests EXPRESSION: of those that the forge has, in Python
	curl -fs --noproxy '*' "$api/_state/github" | python3 -c '
import json, sys
r = json.load(sys.stdin)["requests"]
print(eval(sys.argv[1]))' "$1"
}
unset GITHUB_ACTIONS GITHUB_EVENT_PATH GITLAB_CI http_proxy all_proxy ALL_PROXY
curl -fs --noproxy '*' -d "{\"repo\":\"$served/r.git\"}" "$api/_set/github" \
	>"$dir/log"
offer() { # offer CLONE
	PIKE_GITHUB_TOKEN="write" "$PIKE" -C "$dir/$1" publish >"$dir/$1.out" 2>&1 \
		</dev/null
}
# A forge's repositories have owners.
mkdir "$served/o"
ln -s ../r.git "$served/o/r.git"
for i in offers1 offers2; do
	clone "$i"
	git -C "$dir/$i" remote set-url origin "$http_url/o/r.git"
	git -C "$dir/$i" config pike.forge.kind github
	git -C "$dir/$i" config pike.forge.url "$api/github"
done
mr=refs/heads/pike/mr/scale/cpu
if [ "$mine" = "$(git rev-parse main)" ]; then
	skip "publish" "no confirmation was decided"
else
	rm "$served/r.git/passed"
	offer offers1
	is "a hook refuses the branch" "$?" 128
	is "so there is no request for it" "$(requests 'len(r)')" 0
	offer offers1 &
	offer offers2
	is "both publish: the one" "$?" 0
	wait $!
	is "and the other" "$?" 0
	is "one request" \
		"$(requests 'len(r), r[0]["state"], r[0]["source"]')" \
		"(1, 'open', 'pike/mr/scale/cpu')"
	is "of what the server has" "$(requests 'r[0]["sha"]')" \
		"$(on_server rev-parse $mr)"
	is "one commit on the base" "$(on_server rev-parse "$mr^")" \
		"$(on_server rev-parse main)"
	is "the champion's kernel" \
		"$(on_server rev-parse "$mr:kernels/scale.c")" \
		"$(on_server rev-parse "$mine:kernels/scale.c")"
	# shellcheck disable=SC2016 # fences
	requests 'r[0]["body"]' | sed -n '/^```sh$/,/^```$/{/^```/!p}' \
		>"$dir/told"
	is "it tells one command" "$(wc -l <"$dir/told")" 1
	read -r -a told <"$dir/told"
	is "of ours" "${told[0]}" pike-git
	git clone -q "$served/r.git" "$dir/reviewer"
	cd "$dir/reviewer" || exit 1
	decided faster "${told[@]:1}" "$weak"
	status_is "which a fresh clone says yes to" 0
	like "of that claim" "$out" "^scale  ${mine:0:12}: the claim is true here"
	cd "$dir/fresh" || exit 1
fi

# ---- a runner that may not push ----
# What was measured before is known by its content, so this is quick.
cd "$dir/third" || exit 1
pike propose --run bundled
status_is "propose, a search of its own" 0
clone reader
cd "$dir/reader" || exit 1
git config remote.origin.pushurl "$dir/nowhere"
PIKE_RUNNER=reader pike evaluate --run bundled --stage screen \
	--out "$dir/results.bundle" "$weak"
status_is "evaluate --out pushes nothing" 0
is "the server has no inbox of it" \
	"$(on_server for-each-ref refs/notes/pike/inbox)" ""
ok "the bundle has one" grep -q refs/notes/pike/inbox/ \
	<(git bundle list-heads "$dir/results.bundle")
cd "$dir/third" || exit 1
pike advance --run bundled "$dir/results.bundle"
status_is "advance, with the bundle" 0
like "closes the generation" "$out" 'generation 1 closed'
tip=$(on_server rev-parse "$branch.bundled")
is "with all that was measured" "$(on_server log -1 --format=%B "$tip" |
	grep -c '^Pike-Result: ')" 5
pike advance --run bundled "$dir/results.bundle"
like "read twice, it changes nothing" "$out" 'no generation to close'
is "nor on the server" "$(on_server rev-parse "$branch.bundled")" "$tip"
is "nor does it come back" "$(git for-each-ref refs/notes/pike/inbox)" ""
cd "$dir/fresh" || exit 1
pike sync
status_is "a clone that has nothing new syncs" 0

# ---- the server's view ----
ok "fsck" on_server fsck --strict --no-dangling
is "nothing was forced" "$(forced r.git)" ""
is "refs of our own are not pushed" "$(on_server for-each-ref refs/pike/remote)" ""

# ---- many at once ----
(cd "$here/../.." && "${MAKE:-make}" -s build/bench/bench_sync) \
	>"$dir/log" 2>&1 || cat "$dir/log"
git init -q --bare "$dir/empty"
serve many.git "$dir/empty" 2>/dev/null
git config --global "http.$http_url/.extraheader" \
	"AUTHORIZATION: basic $token"
ok "four writers, whose results are all there, once" \
	"$here/../../build/bench/bench_sync" 4 20 5 "$http_url/many.git"
git config --global --unset "http.$http_url/.extraheader"
is "nothing of theirs was forced" "$(forced many.git)" ""
ok "fsck of that" git -C "$served/many.git" fsck --strict --no-dangling

# ---- who may not, and what is said then ----
git -C "$dir/fresh" config "http.$http_url/.extraheader" \
	"AUTHORIZATION: basic $(printf 'pike:wr0ng' | base64)"
pike sync
status_is "a wrong password" 128
one_line "is one error"
unlike "without the password" "$err" "wr0ng|$(printf 'pike:wr0ng' | base64)"
git config "http.$http_url/.extraheader" ''
# shellcheck disable=SC2016 # for the shell that runs the helper
git config credential.helper \
	'!f() { echo username=pike; echo "password=$PIKE_TEST_PASSWORD"; }; f'
PIKE_TEST_PASSWORD=s3cret pike sync
status_is "a credential helper" 0
git config "url.$http_url/.insteadOf" 'elsewhere:'
git remote set-url origin elsewhere:r.git
PIKE_TEST_PASSWORD=s3cret pike sync
status_is "url.insteadOf" 0
git remote set-url origin http://127.0.0.1:1/r.git
pike propose
status_is "no network, and nothing to push" 0
like "is a warning" "$err" 'warning: fetching from .origin.: .*going on'
pike propose --run other
status_is "a stage that cannot push" 128
like "says what is left to do" "$err" 'not pushed .*pike-git sync --push'
pike evolve --run another --candidates 1 "$weak"
status_is "evolve goes on without a network" 0
like "and says what was not pushed" "$out" '^  unsent +[0-9]+ refs: '
like "and when it is tried again" "$out" 'sync --push. tries again'
pike evolve --json --run another --candidates 1 "$weak"
like "in JSON, too" "$out" '"unsent":[1-9]'
pike gc --drop scale/cpu.bundled
like "a search that is ended: the remote has it still" "$out" \
	"'origin' has it still; .* --delete refs/heads/pike/evo/scale/cpu\.b"
git remote remove origin
pike sync
status_is "no remote" 128
like "with the remedy" "$err" 'git remote add origin'

# ---- what doctor says ----
git remote add origin "$served/r.git"
pike doctor
like "doctor: the remote answers" "$out" 'remote +origin answers, with [1-9]'
git config --add remote.origin.fetch '+refs/notes/*:refs/notes/*'
pike doctor --json
like "a forced refspec for notes, and the remedy" "$out" \
	"overwrites what .*--unset-all --fixed-value remote.origin.fetch"
git config --unset-all --fixed-value remote.origin.fetch \
	'+refs/notes/*:refs/notes/*'
git config --add remote.origin.fetch '+refs/notes/other:refs/notes/other'
serve blocked.git "$dir/repo"
git -C "$served/blocked.git" branch pike main
git remote set-url origin "$served/blocked.git"
pike doctor --json
like "a branch that is in the way there" "$out" "has a branch named 'pike'"
unlike "another refspec is the user's own" "$out" 'overwrites'
pike propose
status_is "which a push meets, too" 128
like "and names" "$err" "a branch named 'pike' on the remote is in the way"
git remote set-url origin "$dir/nowhere"
pike doctor --json
like "a remote that is not there" "$out" '"remote","found":"origin: asking'
git remote remove origin

# ---- ssh ----
if ssh_start; then
	git remote add origin "$ssh_url/r.git"
	export GIT_SSH_COMMAND=$ssh_command
	pike sync
	status_is "sync over ssh" 0
	git notes --ref=pike/lessons add -m '{"v":1}' main
	pike sync
	like "pushes over ssh" "$out" 'refs/notes/pike/lessons'
	unset GIT_SSH_COMMAND
else
	skip "sync over ssh" "needs sshd"
fi
finish
