#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The base moves on: what concerns a target is measured again on it, what does
# not changes nothing, and nothing that people have mended comes back.
. "$(dirname "$0")/lib.sh"
weak=--allow-weak=$LEVEL

# Two functions that are far apart in one file. The base wastes time in the
# tail, which the tuner can take away; the head is the one that gets mended.
make_base() { # make_base DIR
	make_repo "$1"
	cat >"$1/kernels/scale.c" <<-'END'
		#include <stdint.h>

		static float head(float x)
		{
			return x * 1.5f;
		}

		/* A few lines lie between the two, so that a change of the one
		   merges with a change of the other.

		   -- */

		#define WASTE 20 //pike: tune 0 20

		void scale(const float *x, float *y, int32_t n)
		{
			for (int32_t k = 0; k <= WASTE; k++) {
				__asm__ volatile("" ::: "memory");
				for (int32_t i = 0; i < n; i++)
					y[i] = head(x[i]) + x[i] * x[i];
			}
		}
	END
	git -C "$1" commit -qam 'a slow kernel'
}
trailer() { # trailer KEY REV
	git log -1 --format="%(trailers:key=$1,valueonly)" "$2" | grep .
}
branch=pike/evo/scale/cpu
folds_agree() { # folds_agree NAME: a fresh process sees what this one saw
	local a b
	a=$("$PIKE" log --candidates --json) b=$("$PIKE" log --candidates --json)
	is "$1" "$a" "$b"
}

make_base "$dir/repo"
cd "$dir/repo" || exit 1
old=$(git rev-parse main)
pike evolve --candidates 1 "$weak"
status_is "evolve" 0
champion=$(trailer Pike-Champion $branch)
like "it has a champion" "$(git show "$champion:kernels/scale.c")" 'WASTE 0'
before=$(git rev-parse $branch)

# ---- what does not concern it ----
echo words >README
git add README
git commit -qm 'words'
pike evolve --candidates 1 "$weak"
status_is "evolve after an unrelated commit" 0
is "no generation comes of it" "$(git rev-parse $branch)" "$before"
pike status
unlike "status says nothing of it" "$out" 'moved|again'

# ---- a fix that merges ----
sed -i 's/return x \* 1.5f;/return x * (1.0f + 0.5f); \/* mended *\//' kernels/scale.c
git commit -qam 'scale: a fix'
fix=$(git rev-parse main)
pike status
like "status says that the base has moved" "$out" 'the base has moved'
pike evolve --candidates 1 "$weak"
status_is "evolve after the fix" 0
like "says what moved" "$err" "on main at ${fix:0:12}.*kernels/scale.c"
like "and what is measured again" "$err" '1 candidate to measure again'
rebase=$(git log --first-parent --format=%H --grep="^Pike-Base: $fix" $branch)
is "one generation is the rebase" "$(wc -w <<<"$rebase")" 1
is "its last parent is the new base" \
	"$(git show -s --format=%P "$rebase" | awk '{ print $NF }')" "$fix"
is "its first parent is the tip" "$(git rev-parse "$rebase^")" "$before"
is "its tree is the base's" "$(git rev-parse "$rebase^{tree}")" \
	"$(git rev-parse "$fix^{tree}")"
champion=$(trailer Pike-Champion $branch)
text=$(git show "$champion:kernels/scale.c")
like "the champion holds the fix" "$text" 'mended'
like "and what made it fast" "$text" 'WASTE 0'
is "its other files are the base's" \
	"$(git diff --name-only "$fix" "$champion")" kernels/scale.c
like "it is confirmed over the new base" \
	"$(git notes --ref=pike/results show "$champion" | grep confirm)" \
	"\"base\":\"$fix\""
is "it stands for an earlier one" "$(trailer Pike-Again "$champion")" \
	"$(trailer Pike-Champion "$before")"
pike log
like "log says so" "$out" "on ${fix:0:12}"
pike log --json
like "in JSON too" "$out" "\"base\":\"$fix\""
pike status
like "status says so" "$out" "measured again on ${fix:0:12} since generation"
unlike "and that nothing has moved since" "$out" 'has moved'
pike show "$rebase"
like "show tells why" "$out" 'another one in kernels/scale.c'
pike show "$champion"
like "show tells what it was" "$out" 'again +what'
pike show "$(trailer Pike-Champion "$before")"
like "and what is past" "$out" "past +made for base ${old:0:12}"
folds_agree "two processes see the same"
is "no model was asked" "$(git for-each-ref 'refs/notes/pike/chat')" ''

pike report --format json
like "the report's curve goes on over the new base" "$out" \
	'"note":"the base moved","x":1,"y":[0-9.]+'

