#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Jobs of several on machines that have changed: they say so and measure
# nothing, the fold has the best measured again, and the next passes do it.
. "$(dirname "$0")/lib.sh"
# By this variable clang says its version in other words. The target's section,
# whose change would be seen by the fold itself, stays the same.
other='# x--version +-dumpversion'
if [ ! -x /usr/bin/clang ] || [ "$(/usr/bin/clang --version | head -n 1)" = \
	"$(CCC_OVERRIDE_OPTIONS=$other /usr/bin/clang --version)" ]; then
	skip_all "needs clang, which can be two environments"
fi
git config --global pike.target.scale.compiler clang
weak=--allow-weak=$LEVEL
branch=refs/heads/pike/evo/scale/cpu
remote=$dir/r.git
git init -q --bare "$remote"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
# Of three settings the base has by far the worst.
sed -i -e 's/^#define AGAIN.*/#define AGAIN 40 \/\/pike: tune 0 20 40/' \
	-e '/^#define ONCE_MORE/s/.*/#define ONCE_MORE 0/' kernels/scale.c
git commit -qam 'slowly'
git remote add origin "$remote"
git push -q origin main
pike evolve "$weak"
status_is "a search in the old environment" 0

git clone -q "$remote" "$dir/fold"
for i in 1 2; do
	git clone -q "$remote" "$dir/part$i"
done
# turn NAME: a pass, of which one of two hands on a bundle, the other pushes.
turn() {
	said=''
	for i in 1 2; do
		cd "$dir/part$i" || exit 1
		out_file=()
		[ $i = 2 ] || out_file=(--out "$dir/results.bundle")
		CCC_OVERRIDE_OPTIONS=$other PIKE_RUNNER=part$i \
			pike evaluate --shard $i/2 "${out_file[@]}" "$weak"
		status_is "$1: job $i" 0
		said=$said$err$'\n'$out$'\n'
	done
	cd "$dir/fold" || exit 1
	pike advance "$dir/results.bundle"
	status_is "$1: the fold" 0
	rm "$dir/results.bundle"
}
turn "the first pass"
is "both say what differs" "$(grep -cE \
	'environment: toolchain .*clang.* -> [0-9.]*; nothing is measured' \
	<<<"$said")" 2
is "and measure nothing" \
	"$(grep -o '0 screened, 0 confirmed' <<<"$said" | wc -l)" 2
like "the fold begins anew" "$out" \
	'^scale: generation 2 begins anew, with 2 candidates to measure again$'
is "where all can see it" "$(git -C "$remote" log -1 --format=%s $branch)" \
	"$(git log -1 --format=%s $branch)"
like "and why" "$(git log -1 --format=%B $branch)" 'another environment: '
turn "the second pass"
is "all of it is screened" "$(grep -o '[0-9] screened' <<<"$said" |
	awk '{ n += $1 } END { print n }')" 2
like "and folded" "$out" '^scale: generation 3 closed'
turn "the third pass"
is "the best is confirmed" "$(grep -o '[0-9] confirmed' <<<"$said" |
	awk '{ n += $1 > 0 } END { print (n > 0) }')" 1
pike status --json
mine=$(sed -n 's/.*"champion":"\([0-9a-f]*\)".*/\1/p' <<<"$out")
if [ "$mine" = "$(git rev-parse main)" ]; then
	skip "the champion is back" "no confirmation was decided"
else
	like "the champion is back" "$(git show "$mine:kernels/scale.c")" \
		'AGAIN 0 '
	like "by what was measured there" \
		"$(git log --notes=pike/results --format=%N -1 "$mine")" \
		'"by":"part[12]".*"stage":"confirm"'
fi
is "nothing was asked of a model" "$(grep -o '"queries":[0-9]*' <<<"$out")" \
	'"queries":0'
finish
