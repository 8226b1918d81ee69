/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross entropy of logits over a vocabulary: loss = log of the sum of
 * exp(x) - x[label], by rows.
 *
 * The start gives each row a block that reads it twice, for the maximum and
 * for the sum. The tunables read VEC elements at once, several steps ahead,
 * and take another exponential.
 */
#define BLOCK 256 //pike: tune 128 256 512 1024
#define VEC 1	  //pike: tune 1 2 4 8
#define UNROLL 1  //pike: tune 1 2 4
#define EXP libm  //pike: tune libm fast

#include "gpu.cuh"

#define libm 0
#define fast 1

//pike: launch cross_entropy grid=(rows) block=(BLOCK)

__device__ __forceinline__ float exponential(float x)
{
#if EXP == fast
	return exp2_fast(x * LOG2E);
#else
	return expf(x);
#endif
}

/* A pragma knows constants, not macros. */
constexpr int ahead = UNROLL;

extern "C" __global__ void __launch_bounds__(BLOCK)
    cross_entropy(const bf16 *__restrict__ logits,
		  const int *__restrict__ labels, float *__restrict__ loss,
		  int rows, int vocab)
{
	typedef pack<bf16, VEC> vec;
	__shared__ float tops[32], sums[32];
	const bf16 *x = logits + (long)blockIdx.x * vocab;
	/* Rows of no whole number of vectors are not aligned to them. */
	const int whole = vocab % VEC ? 0 : vocab;
	float m = MINUS_INFINITY, sum = 0;

#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);

		for (int e = 0; e < VEC; e++)
			m = fmaxf(m, (float)in.v[e]);
	}
	for (int j = whole + threadIdx.x; j < vocab; j += BLOCK)
		m = fmaxf(m, (float)x[j]);
	m = block_max<BLOCK>(m, tops);
#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);

		for (int e = 0; e < VEC; e++)
			sum += exponential((float)in.v[e] - m);
	}
	for (int j = whole + threadIdx.x; j < vocab; j += BLOCK)
		sum += exponential((float)x[j] - m);
	sum = block_sum<BLOCK>(sum, sums);
	if (!threadIdx.x)
		loss[blockIdx.x] =
		    logf(sum) + (m - (float)x[labels[blockIdx.x]]);
}
