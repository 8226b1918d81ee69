#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The bundles, unpacked elsewhere: the program, its tests, and the git that
# comes along for a machine without one.
. "$(dirname "$0")/lib.sh"
B=$(dirname "$PIKE")
archive=$B/pike-git-tests.tar.gz
make_repo "$dir/repo"
# As the suites build it: nothing is compiled again.
(cd "$here/../.." && "${MAKE:-make}" -s bundle-tests B="$B") >"$dir/log" 2>&1
ok "make bundle-tests" test -s "$archive"
mkdir -p "$dir/some where" "$dir/bin"
tar -C "$dir/some where" -xzf "$archive"
home=$dir/some\ where/pike-git
# All programs of this machine but git.
find /usr/local/bin/ /usr/bin/ /bin/ -maxdepth 1 ! -type d ! -name 'git*' \
	-exec ln -sft "$dir/bin" {} +
bundled() { # bundled COMMAND...: with nothing of the tree, and no git
	(cd "$dir/repo" && env -i HOME="$HOME" PATH="$dir/bin" "$@") 2>&1
}

outside=$(for p in "$home"/pike-{git,nvrtc,sandbox,run-cpu,run-cuda} \
	"$home"/bench/aa; do ldd "$p"; done | grep '=>' |
	grep -vE "$home/(bench/\.\./)?lib/|/(ld-linux|libc|libm|libdl)[.-]" |
	grep -vE 'lib(pthread|rt|resolv)\.so')
is "all programs find their libraries in it" "$outside" ""
out=$(bundled "$home/pike-git" evolve "--allow-weak=$LEVEL" --candidates 1)
like "evolve, relocated" "$out" 'ended +budget: 1 candidates'
out=$(bundled "$home/tools/git" log --oneline --all)
like "its git reads what came of it" "$out" 'scale: generation 1, best'
out=$(bundled "$home/tests/hostile/run" cheat/zeros --batch 2)
like "options stand before cases" "$out" "no case '--batch'"
out=$(bundled "$home/tests/hostile/run" --batch 2 cheat/zeros cheat/constant)
like "hostile candidates" "$out" '^2 passed, 0 failed, 0 skipped$'
out=$(bundled "$home/tests/gpu/run" --backend nothing doctor)
like "a backend that is not there" "$out" 'doctor .* FAILED'
if "$dir/bin/python3" -c '' 2>/dev/null; then
	out=$(bundled "$home/tests/gpu/run" --backend cpu hang)
	like "a step of the acceptance" "$out" '^hang +[0-9]+ s +ok'
fi
out=$(bundled "$home/tests/gpu/run" --backend cpu nothing)
like "a step that is not there" "$out" "no step 'nothing'; there are: doctor"
finish
