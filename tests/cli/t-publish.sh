#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# publish: a champion as a merge request, on a server with a memory of three
# forges (tests/servers/forge.py), with a remote that git pushes to. The search
# is written by git itself, with figures that are made up: nothing is measured.
. "$(dirname "$0")/lib.sh"

coproc forge { exec python3 "$here/../servers/forge.py"; }
read -r port <&"${forge[0]}"
url=http://127.0.0.1:$port
unset GITHUB_ACTIONS GITHUB_EVENT_PATH GITHUB_TOKEN GH_TOKEN GITLAB_CI \
	GITEA_ACTIONS FORGEJO_ACTIONS CI_JOB_TOKEN GITEA_TOKEN GITLAB_TOKEN \
	http_proxy all_proxy ALL_PROXY
export PIKE_GITHUB_TOKEN=write

say() { # say PATH [BODY]: to the server itself
	if [ $# -gt 1 ]; then
		curl -fs --noproxy '*' -d "$2" "$url$1"
	else
		curl -fs --noproxy '*' "$url$1"
	fi
}
state() { # state KIND EXPRESSION: of what the forge holds, in Python
	say "/_state/$1" | python3 -c '
import json, sys
s = json.load(sys.stdin)
r, c = s["requests"], s["comments"]
print(eval(sys.argv[1]))' "$2"
}
asked() { # asked METHOD PART: how often that was asked for
	say /_log | python3 -c '
import json, sys
print(sum(e["method"] == sys.argv[1] and sys.argv[2] in e["path"]
          for e in json.load(sys.stdin)))' "$1" "$2"
}

# ---- a search as git has it ----

remote=$dir/o/r.git
git init -q --bare "$remote"
git -C "$remote" config receive.denyDeletes false
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
git remote add origin "$remote"
git push -q origin main
base=$(git rev-parse main)
evo=refs/heads/pike/evo/scale/cpu
mr=refs/heads/pike/mr/scale/cpu
git config pike.forge.kind github
git config pike.forge.url "$url/github"

# A commit with the base's files and another kernel. FILE goes into it.
tree_with() { # tree_with BASE FILE [PATH]
	GIT_INDEX_FILE=$dir/index git read-tree "$1"
	GIT_INDEX_FILE=$dir/index git update-index --add --cacheinfo \
		"100644,$(git hash-object -w "$2"),${3:-kernels/scale.c}"
	GIT_INDEX_FILE=$dir/index git write-tree
}
# Closes a generation with that kernel for a champion. Sets `champion`.
search() { # search FILE SPEEDUP IDEA
	local tip gen tree source rung n
	tip=$(git rev-parse -q --verify $evo) || {
		tip=$(git commit-tree -p "$base" "$base^{tree}" <<-END
			scale: generation 0, best 1.00x [skip ci]

			Pike-Generation: 0
			Pike-Target: scale
			Pike-Lane: cpu
			Pike-Champion: $base
			Pike-Speedup: 1 1 1
			Pike-Spent: 0
			Pike-Strategy: tune
			Pike-Seed: 1
			Pike-Base: $base
		END
		)
		git update-ref $evo "$tip"
	}
	n=$(($(git rev-list --first-parent "$base..$tip" | wc -l)))
	tree=$(tree_with "$base" "$1")
	source=$(GIT_INDEX_FILE=$dir/index2 sh -c "git read-tree --empty &&
		git update-index --add --cacheinfo \
		100644,$(git hash-object "$1"),kernels/scale.c &&
		git write-tree")
	champion=$(git commit-tree -p "$tip" "$tree" <<-END
		scale: what was tried

		Pike-Target: scale
		Pike-Lane: cpu
		Pike-Agent: optimize
		Pike-Generation: $n
		Pike-Idea: $3
		Pike-Model: some-model
		Pike-Tokens: in=1000 out=200
		Pike-Cost: 0.25
		Pike-Source: $source
	END
	)
	rung=$(git commit-tree -p "$tip" -p "$champion" "$tip^{tree}" <<-END
		scale: rung of 1

		Pike-Rung: 1
	END
	)
	gen=$(git commit-tree -p "$tip" -p "$rung" "$tree" <<-END
		scale: generation $n, best ${2}x [skip ci]

		Pike-Generation: $n
		Pike-Target: scale
		Pike-Lane: cpu
		Pike-Result: $champion faster $2 $2 $2 confirm 17000000$n-0123456789abcdef
		Pike-Champion: $champion
		Pike-Speedup: $2 $2 $2
		Pike-Spent: 0.25
		Pike-Strategy: tune
		Pike-Seed: 1
	END
	)
	git update-ref $evo "$gen"
}
ids=0
# A result line of the champion, in a notes commit of its own.
confirm() { # confirm BY LO MID HI [MORE JSON, which begins with a comma]
	ids=$((ids + 1))
	git notes --ref=pike/results append -m "{\"base\":\"$base\",\"by\":\"$1\",\
\"cases\":[{\"base_ns\":150000,\"cand_ns\":100000,\"case\":\"n=4000\",\
\"max_abs\":0,\"pairs\":100,\"ratio\":[$2,$3,$4],\"rel_l2\":1e-8}],\
\"champion\":\"$base\",\"commit\":\"$champion\",\"env\":\"e1\",\
\"env_info\":{\"cpu\":\"${ENV:-Some CPU}\"},\"id\":\"line$ids\",\
\"isolation\":\"${ISOLATION:-I2}\",\
\"lane\":\"cpu\",\"precision\":\"fp32\",\
\"speedup\":{\"base\":[$2,$3,$4],\"champion\":[$2,$3,$4]},\
\"stage\":\"${STAGE:-confirm}\",\"target\":\"scale\",\"ts\":$((1700000000 + ids)),\"v\":1,\
\"verdict\":\"${VERDICT:-faster}\"${5:-}}" "$champion"
}
sed 's/AGAIN 0 /AGAIN 0  /' kernels/scale.c >"$dir/one.c"
sed 's/AGAIN 0 /AGAIN 0   /' kernels/scale.c >"$dir/two.c"

# ---- nothing to publish ----

pike publish
status_is "without a search" 0
like "it says so" "$out" 'no search has begun'
pike publish --exit-code
status_is "which --exit-code makes a no" 1
search "$dir/one.c" 1.5 'no line yet'
pike publish
status_is "a champion without a line" 0
like "it says what is missing" "$out" 'no confirmation of the champion'
confirm local 1.01 1.2 1.3
pike publish
like "a lower bound below the threshold" "$out" \
	'1\.20x \[1\.01, 1\.30\] over the base: the lower bound is below .*1\.05x'
pike publish --threshold 1.0 --dry-run
like "which an option can lower" "$out" 'would be published'
confirm local 1.4 1.5 1.6
git config pike.confirmations 2
pike publish
like "too few runners" "$out" 'confirmed by 1 of 2 runners: 1 more must'
like "and what to do" "$out" 'with PIKE_RUNNER set'
confirm local 1.4 1.5 1.6
pike publish
like "the same one again is still one" "$out" 'confirmed by 1 of 2'
confirm liar 1e300 1e300 1e300
pike publish
like "nor does what cannot be" "$out" 'confirmed by 1 of 2'
confirm other 1.3 1.45 1.6
is "nobody was asked so far" "$(asked GET /)" 0
is "and nothing was pushed" "$(git -C "$remote" for-each-ref "$mr")" ""

# ---- dry run ----

before=$(refs_sum .)$(refs_sum "$remote")$(tree_sum .)
pike publish --dry-run scale
status_is "a dry run" 0
like "has the title" "$out" '^pike\(scale\): 1\.45x on cpu, [0-9a-f]{8}$'
like "the marker first" "$(sed -n '/^pike(scale)/,$p' <<<"$out" | sed -n 3p)" \
	'^<!-- pike-git:scale/cpu [0-9a-f]{12} -->$'
like "the lowest interval" "$out" 'interval 1\.30x to 1\.60x'
like "one command to verify" "$out" "^pike-git verify $champion\$"
like "how small it is" "$out" '1 file, \+1 -1 lines'
like "what was not checked" "$out" '^- Not checked: .stress'
like "that runners are not verified" "$out" 'Runners are not verified'
like "a row for the case" "$out" '^\| .n=4000. \| 150.*us \| 100.*us \|'
like "both runners" "$out" '^\| .other. \| faster \| 1\.45x'
like "its cost" "$out" 'questions to models: 1, tokens in: 1000, out: 200, 0\.25 USD'
like "its lineage" "$out" "c0\\[\"${champion:0:8} 1\\.50x optimize\"\\]"
like "its progress" "$out" 'line \[1\.000, 1\.500\]'
is "and changes nothing" "$(refs_sum .)$(refs_sum "$remote")$(tree_sum .)" \
	"$before"
is "nor asks anybody" "$(asked GET /)" 0
pike publish --dry-run --json
json "as JSON" "$out"
like "which has the body" "$out" '"body":"<!-- pike-git:scale/cpu'

# ---- the request ----

say /_set/github "{\"repo\":\"$remote\"}" >/dev/null
pike publish
status_is "publish" 0
like "it is opened" "$out" '^scale on cpu: opened'
like "and where" "$out" 'https://api\.example\.org/repos/o/r/pulls/1'
is "one request" "$(state github 'len(r), r[0]["state"], r[0]["target"]')" \
	"(1, 'open', 'main')"
is "with its label" "$(state github 'r[0]["labels"]')" "['pike']"
is "a status on its commit" \
	"$(state github 's["statuses"][0]["sha"] == r[0]["sha"]')" True
head=$(git -C "$remote" rev-parse "$mr")
is "one commit on the base" "$(git -C "$remote" rev-parse "$mr^@")" "$base"
is "that changes the kernel alone" \
	"$(git -C "$remote" diff --raw "main..$mr" | cut -d' ' -f1,2,5)" \
	":100644 100644 M	kernels/scale.c"
is "to the champion's" "$(git -C "$remote" show "$mr:kernels/scale.c")" \
	"$(cat "$dir/one.c")"
message=$(git -C "$remote" log -1 --format=%B "$mr")
like "its message names the champion" "$message" "^Pike-Champion: $champion\$"
is "as git reads it" \
	"$(git -C "$remote" log -1 --format='%(trailers:key=Pike-Target,valueonly)' \
		"$mr" | head -n 1)" scale
unlike "and no word of a model" "$message" 'no line yet'
unlike "nor to skip the checks" "$message" 'skip ci'
ok "and the repository is whole" git -C "$remote" fsck --strict
pike publish
like "again: nothing is done" "$out" 'open, and up to date'
is "the branch is as it was" "$(git -C "$remote" rev-parse "$mr")" "$head"
is "still one request" "$(state github 'len(r)')" 1
is "nothing was written" "$(asked PATCH /pulls)" 0
status_is "which --exit-code takes for a yes" 0

# Commits that do not concern the target leave it as it is.
echo more >README
git add README
git commit -qm 'a readme'
git push -q origin main
pike publish
like "the base has moved on elsewhere" "$out" 'open, and up to date'
mkdir deep
cd deep || exit 1
git remote set-url origin ../o/r.git
pike publish
like "from a folder below, to a path from the top" "$out" 'up to date'
cd ..
is "and the branch stays" "$(git -C "$remote" rev-parse "$mr")" "$head"

# ---- another champion ----

search "$dir/two.c" 1.8 'a second idea'
confirm local 1.6 1.8 1.9
confirm other 1.7 1.8 1.9
pike publish
like "a new champion updates it" "$out" '^scale on cpu: updated'
is "no second request" "$(state github 'len(r)')" 1
like "its title follows" "$(state github 'r[0]["title"]')" '1\.80x'
is "the branch is made anew on the base of now" \
	"$(git -C "$remote" rev-parse "$mr^@")" "$(git rev-parse main)"
is "with the new files" "$(git -C "$remote" show "$mr:kernels/scale.c")" \
	"$(cat "$dir/two.c")"

# ---- a person's word ----

git clone -q "$remote" "$dir/person" 2>/dev/null
git -C "$dir/person" checkout -q pike/mr/scale/cpu
echo '/* mine */' >>"$dir/person/kernels/scale.c"
git -C "$dir/person" commit -qam 'by hand'
git -C "$dir/person" push -q origin HEAD
head=$(git -C "$remote" rev-parse "$mr")
confirm local 1.65 1.85 1.95
pike publish
status_is "a person has committed on it" 0
like "hands off" "$out" 'somebody has committed on .*left alone'
pike publish
is "which is said once" "$(state github 'len(c)')" 1
is "their commit stays" "$(git -C "$remote" rev-parse "$mr")" "$head"
# An amended message is a person's, too.
git -C "$dir/person" reset -q --hard HEAD^
git -C "$dir/person" commit -q --amend -m "reworded

$(git -C "$dir/person" log -1 --format=%B | tail -n 8)"
git -C "$dir/person" push -q --force origin HEAD
pike publish
like "so are other words" "$out" 'somebody has committed'
git -C "$remote" update-ref -d "$mr"
pike publish
like "deleted: made anew" "$out" '^scale on cpu: updated'
is "on the same request" "$(state github 'len(r)')" 1
curl -fs --noproxy '*' -X PATCH -H 'Authorization: Bearer write' \
	-d '{"state":"closed"}' "$url/github/repos/o/r/pulls/1" >/dev/null
head=$(git -C "$remote" rev-parse "$mr")
pike publish
status_is "a person has closed it" 0
like "it is not offered again" "$out" 'a person has closed'
is "nor another one opened" "$(state github 'len(r)')" 1
pike publish --exit-code
status_is "which --exit-code takes for a no" 1

# ---- the base ----

reset() { # a forge that has forgotten, a remote without the branch
	say /_reset '{}' >/dev/null
	say /_set/github "{\"repo\":\"$remote\"}" >/dev/null
	git -C "$remote" update-ref -d "$mr"
}
reset
kept=$(git rev-parse main)
sed -i 's/1\.5f/1.50f/' kernels/scale.c
git commit -qam 'a fix of the kernel'
git push -q origin main
pike publish
status_is "the base has another kernel by now" 0
like "it is not reverted" "$out" "'kernels/scale\\.c' of 'main' has changed"
is "nothing is pushed" "$(git -C "$remote" for-each-ref "$mr")" ""
git reset -q --hard "$kept"
git config --file .pike/config --replace-all target.scale.case n=5000
git commit -qam 'another size'
git push -qf origin main
pike publish
like "another section" "$out" "the target's section in \\.pike/config of 'main'"
git reset -q --hard "$kept"
echo >>kernels/scale_ref.c
git commit -qam 'another truth'
git push -qf origin main
pike publish
like "another reference" "$out" "'kernels/scale_ref\\.c' of 'main' has changed"
git reset -q --hard "$kept"
git push -qf origin main
pike publish
like "as it was" "$out" 'opened'
cp "$dir/two.c" kernels/scale.c
git commit -qam 'taken by hand'
git push -q origin main
pike publish
status_is "the base has it" 0
like "it says so" "$out" "'main' has the champion's files already"
is "what is open is closed" "$(state github 'r[0]["state"]')" closed
like "with a reason" "$(state github 'c[0]["body"]')" 'The base has these files'
git reset -q --hard "$kept"
git push -qf origin main
pike publish
like "closed by us, it may come again" "$out" 'opened'

# ---- caps, gates ----

reset
git config pike.forge.max-open 1
say /_set/github '{"request":{"source":"pike/mr/gemm/cpu","target":"main"}}' \
	>/dev/null
pike publish
status_is "as many as may be open" 0
like "it waits" "$out" '1 merge requests are open'
is "nothing is pushed" "$(git -C "$remote" for-each-ref "$mr")" ""
git config --unset pike.forge.max-open
git config pike.forge.auto-merge true
pike publish
like "auto-merge" "$out" 'auto-merge: merged'
is "it is merged" "$(state github 'r[1]["merged"]')" True
git config --unset pike.forge.auto-merge
reset
git config pike.target.scale.baseline-gate true
confirm local 1.6 1.8 1.9 ',"baselines":{"compile":[0.7,0.8,0.9]}'
confirm other 1.6 1.8 1.9 ',"baselines":{"compile":[0.7,0.8,0.9]}'
pike publish
like "a faster baseline holds it back" "$out" \
	"its baseline 'compile' is faster \\(0\\.80x of it\\)"
git config pike.target.scale.baseline-gate false
git config pike.target.scale.in-model-gate true
pike publish
like "what nobody has measured in the model is held back" "$out" \
	'in the whole model is not measured.*in-model-gate'
STAGE=model VERDICT=same confirm local 0.99 1.0 1.01
pike publish
like "and what is no gain there" "$out" "in the whole model it is 'same' \(1\.00x"
STAGE=model VERDICT=inconclusive confirm local 1.1 1.2 1.3 ',"claimed":true'
pike publish --dry-run
like "and what the clock does not bear out" "$out" "it is 'inconclusive'"
git config pike.target.scale.in-model-gate false
pike publish --dry-run
like "which a request says" "$out" 'In the whole model: .*does not bear out'
git config pike.target.scale.in-model-gate true
STAGE=model confirm local 1.02 1.04 1.06
pike publish --dry-run
like "a gain there passes, with its figures" "$out" \
	'In the whole model: 1\.04x \[1\.02, 1\.06\], faster'
git config --unset pike.target.scale.in-model-gate
pike publish --dry-run
like "or stands in the first line" "$(sed -n '/^<!-- pike-git/,$p' <<<"$out" |
	sed -n 2p)" '^\*\*Slower than the baseline .compile.: 0\.80x'
confirm local 1.6 1.8 1.9
confirm other 1.6 1.8 1.9

# ---- refusals ----

pike doctor
like "doctor tells the forge" "$out" 'forge +o/r at GitHub, with a token'
PIKE_GITHUB_TOKEN='' pike doctor
like "or what is missing" "$(tr -s ' \n' ' ' <<<"$out")" \
	'forge there is no token for GitHub: set PIKE_GITHUB_TOKEN'

cat >"$remote/hooks/update" <<-'END'
	#!/bin/sh
	echo 'GitLab: You are not allowed to push' >&2
	case $1 in refs/heads/pike/mr/*) exit 1 ;; esac
END
chmod +x "$remote/hooks/update"
pike publish
status_is "a remote that refuses" 128
like "why" "$err" 'does not let .refs/heads/pike/mr/scale/cpu. be pushed: .*declined'
is "and no request without a branch" "$(state github 'len(r)')" 0
rm "$remote/hooks/update"
git -C "$remote" config receive.denyNonFastForwards true
pike publish
search "$dir/one.c" 1.5 'again'
confirm local 1.6 1.8 1.9
confirm other 1.6 1.8 1.9
pike publish
status_is "a remote that lets no branch be made anew" 128
like "what it has to allow" "$err" 'may not be made anew there: allow that for'
git -C "$remote" config receive.denyNonFastForwards false
PIKE_GITHUB_TOKEN='read' pike publish
status_is "a token that may only read" 128
like "the right is named" "$err" 'pull-requests: write'
unlike "the token is not" "$err$out" 'Bearer'
reset
PIKE_GITHUB_TOKEN='' pike publish
status_is "no token" 129
like "how to give one" "$err" 'set PIKE_GITHUB_TOKEN to one that has'
is "nothing was pushed" "$(git -C "$remote" for-each-ref "$mr")" ""
git config --unset pike.forge.url
git config --file .pike/config forge.url https://evil.example/api/v3
pike publish
status_is "a tracked file that sends the token elsewhere" 129
like "is not trusted" "$err" "would be sent the forge's token"
git checkout -q .pike/config
git config pike.forge.url "$url/github"
cat >"$dir/event" <<-'END'
	{"pull_request":{"head":{"repo":{"full_name":"stranger/r"}},
	"base":{"repo":{"full_name":"o/r"}}}}
END
GITHUB_ACTIONS=true GITHUB_EVENT_PATH=$dir/event pike publish
status_is "a job for somebody's fork" 128
like "is refused" "$err" 'publish refuses: .*from another repository'
GITLAB_CI=true CI_PROJECT_ID=1 CI_MERGE_REQUEST_SOURCE_PROJECT_ID=2 \
	pike publish
status_is "also on GitLab" 128
is "nobody was asked" "$(state github 'len(r)')" 0
git config pike.remote nowhere
pike publish
status_is "a remote that is none" 128
git config --unset pike.remote

# ---- GitLab and Gitea, by what their CI says ----

git config --unset pike.forge.url
git config --unset pike.forge.kind
export PIKE_GITLAB_TOKEN=write PIKE_GITEA_TOKEN=write
say /_set/gitlab "{\"repo\":\"$remote\"}" >/dev/null
say /_set/gitea "{\"repo\":\"$remote\"}" >/dev/null
GITLAB_CI=true CI_API_V4_URL=$url/gitlab/api/v4 CI_SERVER_URL=$url \
	CI_PROJECT_PATH=group/sub/r CI_PROJECT_ID=1 pike publish
status_is "on GitLab" 0
is "one request" "$(state gitlab 'len(r), r[0]["labels"]')" "(1, ['pike'])"
git -C "$remote" update-ref -d "$mr"
git config pike.forge.url "$url/gitea/api/v1"
GITHUB_ACTIONS=true GITEA_ACTIONS=true GITHUB_SERVER_URL=$url \
	GITHUB_REPOSITORY=o/r pike publish
status_is "on Gitea" 0
is "one request" "$(state gitea 'len(r), r[0]["labels"]')" "(1, ['pike'])"
git config pike.forge.kind github
git config pike.forge.url "$url/github"

# ---- runners that are known ----

git config gpg.format ssh
for who in known stranger; do
	ssh-keygen -q -t ed25519 -N '' -f "$dir/$who" -C $who 2>/dev/null ||
		who=none
done
if [ -f "$dir/known.pub" ] && [ "$(git version | cut -d' ' -f3 |
	cut -d. -f1,2 | tr -d .)" -ge 234 ]; then
	reset
	sign() { # sign KEY: the last notes commit
		git -c user.signingkey="$dir/$1" commit-tree -S \
			-p refs/notes/pike/results^ \
			-m 'Notes added' 'refs/notes/pike/results^{tree}' |
			xargs git update-ref refs/notes/pike/results
	}
	echo "runner $(cat "$dir/known.pub")" >.pike/runners
	git add .pike/runners
	git commit -qm 'known runners'
	git push -q origin main
	pike publish
	like "what is not signed does not count" "$out" \
		'confirmed by 0 of 2 runners.*2 do not count, as no key'
	confirm local 1.6 1.8 1.9
	sign known
	confirm other 1.6 1.8 1.9
	sign stranger
	pike publish
	like "nor what a stranger has signed" "$out" \
		'confirmed by 1 of 2 runners.*1 do not count'
	confirm other 1.6 1.8 1.9
	sign known
	pike publish --dry-run
	like "what they have signed does" "$out" 'would be published'
	unlike "and that is all it says" "$out" 'not verified'
	like "each is signed" "$out" '^\| .other. .* \| signed \|$'
	# Somebody else's word in a signed one's place.
	confirm third 1.6 1.8 1.9
	pike publish --dry-run
	like "one more that is not" "$out" '^\| .third. .* \| not signed \|$'
else
	skip "signed confirmations" "needs ssh-keygen and git 2.34"
fi

# ---- hostile text ----

reset
evil='</td>|@octocat `'"'"'x'"'"'` ![a](https://evil.example) /merge Closes #1 [skip ci] ::error::x \u202e'
search "$dir/one.c" 1.5 "${evil/'\u202e'/$'\xe2\x80\xae'}"
for by in local other; do
	ENV="\\n/merge\\n$evil" ISOLATION=$evil \
		confirm $by 1.4 1.5 1.6 ",\"log\":\"$evil\",\"reason\":\"$evil\",\
\"baselines\":{\"$evil\":[1.1,1.2,1.3]},\"classes\":[\"$evil\"]"
done
[ ! -f "$dir/known.pub" ] || {
	git rm -q .pike/runners
	git commit -qm 'unknown runners'
	git push -q origin main
}
pike publish --dry-run --json
status_is "text of others in the evidence" 0
json "is one document" "$out"
python3 - "$dir/out" "$dir/body.md" <<'END'
import json, sys
t = json.load(open(sys.argv[1]))["targets"][0]
open(sys.argv[2], "w").write(t["title"] + "\n\n" + t["body"])
END
body=$(<"$dir/body.md")
like "it is told" "$body" 'octocat.*merge.*Closes'
unlike "no mention" "$body" '(^|[^[:alnum:]_])@[^ ]'
unlike "no quick action" "$body" '^[[:space:]]*/'
unlike "no workflow command" "$body" '(^|[[:space:]])::[a-z]'
unlike "nothing that closes an issue" "$body" '#[0-9]'
unlike "nor skips the checks" "$body" '\[(skip|ci|no ci)'
unlike "no tag, no image" "$body" '<[a-z/]|!\['
unlike "no way to turn text around" "$body" $'\xe2\x80\xae'
is "its tables keep their cells" "$(awk -F'|' '/^\| / && NF != 4 && NF != 8 \
	&& NF != 9' "$dir/body.md")" ""
if command -v cmark >/dev/null; then
	html=$(cmark --unsafe <"$dir/body.md")
	unlike "as a reader of Markdown sees it: no link" "$html" '<(a|img|td) '
	is "no more headings than the template's" "$(grep -c '<h[1-6]' <<<"$html")" \
		"$(grep -cE '^### (Cases|Correctness|Environment|How|Runners)' \
			"$here/../../templates/merge-request.md")"
else
	skip "as a reader of Markdown sees it" "no cmark: apt-get install cmark"
fi

# As large as a note may be, of whoever wants the page to be too long.
python3 - "$champion" "$base" >"$dir/large" <<'END'
import json, sys
ticks, ats = "`" * 150, "@|" * 100
for by in range(60):
    print(json.dumps({
        "base": sys.argv[2], "commit": sys.argv[1], "by": ats + str(by),
        "cases": [{"case": f"{i}{ats}", "base_ns": 2, "cand_ns": 1,
                   "pairs": 9, "ratio": [1.4, 1.5, 1.6]} for i in range(60)],
        "env": ats, "env_info": {f"{i}{ats}": ats for i in range(45)},
        "id": f"large{by}", "isolation": ats, "lane": "cpu",
        "baselines": {f"{i}{ticks}": [1.1, 1.2, 1.3] for i in range(12)},
        "classes": [ats] * 20, "precision": ats,
        "resources": {"launches": [{"kernel": ats}] * 40},
        "speedup": {"base": [1.4, 1.5, 1.6]}, "stage": "confirm",
        "target": "scale", "ts": 1700009000 + by, "v": 1,
        "verdict": "faster"}, sort_keys=True))
END
git notes --ref=pike/results add -f -F "$dir/large" "$champion" 2>"$dir/said"
pike publish --dry-run --json
status_is "evidence as long as it may be" 0
python3 - "$dir/out" "$dir/body.md" <<'END'
import json, sys
t = json.load(open(sys.argv[1]))["targets"][0]
open(sys.argv[2], "w").write(t["body"])
END
ok "fits on a page" test "$(wc -m <"$dir/body.md")" -lt 65000
like "and says what it leaves out" "$(<"$dir/body.md")" '60 cases in all'
is "and its tables keep their cells" "$(awk -F'|' '/^\| / && NF != 4 && NF != 8 \
	&& NF != 9' "$dir/body.md")" ""
unlike "and their text" "$(<"$dir/body.md")" '(^|[^[:alnum:]])@[[:alnum:]¦]'

# ---- another judge of what GitHub is asked, and of what the server says ----

NPM=${NPM:-$here/../../build/npm}
prism=$NPM/node_modules/.bin/prism
if [ -x "$prism" ]; then
	reset
	read -r at < <(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	"$prism" proxy -p "$at" --errors "$here/../conform/forge/github.json" \
		"$url/github" >"$dir/prism.log" 2>&1 </dev/null &
	proxy=$!
	for _ in $(seq 300); do
		! curl -s --noproxy '*' -o "$dir/up" "http://127.0.0.1:$at/" ||
			break
		sleep 0.2
	done
	git config pike.forge.url "http://127.0.0.1:$at"
	pike publish
	status_is "through Prism" 0
	like "a request is opened" "$out" 'opened'
	pike publish
	like "and left as it is" "$out" 'up to date'
	search "$dir/two.c" 1.8 'once more'
	confirm local 1.6 1.8 1.9
	confirm other 1.6 1.8 1.9
	pike publish
	status_is "another champion" 0
	like "and updated" "$out" 'updated'
	git -C "$dir/person" fetch -q
	git -C "$dir/person" checkout -q -B mine origin/pike/mr/scale/cpu
	git -C "$dir/person" commit -q --allow-empty -m 'by hand'
	git -C "$dir/person" push -q origin HEAD:pike/mr/scale/cpu
	pike publish
	like "and commented on" "$out" 'left alone'
	unlike "and nothing was wrong" "$(<"$dir/prism.log")" \
		'violat|[Ee]rror.*(request|response)'
	kill "$proxy"
	git config pike.forge.url "$url/github"
else
	skip "through Prism" "npm install --prefix build/npm @stoplight/prism-cli@5.14"
fi
finish
