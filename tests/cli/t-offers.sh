#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# evolve ends with the merge request of its champion, where somebody has set a
# token for that, and else says and asks nothing.
. "$(dirname "$0")/lib.sh"
coproc forge { exec python3 "$here/../servers/forge.py"; }
read -r port <&"${forge[0]}"
url=http://127.0.0.1:$port
unset GITHUB_ACTIONS GITHUB_EVENT_PATH GITHUB_TOKEN GH_TOKEN GITLAB_CI \
	GITEA_ACTIONS FORGEJO_ACTIONS CI_JOB_TOKEN GITEA_TOKEN GITLAB_TOKEN \
	PIKE_GITHUB_TOKEN http_proxy all_proxy ALL_PROXY
weak=--allow-weak=$LEVEL
mr=refs/heads/pike/mr/scale/cpu

asked() { # asked [STATUS]: how many requests the forge has answered (so)
	curl -fs --noproxy '*' "$url/_log" | python3 -c '
import json, sys
print(sum(sys.argv[1] in ("", str(e["status"])) for e in json.load(sys.stdin)))
' "${1:-}"
}
state() { # state EXPRESSION: of what it holds, in Python
	curl -fs --noproxy '*' "$url/_state/github" | python3 -c '
import json, sys
s = json.load(sys.stdin)
r, c = s["requests"], s["comments"]
print(eval(sys.argv[1]))' "$1"
}

remote=$dir/o/r.git
git init -q --bare "$remote"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
# Of three settings the base has by far the worst.
sed -i -e 's/^#define AGAIN.*/#define AGAIN 40 \/\/pike: tune 0 20 40/' \
	-e '/^#define ONCE_MORE/s/.*/#define ONCE_MORE 0/' kernels/scale.c
git commit -qam 'slowly'
git remote add origin "$remote"
git push -q origin main
git config pike.forge.kind github
git config pike.forge.url "$url/github"
curl -fs --noproxy '*' -d "{\"repo\":\"$remote\"}" "$url/_set/github" >"$dir/log"

pike evolve "$weak"
status_is "evolve without a token" 0
unlike "says nothing of requests" "$out$err" 'request|publish|token'
[ "$(git rev-parse main)" != "$(pike status --json;
	sed -n 's/.*"champion":"\([0-9a-f]*\)".*/\1/p' <<<"$out")" ] ||
	skip_all "no confirmation was decided"
GITHUB_TOKEN=write GH_TOKEN=write pike evolve "$weak"
unlike "nor with a token that is there for other reasons" "$out$err" 'request'

export PIKE_GITHUB_TOKEN=write
pike evolve --no-publish "$weak"
unlike "nor where an option says so" "$out" 'request'
git config pike.forge.publish false
pike evolve "$weak"
unlike "or a setting" "$out" 'request'
git config --unset pike.forge.publish
git config pike.sync false
pike evolve "$weak"
unlike "or that nothing is shared" "$out" 'request'
git config --unset pike.sync
pike evolve --run other --candidates 1 "$weak"
unlike "nor of a search that is there to compare" "$out" 'request'
PIKE_GITHUB_TOKEN='' PIKE_GITLAB_TOKEN=write pike evolve "$weak"
unlike "nor with another forge's token" "$out" 'request'
is "and nobody was asked all the while" "$(asked)" 0
is "nor anything pushed" "$(git -C "$remote" for-each-ref "$mr")" ""

git config pike.threshold 1000
pike evolve "$weak"
status_is "below the threshold" 0
like "what is missing" "$out" \
	'^  request  nothing to publish: .*below the threshold of 1000'
git config --unset pike.threshold
curl -fs --noproxy '*' -d '{"do":"status","status":403,"n":50,
	"body":{"message":"Resource not accessible"}}' "$url/_fault" >"$dir/log"
pike evolve "$weak"
status_is "a forge that refuses: the search is done all the same" 0
like "why, and what to do" "$(tr -s ' \n' ' ' <<<"$out")" \
	'request not opened: GitHub does not let .* .pike-git publish. tries again'
pike evolve --json "$weak"
json "and as JSON" "$out"
like "which says that it failed" "$out" '"request":\{"reason":"GitHub .*","what":"failed"\}'
unlike "and has no token" "$out$err" Bearer
curl -fs --noproxy '*' -d '{}' "$url/_reset" >"$dir/log"
curl -fs --noproxy '*' -d "{\"repo\":\"$remote\"}" "$url/_set/github" >"$dir/log"

pike evolve "$weak"
status_is "with a token" 0
like "it is opened" "$out" '^  request  opened$'
like "where" "$out" '^  https://api\.example\.org/repos/o/r/pulls/1$'
is "it is there" "$(state 'len(r), r[0]["state"]')" "(1, 'open')"
is "with the champion's kernel" "$(git -C "$remote" show "$mr:kernels/scale.c" |
	grep -c 'AGAIN 0 ')" 1