# ---- once ----
tip=$(git rev-parse $branch)
pike evolve --candidates 1 "$weak"
status_is "evolve once more" 0
is "measures nothing again" "$(git rev-parse $branch)" "$tip"

# ---- a fix that does not merge ----
sed -i 's/#define WASTE 20 .*/#define WASTE 10 \/* by hand *\//' kernels/scale.c
git commit -qam 'scale: less waste, and no tunable'
hand=$(git rev-parse main)
pike evolve --candidates 1 "$weak"
status_is "evolve after a conflict" 0
like "says that it does not merge" "$err" \
	'champion .* does not merge with the base in kernels/scale.c'
is "the base is the champion" "$(trailer Pike-Champion $branch)" "$hand"
like "its file is the base's" "$(git show "$branch:kernels/scale.c")" \
	'WASTE 10 /. by hand'
pike show "$champion"
status_is "the old champion is still there" 0

# ---- a person's candidate of before ----
git checkout -q -b late "$old"
sed -i 's/^void scale/\n&/' kernels/scale.c
git commit -qam 'scale: made before the fix'
git checkout -q -b worse
sed -i 's/WASTE 20/WASTE 1/' kernels/scale.c
git commit -qam 'scale: does not merge'
git checkout -q main
pike propose --from worse scale
status_is "propose --from what does not merge" 128
like "names the file" "$err" "does not merge with the base.*kernels/scale.c"
pike propose --from late scale
status_is "propose --from what was made before" 0
text=$(git show "$(sed -n 's/.*candidate //p' <<<"$out"):kernels/scale.c")
like "its candidate holds the fix" "$text" mended
like "and the other one" "$text" 'by hand'

# ---- the three stages notice it too ----
make_base "$dir/stages"
cd "$dir/stages" || exit 1
pike evolve --candidates 1 "$weak"
status_is "evolve for the stages" 0
sed -i 's/return x \* 1.5f;/return x * (1.0f + 0.5f); \/* mended *\//' kernels/scale.c
git commit -qam 'scale: a fix'
pike propose
status_is "propose" 0
like "propose notices it" "$err" 'on main at .*kernels/scale.c'
like "and asks for nothing new" "$out" '0 candidates made, 1 to measure'
pike evaluate "$weak"
status_is "evaluate" 0
like "evaluate measures it again" "$out" '1 screened, 1 confirmed'
pike advance
status_is "advance" 0
like "advance closes it" "$out" 'generation [0-9]+ closed'
like "with both" "$(git show $branch:kernels/scale.c)" 'WASTE 0'
like "in its tree" "$(git show $branch:kernels/scale.c)" mended
sed -i 's/x \* (1.0f + 0.5f); .*/(3.0f \/ 2.0f) * x;/' kernels/scale.c
git commit -qam 'scale: another'
pike advance
status_is "advance alone" 0
like "advance notices it" "$err" 'on main at .*kernels/scale.c'
pike evaluate "$weak"
like "evaluate goes on" "$out" '1 screened'

# ---- the section ----
pike advance
sed -i 's/case = n=4000/case = n=6000/' .pike/config
git commit -qam 'config: a larger case'
pike evolve --candidates 1 "$weak"
status_is "evolve after a change of its section" 0
like "names the section" "$err" "the section of 'scale' in .pike/config"
ok "fsck" git fsck --strict --no-dangling

# ---- killed on its way ----
make_base "$dir/killed"
cd "$dir/killed" || exit 1
pike evolve --candidates 1 "$weak"
status_is "evolve before the kills" 0
sed -i 's/return x \* 1.5f;/return x * (1.0f + 0.5f); \/* mended *\//' kernels/scale.c
git commit -qam 'scale: a fix'
for after in 0.02 0.05 0.1 0.2 0.5 1 2; do
	(
		timeout -s KILL $after "$PIKE" evolve --candidates 1 "$weak"
		true
	) >"$dir/out" 2>&1 </dev/null
done
pike evolve --candidates 1 "$weak"
status_is "evolve after the kills" 0
is "one generation is the rebase" "$(git log --first-parent --format=%H \
	--grep="^Pike-Base: $(git rev-parse main)" $branch | wc -l)" 1
is "and one candidate came of it" "$(git rev-list --parents --all |
	grep -c "^[0-9a-f]* $(git rev-parse main) $(trailer Pike-Again \
		"$(trailer Pike-Champion $branch)")")" 1
like "the champion holds both" "$(git show $branch:kernels/scale.c)" 'WASTE 0'
like "of them" "$(git show $branch:kernels/scale.c)" mended
ok "fsck after the kills" git fsck --strict --no-dangling
finish
