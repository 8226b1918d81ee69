#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# init --split: the device code of a program with host code goes to a file of
# its own, that NVRTC compiles, and the program compiles as before.
# shellcheck disable=SC2154 # out, err and status are set by `pike`
. "$(dirname "$0")/lib.sh"
weak=--allow-weak=$LEVEL

mkdir -p "$dir/prog/src" "$dir/prog/inc"
cd "$dir/prog" || exit 1
git init -q .
cat >inc/common.h <<'EOF'
#ifndef COMMON_H
#define COMMON_H
#include <cstdio>
#include <cstdlib>
#define CHECK(call)                                                            \
	do {                                                                   \
		if ((call) != cudaSuccess)                                     \
			exit(1);                                               \
	} while (0)
template <class T> __host__ __device__ T ceil_div(T a, T b)
{
	return (a + b - 1) / b;
}
// all lanes get the sum
__device__ inline float warp_sum(float v)
{
	for (int o = WARP / 2; o; o /= 2)
		v += __shfl_xor_sync(0xffffffff, v, o);
	return v;
}
inline void say(const char *what) { std::puts(what); }
#endif
EOF
cat >src/norm.cu <<'EOF'
// A program that normalises rows.
#include <cstdint>
#include <cstdio>
#include <math.h>
#define WARP 32
#include "../inc/common.h"

typedef float real_t;
static const real_t eps = 1e-5f;

namespace fast {
// One warp a row.
__global__ void rows(real_t *y, const real_t *x, int n, int c)
{
	int row = blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
	float sum = 0, most = -INFINITY;

	if (row >= n)
		return;
	for (uint32_t i = threadIdx.x % WARP; i < c; i += WARP) {
		sum += x[row * c + i] * x[row * c + i];
		most = fmaxf(most, x[row * c + i]);
	}
	sum = rsqrtf(warp_sum(sum) / c + eps);
	for (int i = threadIdx.x % WARP; i < c; i += WARP)
		y[row * c + i] = x[row * c + i] * sum;
}
}

__global__ void scale(real_t *y, int n, real_t by)
{
	int i = blockIdx.x * blockDim.x + threadIdx.x;

	if (i < n)
		y[i] *= by + eps;
}

void run_rows(real_t *y, real_t *x, int n, int c, int block_size)
{
	int grid = ceil_div(n * WARP, block_size);

	fast::rows<<<grid, block_size>>>(y, x, n, c);
	CHECK(cudaGetLastError());
}

int main()
{
	real_t *x, *y;
	int n = 64, c = 100;

	CHECK(cudaMalloc(&x, n * c * sizeof(real_t)));
	CHECK(cudaMalloc(&y, n * c * sizeof(real_t)));
	run_rows(y, x, n, c, 128);
	scale<<<(n * c + 255) / 256, 256>>>(y, n * c, 2.0f);
	say("done");
	return sizeof(eps) == 4 ? 0 : 1;
}
EOF
cp -R . "$dir/before"

pike init --split src/norm.cu:rows
status_is "what is not committed is not split" 128
like "and says why" "$err" "'src/norm.cu' has changes that are not committed"
git add -A && git commit -qm program
before=$(tree_sum .)
pike init --split
status_is "--split needs a name" 129
pike init --split src/norm.cu:none
status_is "a kernel that is not there" 128
like "is named" "$err" 'no .__global__ void none\(\.\.\.\). stands'
touch src/rows.cu
pike init --split src/norm.cu:rows
status_is "nor is anything overwritten" 128
rm src/rows.cu
pike init --split src/norm.cu:scale src/norm.cu:none
status_is "all that is named, or nothing" 128
is "so far nothing has changed" "$(tree_sum .)" "$before"

echo 'no folder' >.pike
pike init --split src/norm.cu:scale
status_is "what fails when it is written" 128
rm .pike
is "is undone" "$(tree_sum .)" "$before"

pike init src/norm.cu:rows
status_is "init without --split" 0
like "says which lines are the host's, and why" "$out" \
	"the host's, .*: 2-4 \(#include <cstdint>\.\.\.\), 38-44 \(run_rows: <<<\.\.\.>>>, cudaGetLastError\), 46-5[0-9] \(main: <<<"
like "and what to do" "$out" 'pike-git init --split FILE:rows'
rm -r .pike src/norm_ref.cu

pike init --split src/norm.cu:rows src/norm.cu:scale
status_is "two kernels" 0
is "files, in the order of their making" "$(grep -E '^(wrote|changed) ' <<<"$out")" \
	"wrote src/rows.cu