pike evolve --json "$weak"
like "again: left as it is" "$out" '"request":\{"number":1,.*"what":"same"\}'
is "as an object without the page" "$(python3 -c '
import json, sys
print("body" in json.loads(sys.argv[1])["targets"][0]["request"])' "$out")" False
is "still one" "$(state 'len(r)')" 1
n=$(asked 304)
pike publish
like "said again" "$out" 'open, and up to date'
ok "the lists are asked for on condition, and have not changed" \
	test "$(asked 304)" -gt "$n"
ok "by what is kept in the repository" test -s .git/pike-forge.json

# ---- a token of git's credential helpers ----

unset PIKE_GITHUB_TOKEN
cat >"$dir/helper" <<-END
	#!/bin/sh
	{ echo "== \$1"; cat; } >>"$dir/helper.log"
	[ "\$1" != get ] || cat "$dir/answer"
END
chmod +x "$dir/helper"
cat >"$dir/asks" <<-END
	#!/bin/sh
	echo "\$@" >>"$dir/asked"
END
chmod +x "$dir/asks"
git config credential.helper "$dir/helper"
git config core.askPass "$dir/asks"
helper() { # helper [LINES]: what it knows from now on; forgets its log
	printf '%s' "${1:-}" >"$dir/answer"
	: >"$dir/helper.log"
}
helper
SSH_ASKPASS=$dir/asks DISPLAY=:99 pike publish
status_is "a helper that knows nothing" 129
like "is told as no token" "$err" 'set PIKE_GITHUB_TOKEN to one'
is "and nobody is asked in its place" "$(cat "$dir/asked" 2>/dev/null)" ""
like "it was asked for the API's server" "$(<"$dir/helper.log")" \
	"^host=127\.0\.0\.1:$port\$"
is "and for a token alone" "$(grep '^==' "$dir/helper.log")" '== get'
pike evolve "$weak"
unlike "evolve does not look there" "$out" 'request'
is "at all" "$(grep -c '^==' "$dir/helper.log")" 1

helper $'username=me\npassword=write\n'
GIT_TRACE=$dir/trace GIT_TRACE2_EVENT=$dir/trace2 pike publish -v
status_is "one that knows a token" 0
like "which is taken" "$out" 'open, and up to date'
is "it is told so, once" "$(grep '^==' "$dir/helper.log" | tr '\n' ' ')" \
	'== get == store '
like "with what it has said" "$(sed -n '/^== store/,$p' "$dir/helper.log")" \
	'^password=write$'
unlike "the token is nowhere in what was said" "$out$err" 'password|Bearer'
unlike "nor in an argument" "$(cat "$dir/trace" "$dir/trace2")" \
	'password|=write'
ok "which the trace has" grep -q 'credential fill' "$dir/trace"
pike doctor
like "doctor tells whose it is" "$out" "with a token of git's credential helpers"

helper $'username=me\npassword=wrong\n'
pike publish
status_is "a token that the forge does not know" 128
like "is named by where it is from" "$err" \
	"does not know the token of git's credential helper \(401"
is "and stays where it is: git may push with it" \
	"$(grep '^==' "$dir/helper.log" | tr '\n' ' ')" '== get '
helper $'username=me\npassword=a b\n'
pike publish
status_is "one that is no token" 129
unlike "is not said" "$err" 'a b'
helper $'username=me\npassword=write\n'
PIKE_GITHUB_TOKEN="write" pike publish
status_is "a variable goes first" 0
is "and no helper is asked" "$(<"$dir/helper.log")" ""
git config pike.forge.token PIKE_MINE
pike publish
status_is "a variable that is named and empty" 129
is "is no reason to ask one" "$(<"$dir/helper.log")" ""
git config --unset pike.forge.token
git config --unset credential.helper
# shellcheck disable=SC2016 # it is the script's own
printf '#!/bin/sh\ncase $1 in *name*) echo me ;; *) echo write ;; esac\n' \
	>"$dir/asks"
GIT_ASKPASS=$dir/asks pike publish
status_is "git's own askpass, as jobs have it" 0
export PIKE_GITHUB_TOKEN=write

# Whoever reads a request must find what it names.
git remote set-url --push origin "$dir/nowhere"
n=$(asked)
pike evolve --run third --candidates 1 "$weak"
pike evolve "$weak"
like "what cannot be pushed is not offered" "$out" '^  unsent '
unlike "nor spoken of" "$out" '^  request'
is "nor asked for" "$(asked)" "$n"
git remote set-url --delete --push origin '.*'
GITHUB_ACTIONS=true GITHUB_EVENT_PATH=$dir/none pike evolve "$weak"
status_is "a job of which it cannot be told whose it is" 0
like "offers nothing" "$(tr -s ' \n' ' ' <<<"$out")" \
	'request not opened: publish refuses'
finish
