#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# init writes a config that the program itself reads; doctor.
. "$(dirname "$0")/lib.sh"
make_repo "$dir/repo"
cd "$dir/repo" || exit 1

pike init
status_is "init never overwrites" 128
is "the config is as it was" "$(<.pike/config)" "$(good_config)"
rm .pike/config
pike init
status_is "init" 0
like "finds the kernel" "$out" 'scale: kernels/scale\.c'
unlike "and its reference" "$out" 'write it first'
pike config target.scale.entry
is "the entry" "$out" scale
pike config target.scale.arg
is "the arguments" "$out" "in f32 x[n]
out f32 y[n]
i32 n"
pike config strategy
is "a strategy that this version has" "$out" tune
rm .pike/config
(cd kernels && "$PIKE" init scale.c >/dev/null)
is "init FILE from a subfolder" "$("$PIKE" config target.scale.source)" \
	kernels/scale.c
rm .pike/config
pike init --json
json "init --json" "$out"
like "names what it found" "$out" '"has_reference":true'
rm .pike/config
pike init README
status_is "a file that is not there exits with 129" 129
is "and nothing is written" "$(ls -A .pike)" ""

# A factor is a number of the case and no size; a CUDA kernel has its header.
git init -q "$dir/guess" && cd "$dir/guess" || exit 1
mkdir k
cat >k/saxpy.c <<'EOF'
#define UNROLL 1 //pike: tune 1 2 4
void saxpy(const float *x, float *y, float a, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = a * x[i];
}
EOF
cat >k/scale.cu <<'EOF'
#include <cuda_bf16.h>
#include "mine.cuh"
#include "not_there.cuh"
//pike: launch scale grid=(cdiv(n, 256)) block=(256)
static __device__ void helper(float *p) { *p = 0; }
void host_only(int n) {}
extern "C" __global__ void __launch_bounds__(256)
    scale(const __nv_bfloat16 *__restrict__ x, float *__restrict__ y, int n)
{
}
void host_too(int n) {}
EOF
touch k/mine.cuh k/scale_ref.c
printf '%s\n' '#include "mine.cuh"' '//pike: launch nothing grid=(1) block=(1)' \
	>k/none.cu
pike init
status_is "init over C and CUDA" 0
like "finds both" "$out" '2 targets'
like "the reference in C of a CUDA kernel" "$out" 'reference k/scale_ref.c$'
pike config target.saxpy.arg
is "a factor is not a size" "$out" "in f32 x[n]
out f32 y[n]
f32 a
i32 n"
pike config target.saxpy.case
is "but a case has it" "$out" "n=1024 a=2"
pike config target.scale.backend
is "CUDA by the file's name" "$out" cuda
pike config target.scale.header
is "its header, if it is there" "$out" k/mine.cuh
pike config target.scale.entry
is "its entry is a kernel" "$out" scale
pike config target.scale.arg
is "its arguments" "$out" "in bf16 x[n]
out f32 y[n]
i32 n"
rm .pike/config
(cd k && "$PIKE" init scale.cu >/dev/null)
pike config target.scale.header
is "the same, named in a subfolder" "$out" k/mine.cuh
pike config target.scale.reference
is "with its reference" "$out" k/scale_ref.c

# What is there is asked of the repository; nothing is left out in silence.
git init -q -b trunk "$dir/trunk" && cd "$dir/trunk" || exit 1
cat >sum.c <<'EOF'
#include <math.h>
#include <stdint.h>

void sum(float *out, float *in, const uint16_t *bits, int n)
{
#pragma omp parallel for
	for (int i = 0; i < n; i++)
		out[i] = sqrtf(in[i] * in[i] + 1.5f);
}
void apart(float *x, int n)
{
	x[0] += n;
}
EOF
pike init --json sum.c
json "init of other people's C, --json" "$out"
like "the base is the branch that is there" "$(<.pike/config)" 'base = trunk$'
pike config target.sum.entry
is "a kernel that can be passed what it takes" "$out" apart
rm .pike/config
pike init sum.c:sum
status_is "or the one that is named" 0
like "what is left out has a word" "$out" 'left out: .const uint16_t \*bits.'
like "in the config, too" "$(<.pike/config)" 'TO DO: left out: .const uint16_t'
pike config target.sum.arg
is "inputs and outputs by what the body writes" "$out" "out f32 out[n]
in f32 in[n]
i32 n"
pike config target.sum.cflags
is "OpenMP is seen" "$out" "-O3 -march=native -fopenmp"
pike config target.sum.threads
like "with its threads" "$out" '^[2-4]$'
like "the reference is a draft" "$(<sum_ref.c)" \
	'out\[i\] = sqrt\(in\[i\] \* in\[i\] \+ \(real\)1.5\)'
