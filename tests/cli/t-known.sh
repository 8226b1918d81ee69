#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What one process has found out about a task, its base and the machine is
# kept for the next, in the user's cache, as long as it holds and no longer.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
# Ceilings are measured in the same phase as the noise, by each process.
sed -i '/bytes =/d; /flops =/d' .pike/config
git commit -qam 'No roofline'
export XDG_CACHE_HOME=$dir/cache
known=$XDG_CACHE_HOME/pike-git/known
weak=--allow-weak=$LEVEL
git checkout -qb other && sed -i 's/1\.5f/(0.75f + 0.75f)/' kernels/scale.c &&
	git commit -qam 'The same in other words' && git checkout -q main

judge() { # judge NAME: what is found out is told by the time it takes
	pike bench --quick --json "$weak" --target scale other
	status_is "$1" 0
}
anew() { # anew NAME: the task is looked at, and the noise is measured
	judge "$1"
	like "$1: the task is looked at" "$out" '"lint":'
	like "$1: the noise is measured" "$out" '"noise":[0-9.e-]+,"(other|start|sanitize)'
}
again() { # again NAME: neither
	judge "$1"
	unlike "$1: the task is not looked at again" "$out" '"lint":'
	unlike "$1: nor is the noise measured" "$out" \
		'"noise":[0-9.e-]+,"(other|start|sanitize)'
}
kept() { # kept: the newest file
	find "$known" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 |
		cut -d' ' -f2
}

anew "the first time"
is "a file is kept" "$(find "$known" -type f | wc -l)" 1
is "which is this user's alone" "$(stat -c %a "$known")" 700
again "the second time"
noise=$(sed -E 's/.*"noise":([0-9.e-]+),.*/\1/' <<<"$out")
unlike "the noise is told as it was" "$noise" '^0$|[{}]'

# All that decides what is found out.
echo '/* said otherwise */' >>kernels/scale_ref.c
git commit -qam 'The reference, otherwise'
anew "another reference"
again "the same once more"
sed -i 's/1\.5f/1.50f/' kernels/scale.c
git commit -qam 'The base, otherwise'
anew "another base"
git config -f .pike/config target.scale.tolerance 1e-3
git commit -qam 'Other bounds'
anew "other bounds"
again "those once more"

# What a file says is not believed for ever, nor whatever it says.
two_days=$(($(date +%s) - 172800)) later=$(($(date +%s) + 3600))
spoil() { # spoil NAME SED: of the file that is kept
	sed -i -E "$2" "$(kept)"
	anew "$1"
}
spoil "two days old" "s/^\{\"at\":[0-9]+/{\"at\":$two_days/"
spoil "from the future" "s/^\{\"at\":[0-9]+/{\"at\":$later/"
spoil "a natural error below 0" 's/"natural":\[\[0,/"natural":[[-1,/'
spoil "a number that is none" 's/"natural":\[\[0,/"natural":[["x",/'
spoil "no time of a call" 's/"base_ns":[0-9]+/"base_ns":0/'
spoil "torn" 's/.{20}$//'
spoil "empty" 'd'
spoil "another document" 's/.*/[1,2,3]/'
again "all that mended"
sed -i -E "s/\"at\":[0-9]+,\"noise\"/\"at\":$two_days,\"noise\"/g" "$(kept)"
judge "an old noise"
unlike "an old noise: the task is not looked at" "$out" '"lint":'
like "an old noise: it is measured" "$out" \
	'"noise":[0-9.e-]+,"(other|start|sanitize)'
sed -i -E 's/"noise":[0-9.e-]+/"noise":1e999/' "$(kept)"
judge "a noise that is not a number"
like "a noise that is not a number: it is measured" "$out" \
	'"noise":[0-9.e-]+,"(other|start|sanitize)'
chmod 777 "$known"
anew "where others may write"
anew "where others may write, the second time"
chmod 700 "$known"

# What is refused is not kept as if it were sound.
sed -i 's/1\.50f/1.75f/' kernels/scale.c
git commit -qam 'A base that is wrong'
for time in first second; do
	pike bench --quick "$weak" --target scale other
	status_is "a wrong base, the $time time" 128
	like "says so, the $time time" "$err" 'does not agree with the reference'
done
git revert --no-edit HEAD >/dev/null

# No cache is no reason to fail.
for XDG_CACHE_HOME in /proc/none "$dir/file"; do
	: >"$dir/file"
	anew "a cache in ${XDG_CACHE_HOME##*/}"
done
finish
