#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Repositories as they are found: what git makes of them holds here too.
# shellcheck disable=SC2154 # out, err and status come from `pike`
. "$(dirname "$0")/lib.sh"
unset GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_COUNT
unset GIT_CONFIG_PARAMETERS GIT_CEILING_DIRECTORIES
make_repo "$dir/repo"
cd "$dir/repo" || exit 1

# ---- the config of the call ----

# As `git pike` has it: git runs a program of its PATH.
mkdir -p "$dir/bin"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$PIKE" >"$dir/bin/git-pike"
chmod +x "$dir/bin/git-pike"
PATH=$dir/bin:$PATH
same() { # same NAME KEY [GIT-OPTIONS]: what git says of pike.KEY, we say
	local name=$1 key=$2
	shift 2
	is "$name" "$(git "$@" pike config "$key" 2>&1)" \
		"$(git "$@" config "pike.$key")"
}
pike config budget.usd
none=$out
git config pike.budget.usd 9
same "git -c" budget.usd -c pike.budget.usd=1
same "the last -c holds" budget.usd -c pike.budget.usd=1 -c pike.budget.usd=2
odd="it's 50\\ \"!\" of a=b;#c "
out=$(git -c "pike.python=$odd" pike config python)
is "a value with all that must be quoted" "$out" "$odd"
export ODD=$odd
out=$(git --config-env=pike.python=ODD pike config python)
is "--config-env" "$out" "$odd"
out=$(GIT_CONFIG_PARAMETERS="'pike.budget.usd=5'" "$PIKE" config budget.usd)
is "as git before 2.31 wrote it" "$out" 5
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=pike.budget.usd
export GIT_CONFIG_VALUE_0=3 GIT_CONFIG_VALUE_1=11
export GIT_CONFIG_KEY_1=pike.target.scale.timeout
same "GIT_CONFIG_COUNT" budget.usd
same "its second" target.scale.timeout
same "-c is stronger" budget.usd -c pike.budget.usd=4
unset GIT_CONFIG_COUNT "${!GIT_CONFIG_KEY_@}" "${!GIT_CONFIG_VALUE_@}"
GIT_CONFIG_COUNT=1 pike config
status_is "a key that is missing" 128
like "is named" "$err" 'GIT_CONFIG_KEY_0'
one_line "in one line"
GIT_CONFIG_COUNT=many pike config
status_is "a count that is none" 128
GIT_CONFIG_PARAMETERS=nonsense pike config
status_is "parameters that git did not write" 128
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=nonsense GIT_CONFIG_VALUE_0=1 pike config
status_is "a key without a section" 128
like "as it stands" "$err" "'nonsense'"
printf '[pike "budget"]\n\tusd = 5\n[include]\n\tpath = more\n' >"$dir/global"
printf '[pike]\n\tseed = 77\n' >"$dir/more"
GIT_CONFIG_GLOBAL=$dir/global pike config budget.usd
is "the repository's own is stronger than GIT_CONFIG_GLOBAL" "$out" 9
git config --unset pike.budget.usd
git config --global pike.budget.usd 6
pike config budget.usd
is "git config --global" "$out" 6
GIT_CONFIG_GLOBAL=$dir/global pike config budget.usd
is "GIT_CONFIG_GLOBAL instead of it" "$out" 5
GIT_CONFIG_GLOBAL=$dir/global pike config seed
is "and what that includes" "$out" 77
GIT_CONFIG_GLOBAL=/dev/null pike config budget.usd
is "or of nothing" "$out" "$none"
out=$(GIT_CONFIG_GLOBAL=<(printf '[pike "budget"]\nusd = 8\n') \
	"$PIKE" config budget.usd 2>&1)
is "or of a pipe" "$out" 8
GIT_CONFIG_NOSYSTEM=0 GIT_CONFIG_SYSTEM=$dir/global pike config seed
is "GIT_CONFIG_SYSTEM" "$out" 77
GIT_CONFIG_SYSTEM=$dir/global pike config seed
unlike "not with GIT_CONFIG_NOSYSTEM" "$out" 77
git config --global --unset pike.budget.usd

