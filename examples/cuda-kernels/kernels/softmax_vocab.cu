/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row softmax over a vocabulary: y = exp(x - max) / sum of exp(x - max).
 *
 * The start gives each row a block that reads it three times: for the
 * maximum, for the sum, for the result. The tunables read VEC elements at
 * once, several steps ahead, and take another exponential.
 */
#define BLOCK 256 //pike: tune 128 256 512 1024
#define VEC 1	  //pike: tune 1 2 4
#define UNROLL 1  //pike: tune 1 2 4 8
#define EXP libm  //pike: tune libm fast

#include "gpu.cuh"

#define libm 0
#define fast 1

//pike: launch softmax_vocab grid=(rows) block=(BLOCK)

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
    softmax_vocab(const float *__restrict__ x, float *__restrict__ y, int rows,
		  int cols)
{
	typedef pack<float, VEC> vec;
	__shared__ float tops[32], sums[32];
	/* Rows of no whole number of vectors are not aligned to them. */
	const int whole = cols % VEC ? 0 : cols;
	float m = MINUS_INFINITY, sum = 0;

	x += (long)blockIdx.x * cols;
	y += (long)blockIdx.x * cols;
#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);

		for (int e = 0; e < VEC; e++)
			m = fmaxf(m, in.v[e]);
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK)
		m = fmaxf(m, x[j]);
	m = block_max<BLOCK>(m, tops);
#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);

		for (int e = 0; e < VEC; e++)
			sum += exponential(in.v[e] - m);
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK)
		sum += exponential(x[j] - m);
	sum = block_sum<BLOCK>(sum, sums);
#pragma unroll ahead
	for (int j = threadIdx.x * VEC; j < whole; j += BLOCK * VEC) {
		const vec in = *(const vec *)(x + j);
		vec out;

		for (int e = 0; e < VEC; e++)
			out.v[e] = exponential(in.v[e] - m) / sum;
		*(vec *)(y + j) = out;
	}
	for (int j = whole + threadIdx.x; j < cols; j += BLOCK)
		y[j] = exponential(x[j] - m) / sum;
}