cp .pike/config kept
rm .pike/config
printf 'void inc(const unsigned short *x, unsigned short *y, int n)\n{\n\ty[0] = x[n - 1];\n}\n' >inc.c
pike init sum.c:sum inc.c
status_is "one that cannot be finished, beside one that can" 0
like "is said" "$out" 'inc: inc.c, .*not finished, so it stands there as a comment'
like "and written, not to be read yet" "$(<.pike/config)" '^#\[target "inc"\]'
pike config target.sum.entry
is "the others can be" "$out" sum
mv kept .pike/config
rm inc.c
sed -i 's/const uint16_t \*bits, //' sum.c sum_ref.c
git add -A && git commit -qm 'a kernel and drafts'
pike bench --compile-only "--allow-weak=$LEVEL"
status_is "what was drafted compiles" 0
echo mine >sum_ref.c
rm .pike/config
pike init sum.c
is "a reference is never overwritten" "$(<sum_ref.c)" mine
rm .pike/config
git checkout -q --detach
pike init sum.c
like "the base without a checked out branch" "$(<.pike/config)" 'base = trunk$'
rm .pike/config
git update-ref refs/remotes/origin/dev HEAD
git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/dev
pike init sum.c
like "or the remote's own" "$(<.pike/config)" 'base = dev$'
rm .pike/config
printf 'void f(float *y, int n);\nfloat g(float x)\n{\n\treturn x;\n}\n' >g.c
pike init g.c
status_is "a file without a kernel" 128
like "says why of each function" "$err" 'g\.c: no function .* g is not void'

# Headers are found where the repository's own build does, and theirs.
git init -q "$dir/headers" && cd "$dir/headers" || exit 1
mkdir -p 'my src/k' include/deep
cat >'my src/k/a.c' <<'EOF'
#include "../common.h"
#include "consts.h"
#ifdef NEVER
#include "not_there.h"
#endif
void a(float *y, int n)
{
	y[n - 1] = THREE;
}
EOF
echo '#include "deep/more.h"' >include/consts.h
echo '#define THREE 3.0f' >include/deep/more.h
touch 'my src/common.h'
pike init 'my src/k/a.c'
pike config target.a.header
is "headers in other folders, and theirs" "$out" "my src/common.h
include/consts.h
include/deep/more.h"
git add -A && git commit -qm kernels
pike bench --compile-only "--allow-weak=$LEVEL"
status_is "they serve the build" 0

git init -q "$dir/empty" && cd "$dir/empty" || exit 1
pike init
status_is "init with nothing found" 0
like "says so" "$out" '0 targets'
like "the starter explains itself" "$(<.pike/config)" 'pike: tune'
pike config strategy
is "the starter is read" "$out" tune

git init -q --bare "$dir/bare" && cd "$dir/bare" || exit 1
pike init
status_is "init in a bare repository exits with 128" 128

cd "$dir/repo" || exit 1
good_config >.pike/config
pike doctor
like "doctor: compiler" "$out" '^ok +compiler'
like "doctor: git" "$out" '^ok +git +git version'
like "doctor: libgit2" "$out" '^ok +libgit2 +[0-9.]+'
like "doctor: sandbox" "$out" 'sandbox +isolation I[0-3]'
like "doctor: config" "$out" '^ok +config'
like "doctor: target" "$out" '^ok +target +scale'
like "doctor: gpu" "$out" '^(ok|warn) +gpu'
is "doctor fits 80 columns" "$(awk 'length > 80' <<<"$out")" ""
missing=$(grep -c '^missing' <<<"$out")
is "doctor's exit status says whether something blocks" \
	"$status" "$((missing > 0))"
pike doctor --json
json "doctor --json" "$out"
like "which lists the GPUs" "$out" '"gpus":\['
# The rest is more of the same, and valgrind is slow.
[ "${VALGRIND:-0}" = 0 ] || {
	finish
	exit
}
# A lock of another process is seen; its GPU need not be there.
lock=/dev/shm/pike-git-cuda-GPU-test-$$.lock
exec 9>"$lock" && flock 9
pike status
like "status: a GPU is measured on" "$out" \
	"^GPU-test-$$: a measurement is under way for"
exec 9>&-
pike status
like "status: and free again" "$out" "^GPU-test-$$: free"
pike status --json
like "status --json: devices" "$out" "\"device\":\"cuda-GPU-test-$$\""
rm -f "$lock"
git rm -q --cached kernels/scale.c && git commit -qm 'kernel lost'
pike doctor
status_is "a lost source blocks" 1
like "and is named" "$out" 'kernels/scale\.c'
cd "$dir" || exit 1
pike doctor
status_is "doctor outside a repository" 1
like "names the remedy" "$out" '-C'
finish