# One worktree's own.
git worktree add -q -b other "$dir/tree"
git config extensions.worktreeConfig true
git config --worktree pike.budget.usd 4
git -C "$dir/tree" config --worktree pike.budget.usd 5
same "git config --worktree" budget.usd
pike -C "$dir/tree" config budget.usd
is "of each worktree its own" "$out" 5
pike config
like "names it" "$out" 'usd = 4.*--worktree|--worktree'
git config --worktree --unset pike.budget.usd

# Where the repository is.
cd "$dir" || exit 1
pike status
status_is "outside of all repositories" 128
GIT_DIR=$dir/repo/.git GIT_WORK_TREE=$dir/repo pike config target.scale.entry
is "GIT_DIR and GIT_WORK_TREE" "$out" scale
git --git-dir="$dir/repo/.git" --work-tree="$dir/repo" pike config \
	target.scale.entry >"$dir/said" 2>&1
is "as options of git" "$(<"$dir/said")" scale
(cd "$dir/repo" && GIT_DIR=.git "$PIKE" config target.scale.entry) \
	>"$dir/said" 2>&1
is "GIT_DIR as hooks have it" "$(<"$dir/said")" scale
GIT_DIR=$dir/none pike status
status_is "GIT_DIR of none" 128
like "names it" "$err" "$dir/none"
make_repo "$dir/outer"
mkdir -p "$dir/outer/a/b"
GIT_CEILING_DIRECTORIES=$dir/outer/a pike -C "$dir/outer/a/b" status
status_is "GIT_CEILING_DIRECTORIES" 128
GIT_OBJECT_DIRECTORY=$dir/x pike -C "$dir/repo" status
status_is "objects that are elsewhere" 128
like "are not passed over" "$err" 'GIT_OBJECT_DIRECTORY is set'

# A file of the call may include others, on conditions too.
printf '[includeIf "gitdir:%s/"]\n\tpath = %s\n' "$dir/repo" "$dir/more" \
	>"$dir/global"
GIT_CONFIG_GLOBAL=$dir/global pike -C "$dir/repo" config seed
is "includeIf holds in this repository" "$out" 77
GIT_CONFIG_GLOBAL=$dir/global pike -C "$dir/outer" config seed
unlike "and in no other" "$out" 77
printf '[user]\n[broken\n' >"$dir/global"
GIT_CONFIG_GLOBAL=$dir/global pike -C "$dir/repo" status
status_is "one that is broken" 128
like "is named with its line" "$err" "$dir/global:2"

# A bare repository with worktrees, as git sets it up with extensions.
git clone -q --bare "$dir/repo" "$dir/bare.git"
git -C "$dir/bare.git" worktree add -q "$dir/leaf"
git -C "$dir/bare.git" config extensions.worktreeConfig true
git -C "$dir/bare.git" config --worktree core.bare true
git -C "$dir/bare.git" config --unset core.bare
sed -i 's/entry = scale/entry = leaf/' "$dir/leaf/.pike/config"
pike -C "$dir/leaf" config target.scale.entry
is "a worktree of a bare repository" "$out" leaf
pike -C "$dir/bare.git" config target.scale.entry
is "which itself has none" "$out" scale

# Whose it is: said by the user or the call, never by the repository.
if [ "$(id -u)" -eq 0 ]; then
	make_repo "$dir/owned"
	chown -R 54321 "$dir/owned"
	pike -C "$dir/owned" status
	status_is "a repository of another user" 128
	git config -f "$dir/owned/.git/config" safe.directory '*'
	pike -C "$dir/owned" status
	status_is "which cannot admit itself" 128
	for d in '*' "$dir/owned" "$dir/*"; do
		GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory \
			GIT_CONFIG_VALUE_0=$d pike -C "$dir/owned" status
		status_is "safe.directory $d of the call" 0
	done
	git -C "$dir/owned" -c safe.directory='*' pike status >"$dir/said" 2>&1
	is "git -c safe.directory" $? 0
	printf '[safe]\n\tdirectory = %s\n' "$dir/owned" >"$dir/global"
	GIT_CONFIG_GLOBAL=$dir/global pike -C "$dir/owned" status
	status_is "of GIT_CONFIG_GLOBAL" 0
