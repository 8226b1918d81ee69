#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a champion is worth in the whole model, by a program of the user's: where
# the model gets faster with its kernel, where it does not, where the program
# says what the clock does not bear out, and what it can see.
. "$(dirname "$0")/lib.sh"
[ "$("$PIKE" doctor 2>/dev/null | grep -c 'isolation I[23]')" -ge 1 ] ||
	skip_all "in-model needs namespaces"
weak=--allow-weak=$LEVEL
chmod 755 "$dir" # the sandbox's user is another one
champion() {
	git log -1 --format='%(trailers:key=Pike-Champion,valueonly)' \
		pike/evo/scale/cpu | grep .
}
line() { # line: the model's result of the champion
	local ref
	for ref in $(git for-each-ref --format='%(refname)' refs/notes/pike); do
		git notes --ref="$ref" show "$(champion)" 2>/dev/null
	done | grep '"stage":"model"' | sort -u
}

# A model that calls the kernel again and again; WAIT is what else it does.
make_repo "$dir/repo"
cd "$dir/repo" || exit 1
sed -i 's/AGAIN 0.*/AGAIN 12 \/\/pike: tune 0 12/; /ONCE_MORE 0/d; s/ + ONCE_MORE//' kernels/scale.c
cat >model.c <<'END'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void scale(const float *x, float *y, int32_t n);

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static float x[4000], y[4000];
	int n = argc > 1 ? atoi(argv[1]) : 1, wait = argc > 2 ? atoi(argv[2]) : 0;

	for (int i = 0; i < 2; i++) {
		double t = now();

		for (int k = 0; k < n; k++)
			scale(x, y, 4000);
		usleep((unsigned)wait);
		printf("%.6f\n", now() - t);
	}
	return y[1] > 1;
}
END
cat >bench.sh <<'END'
#!/bin/sh
set -e
cc -O2 -o /tmp/model model.c kernels/scale.c
echo "this is not a number, and neither is 12 apples"
exec /tmp/model "$@"
END
chmod +x bench.sh
echo 'in-model = ./bench.sh 25000 0' >>.pike/config
git add -A
git commit -qm 'a model'

pike evolve --candidates 1 "$weak"
status_is "a program that nobody has trusted" 129
like "is refused" "$err" 'in-model.*names a program to run.*--trust'
pike config --trust
status_is "trusted" 0
pike evolve --candidates 1 "$weak"
status_is "evolve" 0
like "the champion is faster" "$out" 'over the base, confirmed'
like "evolve says what it is worth" "$err" 'in the model [0-9.]+x .* faster'
like "the result has the stage" "$(line)" '"stage":"model"'
like "it is faster" "$(line)" '"verdict":"faster"'
unlike "and borne out" "$(line)" claimed
is "once" "$(line | wc -l)" 1
pike evaluate "$weak"
is "it is not measured again" "$(line | wc -l)" 1
pike show "$(champion)"
like "show tells it" "$out" '^model: faster'
like "in seconds of the model" "$out" 'in the model'
is "the working tree is as it was" "$(git status --porcelain)" ''
is "nothing is left" "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -user "$(id -u)" \
	-name 'pike-model.*' -newer model.c)" ''

# The same kernel, in a model that does something else nearly all the time.
begin_anew() {
	git update-ref -d refs/heads/pike/evo/scale/cpu
	for ref in $(git for-each-ref --format='%(refname)' refs/pike refs/notes/pike); do
		git update-ref -d "$ref"
	done
}
again() { # again COMMAND: the search anew with this in-model
	sed -i "s|^in-model = .*|in-model = $1|" .pike/config
	git commit -qam "another model" --allow-empty
	pike config --trust
	for _ in 1 2 3; do # a noisy machine may not tell
		begin_anew
		pike evolve --candidates 1 "$weak"
		[ "$status" -ne 0 ] || [[ $out != *'over the base, confirmed'* ]] || break
		quieter
	done
}
again './bench.sh 10 150000'
status_is "evolve where the model does something else" 0
like "the kernel is as fast" "$out" 'over the base, confirmed'
like "the model is not" "$(line)" '"verdict":"(same|inconclusive)"'
unlike "which is borne out" "$(line)" claimed

cat >model.sh <<'END'
sleep 0.2
if grep -q 'AGAIN 0' kernels/scale.c; then echo 0.1; else echo 0.2; fi
END
git add model.sh
again 'sh model.sh'
like "what the clock does not bear out" "$(line)" '"claimed":true'
like "is no gain" "$(line)" '"verdict":"inconclusive"'
like "and says why" "$(line)" 'claimed: it says that it takes 0.2 s on the base and 0.1 s'
pike show "$(champion)"
like "show says so" "$out" 'claimed: it says'

echo 'grep -q WASTED kernels/scale.c' >model.sh
again 'sh model.sh'
status_is "a program that fails" 0
like "is told of" "$err" 'warning: in-model of .scale. fails on the base'
is "and has no result" "$(line)" ''
cat >model.sh <<'END'
if grep -q 'AGAIN 0' kernels/scale.c; then exit 7; fi
sleep 0.1
echo 0.1
END
again 'sh model.sh'
like "one that fails on the champion" "$(line)" '"verdict":"crash"'
like "says how" "$(line)" 'exited with status 7'

# ---- what it sees ----
mkdir data
echo 0.25 >data/seconds
cat >see.sh <<'END'
[ ! -e .git ] || exit 11
touch here 2>/dev/null && exit 12
(echo x >/dev/tcp/127.0.0.1/9) 2>/dev/null && exit 13
[ "$(ls /home /root 2>/dev/null | wc -l)" = 0 ] || exit 14
[ -z "$PIKE_SECRET$OPENAI_API_KEY" ] || exit 15
touch data/x 2>/dev/null && exit 16
sleep "$(cat data/seconds)" && cat data/seconds
END
git add see.sh
printf '%s\n' 'in-model-read = data' >>.pike/config
echo data >.gitignore
export PIKE_SECRET=x OPENAI_API_KEY=y
again 'bash ./see.sh'
like "it sees what it may, and nothing else" "$(line)" '"verdict":"same"'
sed -i 's/^in-model-read = .*/in-model-read = nowhere/' .pike/config
again 'bash ./see.sh'
like "what it may read must be there" "$err" "in-model-read: 'nowhere' is not a folder"
pike evaluate --stage model
status_is "evaluate --stage model" 128
finish