wrote inc/common_device.cuh
changed src/norm.cu
changed inc/common.h
wrote src/scale.cu
wrote src/rows_device.cuh
wrote .pike/config with 2 new targets"
like "the block is the caller's" "$out" "block_size. is known to callers alone"
rows=$(<src/rows.cu)
like "a plan, in the kernel's own names" "$rows" \
	'^//pike: launch fast::rows grid=\(cdiv\(n \* WARP, BLOCK_SIZE\)\) block=\(BLOCK_SIZE\)$'
like "with a tunable" "$rows" '^#define BLOCK_SIZE 256 //pike: tune 64 128 '
like "the other has one of numbers" "$(<src/scale.cu)" \
	'^//pike: launch scale grid=\(\(n \+ 255\) / 256\) block=\(256\)$'
unlike "no kernel is left" "$(<src/norm.cu)" '__global__'
like "the program includes both" "$(grep include src/norm.cu | tr '\n' ' ')" \
	'"rows.cu".* "scale.cu"'
pike config target.rows.header
is "headers of the target" "$out" "inc/common_device.cuh
src/rows_device.cuh"
pike config target.rows.entry
is "its entry" "$out" rows
like "a reference of types that a header names takes a person" "$(<.pike/config)" \
	'TO DO: its reference takes a person: a header or a template says'
for k in rows scale; do
	sed 's/real_t/real/g' src/$k.cu >src/${k}_ref.cu
done
git add -A && git commit -qm split

pike bench --compile-only "$weak" --target rows
if [ "$status" -eq 128 ] && grep -q 'no CUDA toolkit' <<<"$err"; then
	skip "NVRTC compiles both" "no CUDA toolkit here"
else
	status_is "NVRTC compiles one" 0
	like "and its launch works out" "$out" '^ +128 +256 .* fast::rows$'
	pike bench --compile-only "$weak" --target scale
	status_is "and the other" 0
fi
nvcc=${CUDA_HOME:-/usr/local/cuda}/bin/nvcc
if [ -x "$nvcc" ]; then
	ok "nvcc compiles the program as it was" \
		"$nvcc" -c -o "$dir/before.o" "$dir/before/src/norm.cu"
	ok "and as it is" "$nvcc" -c -o "$dir/after.o" src/norm.cu
	names() { nm -C "$1" | awk '$2 == "T" { print $3 }' | sort; }
	is "with the same functions" "$(names "$dir/after.o")" \
		"$(names "$dir/before.o")"
	like "of which there are some" "$(names "$dir/after.o")" run_rows
else
	skip "nvcc compiles the program" "no nvcc here"
fi

# More kernels of one program, later: the config grows.
cat >src/more.cu <<'EOF'
#include <stdio.h>
__global__ void third(float *y, int n) { y[0] = n; }
int main() { third<<<1, 1>>>(0, 1); }
EOF
git add -A && git commit -qm more
pike -C src init --split --json more.cu
status_is "one more, without its name, from a folder" 0
json "--json" "$out"
like "names what was written" "$out" \
	'"changed_files":\["src/more.cu"\].*"split_files":\["src/third.cu"\]'
pike config target.rows.entry
is "the others are still there" "$out" rows
git add -A && git commit -qm third

# The second of a file takes what the first needs as well out of its file: the
# first target hears of it.
cat >src/two.cu <<'EOF'
#include <stdio.h>
__device__ float twice(float x) { return 2 * x; }
__global__ void one(float *y, int n) { if (threadIdx.x < n) y[threadIdx.x] = twice(1); }
__global__ void two(float *y, int n) { if (threadIdx.x < n) y[threadIdx.x] = twice(2); }
int main() { one<<<1, 32>>>(0, 1); two<<<1, 32>>>(0, 1); }
EOF
git add -A && git commit -qm 'two kernels'
pike init --split src/two.cu:one
status_is "the first of two kernels" 0
git add -A && git commit -qm 'one apart'
cp .pike/config was
pike init --split src/two.cu:two
status_is "the second, of which the first has a part" 0
pike config target.one.header
is "the first target includes what was taken out" "$out" src/one_device.cuh
is "nothing else of it was changed" "$(diff was .pike/config | grep -c '^<')" 0
rm was
git add -A && git commit -qm 'two apart'
pike bench --compile-only "$weak" --target one
grep -q 'no CUDA toolkit' <<<"$err" || status_is "and still compiles" 0
sed -i 's/third/fourth/' src/more.cu
echo '__global__ void third(float *y, int n) { y[1] = n; }' >>src/more.cu
git add -A && git commit -qm again
git mv src/third.cu src/other.cu && git commit -qm moved
pike init --split src/more.cu:third
status_is "a target that is there already" 128
like "is said" "$err" "has a target 'third' already"
is "and nothing is left of it" "$(git status --porcelain)" ""
finish