else
	skip "safe.directory" "only root can give files away: run it as root"
fi
cd "$dir/repo" || exit 1

# What the call says reaches the git programs that are started, hooks do not.
cat >"$dir/bin/git" <<-END
	#!/bin/sh
	[ "\$1" != -c ] ||
		$(command -v git) config --get-all test.word >>"$dir/seen"
	exec $(command -v git) "\$@"
END
chmod +x "$dir/bin/git"
hash -r
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=test.word GIT_CONFIG_VALUE_0=heard \
	pike doctor
like "it reaches the git programs" "$(cat "$dir/seen" 2>&1)" '^heard$'
rm "$dir/bin/git"
hash -r

# ---- extensions ----

extended() { # extended NAME VALUE: a repository with that extension
	rm -rf "$dir/e" && make_repo "$dir/e" && cd "$dir/e" || exit 1
	git config core.repositoryformatversion 1
	git config -f .git/config "extensions.$1" "$2"
}
remedy() { # remedy NAME REGEX: status refuses with it, doctor names it
	pike status
	status_is "$1: is refused" 128
	like "$1: with the remedy" "$err" "; $2"
	pike doctor --json
	like "$1: doctor has the same" "$out" \
		"\"check\":\"repository\",[^}]*\"remedy\":\"$2"
}
for e in relativeWorktrees preciousObjects; do
	extended $e true
	pike propose --candidates 1
	status_is "$e: propose" 0
	pike log scale
	status_is "$e: log" 0
done
pike gc
status_is "gc where objects are precious" 0
like "leaves them" "$out" 'objects left as they are'
extended refStorage reftable
remedy reftable "run 'git refs migrate --ref-format=files'"
git init -q --object-format=sha256 "$dir/sha256"
cd "$dir/sha256" || exit 1
remedy sha256 "move its history into .*--object-format=sha1"
extended partialClone origin
pike propose --candidates 1
status_is "a partial clone: propose" 0
pike doctor
like "doctor tells what that costs" "$out" 'a partial clone: objects stay loose'
extended fromTheFuture true
remedy "an unknown one" 'use a clone of it'
mkdir "$dir/none"
cd "$dir/none" || exit 1
remedy "no repository" "run 'git init' there"

# A worktree as git 2.48 writes it, from a folder below it.
make_repo "$dir/main"
git -C "$dir/main" worktree add -q -b side "$dir/side"
git -C "$dir/main" config core.repositoryformatversion 1
git -C "$dir/main" config extensions.relativeWorktrees true
echo 'gitdir: ../main/.git/worktrees/side' >"$dir/side/.git"
echo '../../../../side/.git' >"$dir/main/.git/worktrees/side/gitdir"
sed -i 's/entry = scale/entry = other/' "$dir/side/.pike/config"
pike -C "$dir/side/kernels" config target.scale.entry
is "a worktree of relative paths" "$out" other

# ---- names in the way ----

make_repo "$dir/taken"
cd "$dir/taken" || exit 1
git branch pike
pike propose --candidates 1
status_is "a branch named pike" 128
like "is named with the remedy" "$err" 'git branch -m pike another-name'
one_line "in one line"
pike doctor
like "doctor has it" "$out" 'git branch +-m pike|branch named'
git branch -m pike another-name
git update-ref refs/notes/pike HEAD
pike propose --candidates 1
status_is "notes named pike" 128
like "are named with the remedy" "$err" 'git update-ref -d refs/notes/pike'
git update-ref -d refs/notes/pike
pike propose --candidates 1
status_is "and after the remedy it goes" 0

# ---- repositories that may only be read ----

