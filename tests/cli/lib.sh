# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the command tests share: a private HOME, repositories that vanish,
# TAP. A test file sources this, calls `ok`, `is`, `like`..., and ends with
# `finish`. Reads PIKE (the program), LEVEL (isolation to go down to).
# shellcheck disable=SC1091
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../quiet.sh"
. "$here/../draw.sh"
PIKE=${PIKE:-$here/../../build/pike-git}
case $PIKE in /*) ;; *) PIKE=$PWD/$PIKE ;; esac
LEVEL=${LEVEL:-I1}
dir=$(mktemp -d "${TMPDIR:-/tmp}/pike-cli.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export HOME=$dir/home GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export PIKE_TEMPLATES=${PIKE_TEMPLATES:-$here/../../templates}
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE XDG_CONFIG_HOME XDG_CACHE_HOME
unset PIKE_RUNNER
mkdir -p "$HOME"
git config --global user.name tester
git config --global user.email tester@example.org
git config --global init.defaultBranch main
git config --global advice.detachedHead false
# `... | bad NAME` counts in this shell.
shopt -s lastpipe
count=0 failed=0 noise=''

pass() {
	count=$((count + 1))
	echo "ok $count - $1"
}
skip() { # skip NAME REASON: no machine like this one can decide it
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $(head -n 1 <<<"$2")"
}
skip_all() { # skip_all REASON: the whole file, which ends here
	echo "1..0 # SKIP $1"
	exit 0
}
fail() { # fail NAME WHY: unless the last `decided` was not
	[ -z "$noise" ] || {
		skip "$1" "$noise"
		return
	}
	count=$((count + 1)) failed=$((failed + 1))
	echo "not ok $count - $1"
	printf '%s\n' "$2" | head -n 20 | sed 's/^/#   /'
}
ok() { # ok NAME COMMAND...: succeeds
	local name=$1 text
	shift
	if text=$("$@" 2>&1); then pass "$name"; else fail "$name" "$text"; fi
}
is() { # is NAME GOT WANTED
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$2', wanted '$3'"
	fi
}
like() { # like NAME TEXT REGEX
	if grep -qE -e "$3" <<<"$2"; then
		pass "$1"
	else
		fail "$1" "no match for /$3/ in: $2"
	fi
}
unlike() { # unlike NAME TEXT REGEX
	if grep -qE -e "$3" <<<"$2"; then
		fail "$1" "/$3/ matches: $2"
	else
		pass "$1"
	fi
}
# shellcheck disable=SC2034 # out, err and status are read by the tests
pike() { # runs it; sets out, err, status
	noise=
	"$PIKE" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	out=$(<"$dir/out") err=$(<"$dir/err")
	return $status
}
# The same for what is measured: noise is waited out and it is tried again.
# Until the next `pike`, what then still cannot be told is skipped if it does
# not hold.
decided() { # decided VERDICT ARGUMENTS...: what is expected
	local want=$1 try got why=
	shift
	for try in 1 2 3; do
		[ "$try" -eq 1 ] || quieter
		pike "$@"
		got=$(sed -nE 's/^(screen|confirm|verify): ([a-z]+).*/\2/p' <<<"$out" |
			tail -n 1)
		[ "$got" != "$want" ] || return 0
		why=$(undecided "$got" "$(sed -n '/^reason: /,/^[^r ]/s/^ *//p' \
			<<<"$out" | tr '\n' ' ')")
		[ -n "$why" ] || return 0
	done
	noise=$why
}
status_is() { # status_is NAME WANTED: of the last `pike`
	if [ "$status" -eq "$2" ]; then
		pass "$1"
	else
		fail "$1" "exit $status, wanted $2: $err"
	fi
}
one_line() { # one_line NAME: stderr has one error and no more than a hint
	local n
	n=$(grep -c '^pike-git: error: ' <<<"$err")
	if [ "$n" -eq 1 ] && [ "$(wc -l <<<"$err")" -le 2 ]; then
		pass "$1"
	else
		fail "$1" "$err"
	fi
}
json() { # json NAME TEXT: one document on one line
	if [ "$(wc -l <<<"$2")" -eq 1 ] && [ "${2:0:1}" = '{' ] &&
		[ "${2: -1}" = '}' ]; then
		pass "$1"
	else
		fail "$1" "$2"
	fi
}
finish() {
	noise=
	echo "1..$count"
	[ $failed -eq 0 ]
}

# A kernel that is measured quickly, with four settings. The base's is the
# best, and all others are so much slower that the first look is enough.
make_repo() { # make_repo DIR
	mkdir -p "$1/.pike" "$1/kernels"
	cat >"$1/kernels/scale.c" <<-'END'
		#include <stdint.h>
		#define AGAIN 0 //pike: tune 0 10
		#define ONCE_MORE 0 //pike: tune 0 20

		void scale(const float *x, float *y, int32_t n)
		{
			for (int32_t k = 0; k <= AGAIN + ONCE_MORE; k++) {
				__asm__ volatile("" ::: "memory");
				for (int32_t i = 0; i < n; i++)
					y[i] = x[i] * 1.5f + x[i] * x[i];
			}
		}
	END
	cat >"$1/kernels/scale_ref.c" <<-'END'
		#include <stdint.h>

		void scale(const real *x, real *y, int32_t n)
		{
			for (int32_t i = 0; i < n; i++)
				y[i] = x[i] * (real)1.5 + x[i] * x[i];
		}
	END
	good_config >"$1/.pike/config"
	git -C "$1" init -q .
	git -C "$1" add -A
	git -C "$1" commit -qm 'a kernel'
}

good_config() {
	cat <<-'END'
		[pike]
			strategy = tune
			base = main
			generation-size = 3
		[target "scale"]
			backend = cpu
			source = kernels/scale.c
			reference = kernels/scale_ref.c
			entry = scale
			arg = in f32 x[n]
			arg = out f32 y[n]
			arg = i32 n
			case = n=4000
			hidden = n=77
			precision = fp32
			bytes = 8 * n
			flops = 3 * n
			stress = off
	END
}

# Everything of a working tree and its index that a person may lose.
tree_sum() { # tree_sum DIR
	(cd "$1" && git status --porcelain=v2 --branch &&
		git ls-files --stage &&
		find . -path ./.git -prune -o -type f -print0 | sort -z |
		xargs -0 sha256sum) | sha256sum
}
refs_sum() { # refs_sum DIR
	git -C "$1" for-each-ref | sha256sum
}
