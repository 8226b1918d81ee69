#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a target names: files in folders, with blanks in their names, included
# as in the repository; the compiler; tunables.
# shellcheck disable=SC2154 # out, err and status are set by `pike`
. "$(dirname "$0")/lib.sh"
weak=--allow-weak=$LEVEL

# A header serves the names by which the repository's own build includes it.
make_repo "$dir/my repo"
cd "$dir/my repo" || exit 1
mkdir 'all of it' 'all of it/include'
git mv kernels 'all of it/my kernels'
git mv 'all of it/my kernels/scale.c' 'all of it/my kernels/scale it.c'
echo '#define THREE_HALVES 1.5f' >'all of it/include/consts.h'
sed -i -e 's,kernels/scale\.c,all of it/my kernels/scale it.c,' \
	-e 's,kernels/scale_ref,all of it/my kernels/scale_ref,' \
	-e '/reference/i\	header = all of it/include/consts.h' .pike/config
cp 'all of it/my kernels/scale it.c' "$dir/plain.c"
for name in '"../include/consts.h"' '"include/consts.h"' '"consts.h"' \
	'"all of it/include/consts.h"' '<consts.h>'; do
	{
		echo "#include $name"
		sed s/1.5f/THREE_HALVES/ "$dir/plain.c"
	} >'all of it/my kernels/scale it.c'
	git add -A && git commit -qm "$name"
	pike bench --compile-only "$weak" main
	status_is "#include $name" 0
done
pike bench --quick --json "$weak" main
like "measured, in folders with blanks" "$out" \
	'"verdict":"(same|inconclusive|faster|slower)"'
pike propose --candidates 1
status_is "candidates there" 0
sed -i 's,consts\.h>,const.h>,' 'all of it/my kernels/scale it.c'
git commit -qam 'no such header'
pike bench --compile-only "$weak" main
like "one that is not there is named" "$err" \
	'my kernels/scale it\.c:1:.*const\.h'

# The same for device code.
mkdir -p "$dir/device/my kernels" "$dir/device/include" "$dir/device/.pike"
cd "$dir/device" || exit 1
git init -q .
cat >'my kernels/scale it.cu' <<'END'
#include "pike.cuh"
#include "../include/consts.h"
#include "include/consts.h"
#include "consts.h"
//pike: launch scale grid=(n + 255) / 256 block=256 // one thread a number
extern "C" __global__ void scale(const float *x, float *y, int n)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < n)
		y[i] = THREE_HALVES * x[i];
}
END
printf '#pragma once\n#define THREE_HALVES 1.5f\n' >include/consts.h
cat >'my kernels/scale_ref.c' <<'END'
#include "../include/consts.h"

void scale(const real *x, real *y, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = THREE_HALVES * x[i];
}
END
cat >.pike/config <<'END'
[target "scale"]
	backend = cuda
	source = my kernels/scale it.cu
	header = include/consts.h
	reference = my kernels/scale_ref.c
	entry = scale
	arg = in f32 x[n]
	arg = out f32 y[n]
	arg = i32 n
	case = n=1000
END
git add -A && git commit -qm 'device code'
pike bench --compile-only "$weak" main
if grep -q 'no CUDA toolkit' <<<"$err"; then
	skip "device code with headers in folders" "no CUDA toolkit here"
else
	status_is "device code with headers in folders" 0
	like "and its launch" "$out" '^ +4 +256 .* scale$'
fi

# A strategy that can change nothing says what it would change.
make_repo "$dir/plain"
cd "$dir/plain" || exit 1
sed -i 's, //pike: tune.*,,' kernels/scale.c
git commit -qam 'no tunable'
pike propose
status_is "no tunable" 0
like "is said" "$err" "'tune' changes tunables, and no source declares one"
like "with what to do" "$err" 'mark a number in kernels/scale\.c, like .#define'
pike evolve "$weak" --minutes 1
like "evolve ends for that" "$out" 'ended +no source declares a tunable'
is "and says it once" "$(grep -c 'changes tunables' <<<"$err")" 1
pike advance scale
status_is "advance TARGET" 0
like "is about that target" "$out" '^scale: nothing new was measured'
pike advance scael
status_is "what is not a target" 129
like "is neither" "$err" "'scael' is neither a target"
pike advance none.bundle
status_is "a bundle that is not there" 128
like "is a bundle" "$err" 'none\.bundle'

# The compiler that is named is the one that compiles: whatever PATH has does
# not, and a tracked file may name another only where it is trusted.
mkdir "$dir/bin"
printf '#!/bin/sh\necho "Other cc 99.1"\n' >"$dir/bin/cc"
chmod +x "$dir/bin/cc"
make_repo "$dir/cc"
cd "$dir/cc" || exit 1
real=$(/usr/bin/cc --version | head -n 1)
PATH=$dir/bin:$PATH pike doctor
like "doctor names what the sandbox runs" "$out" "^ok +compiler +${real%% (*} \\("
PATH=$dir/bin:$PATH pike bench --compile-only --json "$weak" main
is "and so does a result" "$(grep -o '"toolchain":"[^"]*"' <<<"$out")" \
	"\"toolchain\":\"$real\""
sed -i '/entry = /a\	compiler = gcc' .pike/config
git commit -qam 'names one'
pike bench --compile-only "$weak" main
status_is "one that a tracked file names needs trust" 129
like "and says so" "$err" 'compiler: names a program.*config --trust'
pike config --trust
pike bench --compile-only --json "$weak" main
like "then it builds" "$out" '"toolchain":"gcc '
git config pike.target.scale.compiler no-such-cc
pike bench --compile-only "$weak" main
status_is "one that is not there" 128
like "is named" "$err" "compiler: no program 'no-such-cc'"
pike doctor
like "by doctor, too" "$out" "^missing +compiler +.*no-such-cc"
if [ -x /usr/bin/clang ]; then
	{
		printf '#ifndef __clang__\n#error "no clang"\n#endif\n'
		cat kernels/scale.c
	} >k && mv k kernels/scale.c
	git commit -qam 'for clang'
	git config pike.target.scale.compiler clang
	pike bench --compile-only --json "$weak" main
	like "what compiles is what is named" "$out" '"toolchain":"[^"]*clang'
else
	skip "what compiles is what is named" "no clang here"
fi
git config --unset pike.target.scale.compiler
sed -i 's/compiler = .*/cflags = -O3 -I include/' .pike/config
git commit -qam 'flags'
pike bench --compile-only "$weak" main
like "a wrong flag has its line" "$err" \
	"config:$(sed -n '/cflags/=' .pike/config): cflags: '-I'"

# OpenMP takes as many threads as the target may have, one if nothing is said,
# and not one for each core that it sees.
make_repo "$dir/openmp"
cd "$dir/openmp" || exit 1
sed -i 's/^\t*for (int32_t i/#pragma omp parallel for\n&/' kernels/scale.c
sed -i '/entry = /a\	cflags = -O3 -fopenmp' .pike/config
git commit -qam 'OpenMP, and no word of threads'
for i in 1 2 3; do
	pike bench --quick "$weak" main
	status_is "OpenMP with one thread: $i" 0
done
finish