make_repo "$dir/theirs"
cd "$dir/theirs" || exit 1
pike status
is "reading makes no file of ours" "$(find .git -name 'pike*')" ""
pike propose --candidates 1
git config --global --add safe.directory "$dir/theirs"
# A lock that is held for long makes no reader wait.
exec 9>>.git/pike.lock
flock 9
for c in status log 'show main' config; do
	# shellcheck disable=SC2086 # a command and its operand
	timeout 10 "$PIKE" $c >"$dir/said" 2>&1
	is "$c beside a writer" $? 0
done
exec 9>&-
as=()
[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid 54321 --regid 54321 --clear-groups)
chmod a+rx "$dir" "$HOME" && chmod -R a+rX,a-w "$dir/theirs"
theirs() { # theirs ARGUMENTS...: as one who may not write
	"${as[@]}" env HOME="$HOME" "$PIKE" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$? out=$(<"$dir/out") err=$(<"$dir/err")
}
for c in status log 'log --candidates' 'show main' config 'config threshold'; do
	# shellcheck disable=SC2086
	theirs $c
	status_is "$c of a repository that may only be read" 0
	is "$c: says nothing on stderr" "$err" ""
done
theirs log scale
like "the log has what is there" "$out" '0 .*base'
theirs doctor
like "doctor tells it" "$out" 'can only be read here'
theirs propose --candidates 1
status_is "a writer is refused" 128
like "with the remedy" "$err" 'cannot write to .*; work in a clone of your own'
one_line "in one line"
chmod -R u+w "$dir/theirs"
cd "$dir" || exit 1

# A HOME that is another's, of a container.
mkdir "$dir/shut" && chmod 0 "$dir/shut"
[ "$(id -u)" -ne 0 ] || chown -R 54321 "$dir/repo"
chmod -R a+rwX "$dir/repo"
cd "$dir/repo" || exit 1
for c in status log config doctor; do
	"${as[@]}" env HOME="$dir/shut" "$PIKE" $c >"$dir/out" 2>"$dir/err"
	status=$? err=$(<"$dir/err")
	[ $c = doctor ] || status_is "$c with a HOME that is shut" 0
	like "$c: warns" "$err" "warning: HOME is '$dir/shut'"
	is "$c: in one line" "$(wc -l <"$dir/err")" 1
done
"${as[@]}" env HOME="$dir/shut" "$PIKE" propose --candidates 1 \
	>"$dir/out" 2>"$dir/err"
is "propose with a HOME that is shut" $? 0

# ---- who writes, and who commits ----

make_repo "$dir/who"
cd "$dir/who" || exit 1
who() { # who NAME VARIABLE=VALUE...: as git has it
	local name=$1
	shift
	env "$@" git commit -q --allow-empty -m "$name"
	env "$@" "$PIKE" propose --candidates 1 --run "$name" >/dev/null 2>&1
	is "who writes: $name" \
		"$(git log -1 --format='%an %ae %cn %ce' "pike/evo/scale/cpu.$name")" \
		"$(git log -1 --format='%an %ae %cn %ce')"
}
who variables GIT_AUTHOR_NAME=ada GIT_AUTHOR_EMAIL=ada@example.org \
	GIT_COMMITTER_NAME=bot GIT_COMMITTER_EMAIL=bot@example.org
who some GIT_COMMITTER_NAME=bot
git config author.name 'Ada L'
git config committer.email robot@example.org
who config A=
who both GIT_AUTHOR_NAME=ada

# ---- signatures ----

make_repo "$dir/signed"
cd "$dir/signed" || exit 1
signed_by() { # signed_by NAME: what must be signed verifies, the rest is bare
	pike propose --candidates 1 --run "$1"
	status_is "$1: propose" 0
	ok "$1: a generation verifies" \
		git verify-commit "pike/evo/scale/cpu.$1"
	out=$(git cat-file commit "refs/pike/open/scale/cpu.$1" |
		grep -c '^gpgsig')
	is "$1: a rung has none" "$out" 0
	pike doctor
	like "$1: doctor says so" "$out" 'ok +signing'
}
if type ssh-keygen >/dev/null 2>&1; then
	ssh-keygen -q -t ed25519 -N '' -C tester -f "$dir/key"
	echo "tester@example.org $(<"$dir/key.pub")" >"$dir/signers"
	git config gpg.format ssh
	git config gpg.ssh.allowedSignersFile "$dir/signers"
	git config user.signingkey "$dir/key.pub"
	git config commit.gpgsign true
	signed_by ssh
	git config commit.gpgsign false
	git -c commit.gpgsign=true pike propose --candidates 1 --run call \
		>"$dir/out" 2>&1
	ok "git -c commit.gpgsign=true" git verify-commit pike/evo/scale/cpu.call
	pike propose --candidates 1 --run none
	is "without it nothing is signed" \
		"$(git cat-file commit pike/evo/scale/cpu.none | grep -c ^gpgsig)" 0
	git config commit.gpgsign true
	git config user.signingkey "$dir/lost.pub"
	refs=$(refs_sum .)
	pike propose --candidates 1 --run lost
	status_is "a key that is lost" 128
	like "with the remedy" "$err" 'cannot sign .*lost.pub.*; mend user.signingkey'
	one_line "in one line"
	is "nothing is begun" "$(refs_sum .)" "$refs"
	pike doctor
	like "doctor says so" "$out" 'missing +signing'
	git config --unset user.signingkey
	git config --unset gpg.format
else
	skip "signing with ssh" "no ssh-keygen: install openssh-client"
fi
if type gpg >/dev/null 2>&1; then
	export GNUPGHOME=$dir/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg -q --batch --passphrase '' --quick-gen-key \
		'tester <tester@example.org>' ed25519 sign never 2>/dev/null
	git config commit.gpgsign true
	signed_by gpg
	gpgconf --kill all
else
	skip "signing with gpg" "no gpg: install gnupg"
fi

# ---- limits of the process ----

make_repo "$dir/limits"
cd "$dir/limits" || exit 1
few() { # few LIMIT REGEX: what is measured is refused so, doctor names it
	prlimit "$1" "$PIKE" bench --quick "--allow-weak=$LEVEL" main \
		>"$dir/out" 2>"$dir/err"
	status=$? err=$(<"$dir/err")
	status_is "bench with $1" 128
	like "says why" "$err" "$2"
	one_line "in one line"
	out=$(prlimit "$1" "$PIKE" doctor --json)
	like "doctor has the remedy" "$out" "\"remedy\":\"${2##*; }"
}
few --nofile=64 "limited to 64 open files.*; run 'ulimit -n 1024'"
few --fsize=1000000 "limited to 1000000 bytes.*; run 'ulimit -f unlimited'"
out=$(prlimit --nofile=64:4096 "$PIKE" doctor --json)
like "a soft limit is raised" "$out" '"check":"sandbox","found":"isolation'
refs=$(refs_sum .)
prlimit --fsize=60 "$PIKE" propose --candidates 1 2>&1 </dev/null |
	cat >"$dir/said"
is "a limit that nothing can be written under: exit" "${PIPESTATUS[0]}" 128
like "says why" "$(<"$dir/said")" 'error: .*File too large'
is "the refs are as they were" "$(refs_sum .)" "$refs"

# ---- a repository of a group ----

if [ "$(id -u)" -eq 0 ]; then
	git init -q --shared=group "$dir/group"
	make_repo "$dir/group"
	chown -R 54321:54320 "$dir/group"
	git config --global --add safe.directory "$dir/group"
	chmod -R a+rX "$HOME"
	for user in 54321 54322; do
		(umask 077 && cd "$dir/group" && setpriv --reuid $user \
			--regid $user --groups 54320 env HOME="$HOME" "$PIKE" \
			propose --candidates 1 --run u$user) >"$dir/said" 2>&1
		status=$? err=$(<"$dir/said")
		status_is "user $user of the group proposes" 0
	done
	(cd "$dir/group" && setpriv --reuid 54321 --regid 54321 --groups 54320 \
		env HOME="$HOME" git log --oneline pike/evo/scale/cpu.u54322) \
		>"$dir/said" 2>&1
	like "and the first sees what the second wrote" "$(<"$dir/said")" \
		'scale: generation 0'
else
	skip "two users of a group" "only root can be both: run it as root"
fi
finish
